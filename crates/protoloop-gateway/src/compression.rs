//! gzip, zstd and Brotli, for the bodies of every HTTP protocol but gRPC itself.
//!
//! - [`Encoding`]: the codings there are, by their HTTP names.
//! - [`Encoding::of_request`], [`Encoding::preferred`]: what `Content-Encoding` says, and what `Accept-Encoding` takes.
//! - [`Encoding::compress`], [`Encoding::decompress`]: a whole body at once, the latter within a bound.

use std::{
    fmt,
    io::{self, Read, Write as _},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `gzip` (RFC 1952); also `x-gzip`.
    Gzip,
    /// `zstd` (RFC 8878).
    Zstd,
    /// `br` (RFC 7932).
    Brotli,
}

/// Why a body was not decompressed.
#[derive(Debug)]
pub enum DecompressError {
    /// It is longer than the bound, in bytes.
    TooLarge(usize),
    /// It is not of its coding, or broken off.
    Malformed(io::Error),
}

impl fmt::Display for DecompressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(f, "it is larger than {limit} bytes"),
            Self::Malformed(_) => f.write_str("it is not of its coding"),
        }
    }
}

impl std::error::Error for DecompressError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLarge(_) => None,
            Self::Malformed(error) => Some(error),
        }
    }
}

/// A `Content-Encoding` that is none of ours, or several at once; as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEncoding(pub String);

/// The largest window a zstd body may ask for, as a power of two: 8 MiB, which RFC 8878 asks decoders to support.
const ZSTD_WINDOW_LOG: u32 = 23;

impl Encoding {
    /// All of them, the one we would rather use first.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// The names of all, for `Accept-Encoding`.
    pub const NAMES: &'static str = "gzip, zstd, br";

    /// The name in HTTP headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
        }
    }

    /// The coding of a name; case does not count.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let is = |other: &&Self| name.eq_ignore_ascii_case(other.name());
        let known = Self::ALL.iter().find(is).copied();
        known.or_else(|| name.eq_ignore_ascii_case("x-gzip").then_some(Self::Gzip))
    }

    /// The coding of a request's body, from the header that carries it for the protocol; `identity` and nothing are none.
    ///
    /// # Errors
    /// A coding that is not known, or more than one.
    pub fn of_request(
        headers: &HeaderMap,
        name: &HeaderName,
    ) -> Result<Option<Self>, UnknownEncoding> {
        let mut found = None;
        for value in headers.get_all(name) {
            let text = String::from_utf8_lossy(value.as_bytes());
            for coding in text.split(',').map(str::trim) {
                if coding.is_empty() || coding.eq_ignore_ascii_case("identity") {
                    continue;
                }
                let coding = Self::of(coding).filter(|_| found.is_none());
                found = Some(coding.ok_or_else(|| UnknownEncoding(text.to_string()))?);
            }
        }
        Ok(found)
    }

    /// The coding that the caller likes best by the qualities in its `Accept-Encoding`, ours first where it has no
    /// preference; `None` for no coding at all.
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Option<Self> {
        let mut qualities = [None::<f32>; 3];
        let (mut identity, mut any) = (None, None);
        let values = headers.get_all(header::ACCEPT_ENCODING).iter();
        for item in values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let (name, quality) = (name.trim(), crate::negotiate::quality(parameters));
            if name == "*" {
                any = Some(quality);
            } else if name.eq_ignore_ascii_case("identity") {
                identity = Some(quality);
            } else if let Some(coding) = Self::of(name)
                && let Some(at) = Self::ALL.iter().position(|other| *other == coding)
            {
                qualities[at] = Some(quality);
            }
        }
        let mut best: Option<(Self, f32)> = None;
        for (coding, quality) in Self::ALL.into_iter().zip(qualities) {
            let quality = quality.or(any).unwrap_or(0.0);
            if quality > best.map_or(0.0, |(_, best)| best) {
                best = Some((coding, quality));
            }
        }
        let wanted = |(_, quality): &(Self, f32)| identity.is_none_or(|plain| *quality >= plain);
        best.filter(wanted).map(|(coding, _)| coding)
    }

    /// The whole of a body, compressed at a level for answers made on the fly.
    ///
    /// # Errors
    /// What the library reports; memory alone can be the reason.
    pub fn compress(self, body: &[u8]) -> io::Result<Bytes> {
        let out = Vec::with_capacity(body.len() / 3 + 64);
        let out = match self {
            Self::Gzip => {
                let level = flate2::Compression::new(4);
                let mut encoder = flate2::write::GzEncoder::new(out, level);
                encoder.write_all(body)?;
                encoder.finish()?
            }
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, 1)?;
                encoder.set_pledged_src_size(Some(body.len() as u64))?;
                encoder.write_all(body)?;
                encoder.finish()?
            }
            Self::Brotli => {
                let mut out = out;
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: 4,
                    lgwin: 20,
                    size_hint: body.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*body, &mut out, &parameters)?;
                out
            }
        };
        Ok(out.into())
    }

    /// What reads the plain bytes of a compressed body. Where reading from the body would block, reading from it would
    /// too, and goes on later; no window is larger than 16 MiB.
    pub(crate) fn reader(
        self,
        body: impl Read + Send + 'static,
    ) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(body)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(body)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
            Self::Brotli => Box::new(brotli::Decompressor::new(body, 4096)),
        })
    }

    /// The whole of a body, decompressed to at most `limit` bytes. Not more than that is ever held, and no window larger
    /// than 16 MiB.
    ///
    /// # Errors
    /// See [`DecompressError`].
    pub fn decompress(self, body: &[u8], limit: usize) -> Result<Bytes, DecompressError> {
        let malformed = DecompressError::Malformed;
        match self {
            Self::Gzip => read(flate2::read::MultiGzDecoder::new(body), body.len(), limit),
            Self::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(body).map_err(malformed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(malformed)?;
                read(decoder, body.len(), limit)
            }
            Self::Brotli => read(brotli::Decompressor::new(body, 4096), body.len(), limit),
        }
    }
}

