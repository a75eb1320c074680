//! Checksums of rows (AIP-154).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::Model;

/// Bytes of the hash that an etag carries: 128 bits.
const LENGTH: usize = 16;

impl Model {
    /// The strong etag of a canonical row, in quotes: a hash of every field but the key and the etag itself.
    ///
    /// The key is left out because a sequence gives it later, and because an etag is only compared with that of the
    /// same row.
    #[must_use]
    pub fn etag_of(&self, row: &[u8]) -> String {
        let entity = self.entity();
        let mut hash = Sha256::new();
        for (number, raw) in self.view(row).raw_fields() {
            if Some(number) != entity.etag && !entity.key.contains(&number) {
                hash.update(raw);
            }
        }
        let hash = hash.finalize();
        format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..LENGTH]))
    }
}

/// Whether an etag that a caller gave means the one of a row. `*` means any; quotes may be left out; a weak one
/// (`W/"…"`) never does, because every etag here is strong.
#[must_use]
pub fn etag_matches(given: &str, present: &str) -> bool {
    given == "*" || unquoted(given) == unquoted(present)
}

/// An etag as it is stored, whether it was given with its quotes or without.
pub(crate) fn quoted(etag: &str) -> String {
    format!("\"{}\"", unquoted(etag))
}

fn unquoted(etag: &str) -> &str {
    etag.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(etag)
}
