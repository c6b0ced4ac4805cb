//! Keyed fingerprints: whether two values are the same, told without telling either.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use secret::Secret;
use sha2::Sha256;

/// The key's file in the vault's root.
pub(crate) const KEY_FILE: &str = ".fingerprint-key";

/// A shorter value could be guessed by whoever has the key, so it gets none.
const SHORTEST: usize = 12;

const KEY_BYTES: usize = 32;

/// The vault's own key, without which a fingerprint says nothing.
pub(crate) struct Key(Secret);

/// Opens a pipe that nobody writes to at once.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

impl Key {
    /// Reads the vault's key, or makes one.
    pub(crate) fn open(vault_root: &Path) -> io::Result<Key> {
        let path = vault_root.join(KEY_FILE);
        // A pipe in its place is not waited for.
        let opened = File::options().read(true).custom_flags(NONBLOCK).open(&path);
        match opened {
            Ok(file) if !file.metadata()?.is_file() => {
                Err(io::Error::other("it is not a regular file"))
            }
            Ok(file) => Key::read(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Key::make(&path),
            Err(error) => Err(error),
        }
    }

    /// The first 64 bits of HMAC-SHA256, in hexadecimal; none for a short value.
    pub(crate) fn fingerprint(&self, value: &Secret) -> Option<String> {
        if value.len() < SHORTEST {
            return None;
        }
        // Key and value go into the digest and nowhere else.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose()).ok()?;
        mac.update(value.expose());
        let digest = mac.finalize().into_bytes();
        Some(data_encoding::HEXLOWER.encode(&digest[..8]))
    }

    fn read(file: File) -> io::Result<Key> {
        let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
        file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        let key = Secret::new(bytes);
        if key.len() == KEY_BYTES { Ok(Key(key)) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn make(path: &Path) -> io::Result<Key> {
        let mut bytes = vec![0; KEY_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let key = Secret::new(bytes);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(key.expose())?;
        file.sync_all()?;
        Ok(Key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_decides_and_short_values_get_none() {
        let value = Secret::from("CANARY-long-enough".to_owned());
        let (one, other) = (Key(Secret::new(vec![1; 32])), Key(Secret::new(vec![2; 32])));
        assert_eq!(one.fingerprint(&value), one.fingerprint(&value.duplicate()));
        assert_ne!(one.fingerprint(&value), other.fingerprint(&value));
        assert_eq!(one.fingerprint(&value).unwrap().len(), 16);
        assert_eq!(one.fingerprint(&Secret::from("CANARY".to_owned())), None);
    }
}
