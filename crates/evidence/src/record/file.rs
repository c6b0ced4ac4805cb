//! The files of a bundle, as records name them.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, hex};

/// A file of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path in the bundle, with `/`.
    pub path: String,
    /// What it is: `stdout`, `stderr`, `tty`, `timing`, `envelope` or `attachment`.
    pub role: String,
    /// Its size.
    pub bytes: u64,
    /// Its digest.
    #[serde(with = "hex")]
    pub sha256: Digest,
}

/// A stream of which the middle was left out. Its file has `head` bytes, a line that says so, and `tail` bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truncated {
    /// The file's path in the bundle.
    pub path: String,
    /// How many bytes of the stream's beginning it has.
    pub head: u64,
    /// How many bytes of the stream's end it has.
    pub tail: u64,
    /// How many bytes the stream had, redacted.
    pub of: u64,
}