fn read(from: impl Read, compressed: usize, limit: usize) -> Result<Bytes, DecompressError> {
    let mut out = Vec::with_capacity(compressed.saturating_mul(3).min(limit).min(1 << 20));
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    from.take(bound)
        .read_to_end(&mut out)
        .map_err(DecompressError::Malformed)?;
    if out.len() > limit {
        return Err(DecompressError::TooLarge(limit));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn one(name: HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())]
            .into_iter()
            .collect()
    }

    #[test]
    fn every_coding_comes_back() {
        let text = "{\"title\":\"write it down\"},".repeat(1000);
        for coding in Encoding::ALL {
            for body in [text.as_bytes(), b"", b"x"] {
                let small = coding.compress(body).unwrap();
                assert_eq!(
                    coding.decompress(&small, body.len()).unwrap(),
                    body,
                    "{coding:?}"
                );
            }
            assert!(coding.compress(text.as_bytes()).unwrap().len() < text.len() / 10);
        }
    }

    #[test]
    fn case_45_a_bomb_is_cut_off() {
        let bomb = vec![0; 64 << 20];
        for coding in Encoding::ALL {
            let small = coding.compress(&bomb).unwrap();
            assert!(small.len() < 1 << 20, "{coding:?}");
            let error = coding.decompress(&small, 1 << 20).unwrap_err();
            assert!(matches!(error, DecompressError::TooLarge(n) if n == 1 << 20));
        }
    }

    #[test]
    fn what_is_not_of_its_coding_is_an_error() {
        let text = "abc".repeat(1000);
        for coding in Encoding::ALL {
            let small = coding.compress(text.as_bytes()).unwrap();
            let broken = &small[..small.len() - 3];
            assert!(coding.decompress(broken, 1 << 20).is_err(), "{coding:?}");
            assert!(
                coding.decompress(b"plain text", 1 << 20).is_err(),
                "{coding:?}"
            );
            assert!(
                coding.decompress(&[0xff; 100], 1 << 20).is_err(),
                "{coding:?}"
            );
        }
        // A zstd frame that asks for a window of 2 GiB.
        let frame = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
        assert!(Encoding::Zstd.decompress(frame, 1 << 20).is_err());
    }

    #[test]
    fn what_a_request_is_encoded_in() {
        let of = |value| {
            Encoding::of_request(
                &one(header::CONTENT_ENCODING, value),
                &header::CONTENT_ENCODING,
            )
        };
        assert_eq!(of("identity"), Ok(None));
        assert_eq!(of(""), Ok(None));
        assert_eq!(of("GZip"), Ok(Some(Encoding::Gzip)));
        assert_eq!(of("identity, br"), Ok(Some(Encoding::Brotli)));
        assert_eq!(of("zstd"), Ok(Some(Encoding::Zstd)));
        for unknown in ["deflate", "gzip, br", "compress"] {
            assert_eq!(of(unknown), Err(UnknownEncoding(unknown.to_owned())));
        }
    }

    #[test]
    fn what_an_answer_may_be_encoded_in() {
        let of = |value| Encoding::preferred(&one(header::ACCEPT_ENCODING, value));
        assert_eq!(Encoding::preferred(&HeaderMap::new()), None);
        assert_eq!(of("gzip"), Some(Encoding::Gzip));
        assert_eq!(of("gzip, deflate, br, zstd"), Some(Encoding::Zstd));
        assert_eq!(of("gzip;q=1.0, br;q=0.5"), Some(Encoding::Gzip));
        assert_eq!(of("*"), Some(Encoding::Zstd));
        assert_eq!(of("*;q=0.5, zstd;q=0"), Some(Encoding::Brotli));
        assert_eq!(of("gzip;q=0.5, identity"), None);
        assert_eq!(of("gzip;q=0"), None);
        assert_eq!(of("identity"), None);
        assert_eq!(of(""), None);
    }
}
