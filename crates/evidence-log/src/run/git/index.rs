//! git's index, as far as it says that nothing differs: every file with what the file system said of it.
//!
//! The format is that of `gitformat-index(5)`, versions 2 to 4 with SHA-1. Whatever is out of the ordinary (a conflict,
//! a submodule, a sparse or split index, a mark that a file is not to be looked at) makes the whole of it unreadable
//! here, and git is asked.

use super::Oid;

/// An index.
pub(super) struct Index {
    /// Its files, in the order of their paths.
    pub(super) entries: Vec<Entry>,
    /// The paths of all entries, one after the other.
    paths: Vec<u8>,
    /// The tree that holds exactly these files, where git has noted one.
    pub(super) tree: Option<Oid>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it was when git last looked.
    pub(super) stat: Stat,
    /// Whether it may be executed, or is a symbolic link.
    pub(super) kind: Kind,
    path: std::ops::Range<usize>,
}

/// The kinds of file that git keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    Executable,
    Link,
}

/// What git keeps of a file's metadata, each number cut to 32 bits as git does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) changed: (u32, u32),
    pub(super) modified: (u32, u32),
    pub(super) inode: u32,
    pub(super) user: u32,
    pub(super) group: u32,
    pub(super) size: u32,
}

/// The length of an entry before its path, and of a checksum.
const FIXED: usize = 62;
const CHECKSUM: usize = 20;

impl Index {
    /// Reads an index; none where it is damaged or has anything out of the ordinary.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let body = bytes.get(..bytes.len().checked_sub(CHECKSUM)?)?;
        let mut rest = body.strip_prefix(b"DIRC")?;
        let version = number(&mut rest)?;
        let n_entries = usize::try_from(number(&mut rest)?).ok()?;
        if !(2..=4).contains(&version) || n_entries > body.len() / FIXED {
            return None;
        }
        let mut index = Self {
            entries: Vec::with_capacity(n_entries),
            paths: Vec::with_capacity(body.len() - n_entries * FIXED),
            tree: None,
        };
        for _ in 0..n_entries {
            index.entry(&mut rest, version)?;
        }
        while !rest.is_empty() {
            let (name, behind) = rest.split_first_chunk::<4>()?;
            rest = behind;
            let len = usize::try_from(number(&mut rest)?).ok()?;
            let (extension, behind) = rest.split_at_checked(len)?;
            rest = behind;
            match name {
                b"TREE" => index.tree = tree(extension),
                // What does not begin with a capital has to be understood.
                [b'A'..=b'Z', ..] => {}
                _ => return None,
            }
        }
        Some(index)
    }

    /// The path of an entry, from the root of the work tree.
    pub(super) fn path(&self, entry: &Entry) -> &[u8] {
        self.paths.get(entry.path.clone()).unwrap_or_default()
    }

    fn entry(&mut self, rest: &mut &[u8], version: u32) -> Option<()> {
        let whole = *rest;
        let mut next = || number(rest);
        let changed = (next()?, next()?);
        let modified = (next()?, next()?);
        // The device is not compared, as git does not.
        let (_, inode, mode) = (next()?, next()?, next()?);
        let (user, group, size) = (next()?, next()?, next()?);
        let kind = match mode {
            0o100_644 => Kind::Regular,
            0o100_755 => Kind::Executable,
            0o120_000 => Kind::Link,
            _ => return None,
        };
        let (flags, behind) = whole.get(FIXED - 2..)?.split_first_chunk::<2>()?;
        // All but the path's length: assumed unchanged, extended, a stage of a conflict.
        if u16::from_be_bytes(*flags) & 0xf000 != 0 {
            return None;
        }
        let begins = self.paths.len();
        *rest = behind;
        if version == 4 {
            let n_cut = variable(rest)?;
            let last = self.entries.last().map_or(0..0, |last| last.path.clone());
            let kept = last.start..last.end.checked_sub(n_cut).filter(|end| *end >= last.start)?;
            self.paths.extend_from_within(kept);
        }
        let len = memchr(rest)?;
        self.paths.extend_from_slice(&rest[..len]);
        *rest = &rest[len + 1..];
        if version < 4 {
            // One to eight NULs make the length of the entry a multiple of eight.
            *rest = whole.get((FIXED + len + 8) / 8 * 8..)?;
        }
        let stat = Stat { changed, modified, inode, user, group, size };
        self.entries.push(Entry { stat, kind, path: begins..self.paths.len() });
        Some(())
    }
}

