//! A SHA-256 digest: of a record's bytes, of a file, of a manifest.

mod pair;

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// SHA-256 of some bytes. Shown, and written in records, as `sha256:` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// Text that is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADigest;

/// Computes a digest piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Hasher(Sha256);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of everything left in the reader, and how many bytes that was. `buffer` is used for the reading,
    /// so that many files cost one allocation; 64 KiB is a good size.
    pub fn of_reader(mut reader: impl Read, buffer: &mut [u8]) -> io::Result<(Self, u64)> {
        let (mut hasher, mut bytes) = (Hasher::default(), 0);
        loop {
            match reader.read(buffer) {
                Ok(0) => return Ok((hasher.finish(), bytes)),
                Ok(length) => {
                    hasher.update(&buffer[..length]);
                    bytes += length as u64;
                }
                Err(again) if again.kind() == io::ErrorKind::Interrupted => {}
                Err(failed) => return Err(failed),
            }
        }
    }

    /// A digest from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lowercase hex digits, without the `sha256:`.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads 64 hex digits without a prefix.
    pub fn from_hex(text: &str) -> Result<Self, NotADigest> {
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(NotADigest);
        }
        HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes).map_err(|_| NotADigest)?;
        Ok(Self(bytes))
    }
}

impl Hasher {
    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was taken in.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        Self::from_hex(text.strip_prefix("sha256:").ok_or(NotADigest)?)
    }
}

impl fmt::Display for NotADigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not a SHA-256 digest")
    }
}

impl std::error::Error for NotADigest {}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadBy(str::parse))
    }
}

/// Reads a digest from text that is not copied for it.
struct ReadBy(fn(&str) -> Result<Digest, NotADigest>);

impl Visitor<'_> for ReadBy {
    type Value = Digest;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a SHA-256 digest")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
        (self.0)(text).map_err(E::custom)
    }
}

/// For fields that are named `sha256` and so need no prefix.
pub(crate) mod hex {
    use super::{Deserializer, Digest, ReadBy, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        digest: &Digest,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&digest.hex())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Digest, D::Error> {
        deserializer.deserialize_str(ReadBy(Digest::from_hex))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let digest = Digest::of(b"abc");
        insta::assert_snapshot!(digest, @"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let hex = digest.hex();
        assert_eq!(Digest::from_hex(&hex.to_uppercase()), Ok(digest));
        let wrong_hex =
            [&hex[1..], &format!("{hex}0"), &hex.replace('f', "g"), &hex.replace('b', "é")];
        for wrong in wrong_hex {
            assert_eq!(Digest::from_hex(wrong), Err(NotADigest), "{wrong}");
        }
        for wrong in ["", "sha256:", "sha256:ba78", &hex, &format!("md5:{hex}")] {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest), "{wrong}");
        }
    }

    #[test]
    fn a_reader_gives_the_same_as_its_bytes() {
        let mut buffer = [0; 7];
        assert_eq!(
            Digest::of_reader(&b"hello, world"[..], &mut buffer).unwrap(),
            (Digest::of(b"hello, world"), 12)
        );
    }
}
