//! Keyed fingerprints of values: equal for the same app, name and value, and worth nothing without the key.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use secret::Secret;
use sha2::Sha256;

/// The key that fingerprints are made with; it lies in the state file beside them, in the vault.
pub struct Key(Secret);

const KEY_LENGTH: usize = 32;

impl Key {
    /// A new key from the system's own source of randomness.
    pub fn random() -> std::io::Result<Self> {
        use std::io::Read;
        let mut bytes = vec![0; KEY_LENGTH];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(Secret::new(bytes)))
    }

    /// Reads a key as the state file holds it.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        (bytes.len() == KEY_LENGTH).then(|| Self(Secret::new(bytes)))
    }

    /// The key as the state file holds it.
    pub fn to_text(&self) -> String {
        // Into the state file, which lies in the vault.
        BASE64.encode(self.0.expose())
    }

    /// The fingerprint of a value under one name of one app, as 64 hex digits.
    pub fn fingerprint(&self, app: &str, name: &str, value: &Secret) -> String {
        // Any length of key is taken; `None` cannot happen and would make fingerprints that match nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose()) else {
            return String::new();
        };
        // App and name are part of it, so that equal values cannot be told from two fingerprints. Neither holds a NUL.
        for part in [app.as_bytes(), b"\0", name.as_bytes(), b"\0", value.expose()] {
            mac.update(part);
        }
        HEXLOWER.encode(&mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_stands_for_app_name_value_and_key() {
        let key = Key::from_text(&BASE64.encode(&[7; KEY_LENGTH])).unwrap();
        let value = |text: &str| Secret::from(text.to_owned());
        let one = key.fingerprint("web", "A", &value("x"));
        assert_eq!(one, key.fingerprint("web", "A", &value("x")));
        assert_eq!(one.len(), 64);
        for other in [
            key.fingerprint("web", "A", &value("y")),
            key.fingerprint("web", "B", &value("x")),
            key.fingerprint("api", "A", &value("x")),
            Key::random().unwrap().fingerprint("web", "A", &value("x")),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        for text in ["", "AAAA", "not base64!", &BASE64.encode(&[1; 33])] {
            assert!(Key::from_text(text).is_none());
        }
        let key = Key::random().unwrap();
        assert_eq!(Key::from_text(&key.to_text()).unwrap().to_text(), key.to_text());
    }
}
