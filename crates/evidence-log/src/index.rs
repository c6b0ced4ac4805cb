//! What a pushed bundle consists of, as its index in the store says it: names, sizes and digests.
//!
//! It saves a reader from asking for sizes. Nothing vouches for it: the manifest decides what the files are.

use evidence::Digest;
use evidence::manifest::ManifestEntry;
use serde::{Deserialize, Serialize};

/// A file of more bytes than this lies in the store in pieces of this size.
pub const PIECE: u64 = 8 * 1024 * 1024;

/// No index is longer; a bundle of a hundred thousand files has one of 20 MB.
pub const LONGEST: u64 = 64 * 1024 * 1024;

/// The files of a pushed bundle, in the order of its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    v: u8,
    files: Vec<Indexed>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indexed {
    /// Its path in the bundle.
    pub path: String,
    /// Its digest.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
}

/// Why bytes are not the index of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnIndex {
    /// It is not one.
    Malformed,
    /// A later version wrote it.
    Version,
    /// Its files are not those of the manifest.
    OtherFiles,
}

impl Index {
    /// An index of these files.
    pub fn new(files: Vec<Indexed>) -> Self {
        Self { v: 1, files }
    }

    /// Reads an index and holds it against the manifest, which has to list the same files.
    pub fn read(bytes: &[u8], manifest: &[ManifestEntry]) -> Result<Self, NotAnIndex> {
        let index: Self = serde_json::from_slice(bytes).map_err(|_| NotAnIndex::Malformed)?;
        if index.v != 1 {
            return Err(NotAnIndex::Version);
        }
        let agrees = index.files.len() == manifest.len()
            && index
                .files
                .iter()
                .zip(manifest)
                .all(|(file, entry)| file.path == entry.path && file.sha256 == entry.digest);
        if agrees { Ok(index) } else { Err(NotAnIndex::OtherFiles) }
    }

    /// The object in the store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The files.
    pub fn files(&self) -> &[Indexed] {
        &self.files
    }
}

impl Indexed {
    /// The objects that hold its bytes, in order: the key, where they begin and how many they are. An empty file
    /// needs none.
    pub fn pieces(&self) -> impl Iterator<Item = (String, u64, u64)> + '_ {
        let hex = self.sha256.hex();
        let whole = format!("blobs/sha256/{}/{hex}", &hex[..2]);
        (0..self.bytes.div_ceil(PIECE)).map(move |n| {
            let from = n * PIECE;
            let length = PIECE.min(self.bytes - from);
            let is_one = self.bytes <= PIECE;
            (if is_one { whole.clone() } else { format!("{whole}/{n:06}") }, from, length)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, bytes: u64) -> Indexed {
        Indexed { path: path.into(), sha256: Digest::of(path.as_bytes()), bytes }
    }

    fn entry(path: &str) -> ManifestEntry {
        ManifestEntry { path: path.into(), digest: Digest::of(path.as_bytes()) }
    }

    #[test]
    fn it_reads_what_it_writes_and_holds_it_against_the_manifest() {
        let index = Index::new(vec![file("a", 3), file("b/c", 0)]);
        let bytes = index.to_bytes();
        let read = |manifest: &[ManifestEntry]| Index::read(&bytes, manifest);
        assert_eq!(read(&[entry("a"), entry("b/c")]), Ok(index.clone()));
        for other in
            [vec![], vec![entry("a")], vec![entry("a"), entry("b")], vec![entry("b/c"), entry("a")]]
        {
            assert_eq!(read(&other), Err(NotAnIndex::OtherFiles));
        }
        assert_eq!(Index::read(b"{\"v\":2,\"files\":[]}", &[]), Err(NotAnIndex::Version));
        for wrong in [
            "",
            "[]",
            "{\"v\":1}",
            "{\"v\":1,\"files\":[],\"more\":1}",
            "{\"v\":1,\"files\":[{\"path\":\"a\"}]}",
        ] {
            assert_eq!(Index::read(wrong.as_bytes(), &[]), Err(NotAnIndex::Malformed), "{wrong}");
        }
    }

    #[test]
    fn large_files_lie_in_pieces() {
        let spans = |bytes| {
            file("a", bytes).pieces().map(|(_, from, length)| (from, length)).collect::<Vec<_>>()
        };
        assert_eq!(spans(0), []);
        assert_eq!(spans(PIECE), [(0, PIECE)]);
        assert_eq!(spans(PIECE + 1), [(0, PIECE), (PIECE, 1)]);
        let keys: Vec<_> = file("a", 2 * PIECE).pieces().map(|(key, ..)| key).collect();
        let hex = Digest::of(b"a").hex();
        assert_eq!(
            keys,
            [format!("blobs/sha256/ca/{hex}/000000"), format!("blobs/sha256/ca/{hex}/000001")]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fall(bytes in proptest::collection::vec(0_u8.., 0..120)) {
            drop(Index::read(&bytes, &[]));
        }

        #[test]
        fn pieces_cover_a_file_once(bytes in 0_u64..PIECE * 5) {
            let mut reach = 0;
            for (_, from, length) in file("a", bytes).pieces() {
                proptest::prop_assert_eq!(from, reach);
                proptest::prop_assert!(length > 0 && length <= PIECE);
                reach += length;
            }
            proptest::prop_assert_eq!(reach, bytes);
        }
    }
}