/// The root of the cached trees; none where something was added since it was made.
fn tree(extension: &[u8]) -> Option<Oid> {
    // No path, the number of entries (negative where the tree is not valid), that of the trees below, the name.
    let rest = extension.strip_prefix(b"\0")?;
    let at = rest.iter().position(|&byte| byte == b'\n')?;
    let (counts, rest) = (std::str::from_utf8(&rest[..at]).ok()?, &rest[at + 1..]);
    let is_valid = counts.split(' ').next()?.parse::<u64>().is_ok();
    rest.first_chunk().copied().filter(|_| is_valid)
}

fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == 0)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (bytes, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u32::from_be_bytes(*bytes))
}

/// A number as packs write offsets: seven bits a byte, and one added for each that follows.
fn variable(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    loop {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        value = value.checked_add(1)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &[u8], flags: u16, mode: u32) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            [1, 2, 3, 4, 5, 6, mode, 8, 9, 10].into_iter().flat_map(u32::to_be_bytes).collect();
        bytes.extend([7; 20]);
        bytes.extend(flags.to_be_bytes());
        bytes.extend(path);
        bytes.resize((bytes.len() + 8) / 8 * 8, 0);
        bytes
    }

    fn index(entries: &[Vec<u8>], extension: &[u8]) -> Vec<u8> {
        let n_entries = u32::try_from(entries.len()).unwrap();
        let head = [b"DIRC".as_slice(), &2_u32.to_be_bytes(), &n_entries.to_be_bytes()].concat();
        [head, entries.concat(), extension.to_vec(), vec![0; CHECKSUM]].concat()
    }

    fn tree_extension(counts: &str) -> Vec<u8> {
        let body = [b"\0", counts.as_bytes(), b"\n", &[9; 20]].concat();
        let len = u32::try_from(body.len()).unwrap().to_be_bytes();
        [b"TREE".as_slice(), &len, &body].concat()
    }

    #[test]
    fn files_and_their_tree_are_read() {
        let entries = [entry(b"a", 1, 0o100_644), entry(b"b/c.d", 5, 0o100_755)];
        let read = Index::read(&index(&entries, &tree_extension("2 1"))).unwrap();
        let paths: Vec<&[u8]> = read.entries.iter().map(|entry| read.path(entry)).collect();
        assert_eq!(paths, [b"a".as_slice(), b"b/c.d"]);
        assert_eq!(read.tree, Some([9; 20]));
        assert_eq!(read.entries[1].kind, Kind::Executable);
        let stat = read.entries[0].stat;
        assert_eq!((stat.changed, stat.modified, stat.inode), ((1, 2), (3, 4), 6));
        assert_eq!((stat.user, stat.group, stat.size), (8, 9, 10));
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_not_read() {
        let good = entry(b"a", 1, 0o100_644);
        assert!(
            Index::read(&index(std::slice::from_ref(&good), b""))
                .is_some_and(|read| read.tree.is_none())
        );
        let invalid =
            Index::read(&index(std::slice::from_ref(&good), &tree_extension("-1 0"))).unwrap();
        assert_eq!(invalid.tree, None);
        for (odd, flags, mode) in [
            ("a submodule", 1, 0o160_000),
            ("a folder of a sparse index", 1, 0o040_000),
            ("assumed unchanged", 0x8001, 0o100_644),
            ("more flags", 0x4001, 0o100_644),
            ("a conflict", 0x1001, 0o100_644),
        ] {
            assert!(Index::read(&index(&[entry(b"a", flags, mode)], b"")).is_none(), "{odd}");
        }
        let split = index(std::slice::from_ref(&good), b"link\0\0\0\0");
        assert!(Index::read(&split).is_none());
        let more = index(std::slice::from_ref(&good), b"FSMN\0\0\0\x01x");
        assert!(Index::read(&more).is_some());
        let whole = index(&[good], b"");
        for len in 0..whole.len() - 1 {
            assert!(Index::read(&whole[..len]).is_none(), "{len}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fall(
            version in 0_u32..6,
            n_entries in 0_u32..4,
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
        ) {
            let head = [b"DIRC".as_slice(), &version.to_be_bytes(), &n_entries.to_be_bytes()];
            if let Some(index) = Index::read(&[&head.concat()[..], &bytes].concat()) {
                let n_bytes: usize = index.entries.iter().map(|entry| index.path(entry).len()).sum();
                proptest::prop_assert_eq!(n_bytes, index.paths.len());
            }
        }
    }
}
