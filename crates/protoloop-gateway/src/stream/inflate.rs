//! A compressed body, decompressed as it comes.

use std::{
    fmt,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Buf as _, Bytes};
use protoloop_core::{Error, Result};

use crate::compression::Encoding;

/// How much comes out at once, whatever went in: a small body that decompresses to gigabytes is never held.
const PIECE: usize = 16 << 10;

/// Takes the pieces of a compressed body and gives those of the plain one.
pub(super) struct Inflate {
    input: Arc<Mutex<Input>>,
    decoder: Box<dyn Read + Send>,
}

#[derive(Debug, Default)]
struct Input {
    piece: Bytes,
    ended: bool,
}

/// The end of the input that the decoder reads from. Where nothing is left it says that reading would block, which the
/// decoders pass on, and go on from later.
struct Source(Arc<Mutex<Input>>);

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut input = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if input.piece.is_empty() && !input.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let size = out.len().min(input.piece.len());
        input.piece.copy_to_slice(&mut out[..size]);
        Ok(size)
    }
}

impl Inflate {
    /// # Errors
    /// INTERNAL where the library has no memory for a decoder.
    pub(super) fn new(encoding: Encoding) -> Result<Self> {
        let input = Arc::<Mutex<Input>>::default();
        let decoder = encoding
            .reader(Source(Arc::clone(&input)))
            .map_err(|error| {
                Error::internal_error("the body cannot be decompressed").with_source(error)
            })?;
        Ok(Self { input, decoder })
    }

    /// The next piece that went in; it is only given when the last one is used up.
    pub(super) fn push(&mut self, piece: Bytes) {
        self.input().piece = piece;
    }

    /// Says that nothing more will come.
    pub(super) fn end(&mut self) {
        self.input().ended = true;
    }

    fn input(&mut self) -> std::sync::MutexGuard<'_, Input> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next plain piece; `None` when more input is needed, or nothing is left behind the end.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is not of the coding.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>> {
        let mut out = vec![0; PIECE];
        match self.decoder.read(&mut out) {
            Ok(0) => Ok(None),
            Ok(size) => {
                out.truncate(size);
                Ok(Some(out.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => {
                let message = "the body is not in the coding that Content-Encoding names";
                Err(Error::invalid_argument(message).with_source(error))
            }
        }
    }
}

impl fmt::Debug for Inflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflate").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(encoding: Encoding, body: &[u8], cut: usize) -> Result<Vec<u8>> {
        let mut inflate = Inflate::new(encoding)?;
        let mut plain = Vec::new();
        for piece in body.chunks(cut) {
            inflate.push(Bytes::copy_from_slice(piece));
            while let Some(piece) = inflate.next()? {
                assert!(piece.len() <= PIECE);
                plain.extend_from_slice(&piece);
            }
        }
        inflate.end();
        while let Some(piece) = inflate.next()? {
            plain.extend_from_slice(&piece);
        }
        Ok(plain)
    }

    #[test]
    fn every_coding_comes_back_however_it_is_cut() {
        let text: Vec<u8> = (0..20_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        for encoding in Encoding::ALL {
            let body = encoding.compress(&text).expect("memory");
            for cut in [1, 7, 1000, usize::MAX] {
                assert_eq!(
                    inflated(encoding, &body, cut).expect("good"),
                    text,
                    "{encoding:?} {cut}"
                );
            }
            let cut_off = &body[..body.len() - 1];
            assert!(inflated(encoding, cut_off, 100).is_err(), "{encoding:?}");
            assert!(inflated(encoding, b"no such coding", 3).is_err());
        }
    }
}
