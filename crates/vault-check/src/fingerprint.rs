//! Keyed fingerprints: whether two values are the same, told without telling either.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use rustix::fs::{CWD, RenameFlags};
use secret::Secret;
use sha2::Sha256;

/// The key's file in the vault's root.
pub(crate) const KEY_FILE: &str = ".fingerprint-key";

/// A shorter value could be guessed by whoever has the key, so it gets none.
const SHORTEST: usize = 12;

const KEY_BYTES: usize = 32;

/// The vault's own key, without which a fingerprint says nothing.
pub(crate) struct Key {
    bytes: Secret,
    /// Whether this run made it.
    pub(crate) is_new: bool,
}

/// Opens a pipe that nobody writes to at once.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

impl Key {
    /// Reads the vault's key, or makes one.
    pub(crate) fn open(vault_root: &Path) -> io::Result<Key> {
        let path = vault_root.join(KEY_FILE);
        match Key::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Whoever else makes one at the same time: the first one counts for all.
                if Key::make(&path)? {
                    return Ok(Key { is_new: true, ..Key::read(&path)? });
                }
                Key::read(&path)
            }
            answer => answer,
        }
    }

    /// The first 64 bits of HMAC-SHA256, in hexadecimal; none for a short value.
    pub(crate) fn fingerprint(&self, value: &Secret) -> Option<String> {
        if value.len() < SHORTEST {
            return None;
        }
        // Key and value go into the digest and nowhere else.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.bytes.expose()).ok()?;
        mac.update(value.expose());
        let digest = mac.finalize().into_bytes();
        Some(data_encoding::HEXLOWER.encode(&digest[..8]))
    }

    fn read(path: &Path) -> io::Result<Key> {
        // A pipe in its place is not waited for.
        let file = File::options().read(true).custom_flags(NONBLOCK).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
        file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        let bytes = Secret::new(bytes);
        if bytes.len() == KEY_BYTES {
            Ok(Key { bytes, is_new: false })
        } else {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    /// Makes a key beside its place and links it there when it is whole; says whether it is this one
    /// that got there first.
    fn make(path: &Path) -> io::Result<bool> {
        let mut bytes = vec![0; KEY_BYTES];
        let mut name = [0; 8];
        let mut random = File::open("/dev/urandom")?;
        random.read_exact(&mut bytes)?;
        random.read_exact(&mut name)?;
        let key = Secret::new(bytes);
        let name = data_encoding::HEXLOWER.encode(&name);
        let beside = path.with_file_name(format!("{KEY_FILE}.{name}.tmp"));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        // Into the key's own file.
        let written = file.write_all(key.expose()).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| put(&beside, path));
        // Already gone where it was renamed.
        let _ = fs::remove_file(&beside);
        match linked {
            Ok(()) => {
                if let Some(folder) = path.parent() {
                    File::open(folder)?.sync_all()?;
                }
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Puts a file in its place unless another is there, also where the file system knows no hard links.
fn put(beside: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(beside, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            rustix::fs::renameat_with(CWD, beside, CWD, path, RenameFlags::NOREPLACE)?;
            Ok(())
        }
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key { bytes: Secret::new(vec![byte; KEY_BYTES]), is_new: false }
    }

    #[test]
    fn the_key_decides_and_short_values_get_none() {
        let value = Secret::from("CANARY-long-enough".to_owned());
        let (one, other) = (key(1), key(2));
        assert_eq!(one.fingerprint(&value), one.fingerprint(&value.duplicate()));
        assert_ne!(one.fingerprint(&value), other.fingerprint(&value));
        assert_eq!(one.fingerprint(&value).unwrap().len(), 16);
        assert_eq!(one.fingerprint(&Secret::from("CANARY".to_owned())), None);
    }
}
