//! Opaque page tokens (AIP-158).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use protoloop_core::{Error, Result};
use sha2::{Digest as _, Sha256};

use crate::{Cursor, OrderBy};

/// First byte of a token; another layout gets another number.
const VERSION: u8 = 1;

/// Bytes of the signature that a token carries: 128 bits.
const SIGNATURE: usize = 16;

/// Signs page tokens, so that a token is only good for the list that gave it, with the same arguments.
///
/// A token shows where the next page begins, and nothing that the caller did not read already. A forged one could only
/// move that place; it gives no right that List does not give. So the key guards against mistakes first, and the
/// default one serves, which everybody knows; all replicas share it, also those of another schema during a rollout. Set one
/// of your own to keep callers from making tokens.
#[derive(Clone)]
pub struct PageTokenKey(
    /// Has taken in the key, which is half the work of a signature.
    Hmac<Sha256>,
);

impl PageTokenKey {
    /// A key of secret bytes, of any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let key = Sha256::digest(secret);
        Self(Hmac::new_from_slice(&key).expect("HMAC takes keys of any length"))
    }

    /// The token of a place in an order. `arguments` are those which must not change from page to page.
    #[must_use]
    pub fn seal(&self, arguments: &[&str], cursor: &Cursor) -> String {
        let mut token = vec![VERSION];
        token.extend(cursor.to_binary());
        let signature = self.sign(arguments, &token);
        token.extend_from_slice(&signature);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The place that a token stands for.
    ///
    /// # Errors
    /// INVALID_ARGUMENT about `page_token` when it was made by another list, for other arguments, or altered.
    pub fn open(&self, arguments: &[&str], order: &OrderBy, token: &str) -> Result<Cursor> {
        self.verified(arguments, order, token).ok_or_else(|| {
            Error::invalid_field(
                "page_token",
                "is not valid for these arguments; send the `next_page_token` of the previous page unaltered, with \
                 the same `filter` and `order_by`",
            )
        })
    }

    fn verified(&self, arguments: &[&str], order: &OrderBy, token: &str) -> Option<Cursor> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (content, signature) = token.split_at_checked(token.len().checked_sub(SIGNATURE)?)?;
        let (version, cursor) = content.split_first()?;
        let mut mac = self.mac(arguments);
        mac.update(content);
        mac.verify_truncated_left(signature).ok()?;
        if *version != VERSION {
            return None;
        }
        Cursor::from_binary(order, cursor)
    }

    fn sign(&self, arguments: &[&str], content: &[u8]) -> [u8; SIGNATURE] {
        let mut mac = self.mac(arguments);
        mac.update(content);
        let full = mac.finalize().into_bytes();
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(&full[..SIGNATURE]);
        signature
    }

    /// A signature that has taken in the arguments, each with its length in front.
    fn mac(&self, arguments: &[&str]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for argument in arguments {
            mac.update(&(argument.len() as u64).to_be_bytes());
            mac.update(argument.as_bytes());
        }
        mac
    }
}

impl Default for PageTokenKey {
    fn default() -> Self {
        Self::new(b"protoloop page tokens")
    }
}

/// The key is not shown.
impl fmt::Debug for PageTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageTokenKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Value, testing::model};

    #[test]
    fn a_token_opens_only_what_it_was_sealed_for() {
        let model = model("laws.v1.Item");
        let order = OrderBy::parse(&model, "rank desc, due, data, price").unwrap();
        let cursor = Cursor {
            values: vec![
                Value::Null,
                Value::Timestamp {
                    seconds: -1,
                    nanos: 5,
                },
                Value::Bytes(vec![0, 255]),
                Value::F64(-0.5),
                Value::String("é".to_owned()),
            ],
        };
        let key = PageTokenKey::new(b"secret");
        let arguments = ["path", "filter", "order"];
        let token = key.seal(&arguments, &cursor);
        assert_eq!(key.open(&arguments, &order, &token).unwrap(), cursor);
        let others = [["path", "filte", "rorder"], ["x", "filter", "order"]];
        for other in others {
            assert!(key.open(&other, &order, &token).is_err());
        }
        let other = PageTokenKey::new(b"other");
        assert!(other.open(&arguments, &order, &token).is_err());
        assert!(key.open(&arguments, model.key_order(), &token).is_err());
        for at in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            // The last character may carry bits that no byte uses; strict base64 refuses those.
            assert!(key.open(&arguments, &order, &altered).is_err(), "{at}");
        }
        for wrong in [
            "",
            "x",
            "AAAA",
            "not base64!",
            &token[1..],
            &format!("{token}A"),
        ] {
            let error = key.open(&arguments, &order, wrong).unwrap_err();
            assert!(error.message().starts_with("page_token: "), "{error}");
        }
        assert_eq!(format!("{key:?}"), "PageTokenKey");
    }
}
