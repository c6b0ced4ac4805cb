//! The tracked files, read from git's own index, so that no process is started for the question asked most.
//!
//! The format is git's `index-format`: versions 2 and 3 with 20-byte object names. Whatever else it may be (version
//! 4, a split or sparse index, SHA-256) is answered with none, and git is asked.

use std::path::{Path, PathBuf};

/// The part of an entry before its name: ten numbers, the object's name and the flags.
const FIXED: usize = 62;

/// Where an entry's mode stands.
const MODE: usize = 24;

/// The checksum at the end, and an object's name.
const SHA1: usize = 20;

/// The tracked files of a work tree below a folder of it, in git's order; none where git has to be asked.
pub(super) fn tracked(work_tree: &Path, folder: &Path) -> Option<Vec<String>> {
    let git = git_folder(work_tree)?;
    let below = folder.strip_prefix(work_tree).ok()?;
    let prefix =
        if below.as_os_str().is_empty() { String::new() } else { format!("{}/", below.to_str()?) };
    match std::fs::read(git.join("index")) {
        Ok(index) => read(&index, prefix.as_bytes()),
        // A repo in which nothing was ever added.
        Err(_) => git.join("HEAD").is_file().then(Vec::new),
    }
}

/// The folder with the index: `.git`, or what the file of that name points to.
fn git_folder(work_tree: &Path) -> Option<PathBuf> {
    let dot_git = work_tree.join(".git");
    if dot_git.is_dir() {
        return Some(dot_git);
    }
    let pointer = std::fs::read_to_string(&dot_git).ok()?;
    Some(work_tree.join(pointer.strip_prefix("gitdir:")?.trim()))
}

fn read(index: &[u8], prefix: &[u8]) -> Option<Vec<String>> {
    let version = number(index, 4)?;
    if !index.starts_with(b"DIRC") || !(2..=3).contains(&version) {
        return None;
    }
    let mut paths = Vec::new();
    let mut at = 12;
    for _ in 0..number(index, 8)? {
        let entry = index.get(at..)?;
        // A folder in place of its files makes the index a sparse one.
        if number(entry, MODE)? & 0o170_000 == 0o040_000 {
            return None;
        }
        let is_extended = *entry.get(FIXED - 2)? & 0x40 != 0;
        let start = FIXED + if is_extended { 2 } else { 0 };
        let length = memchr::memchr(0, entry.get(start..)?)?;
        let said = usize::from(u16::from_be_bytes([entry[FIXED - 2] & 0x0f, entry[FIXED - 1]]));
        if said != length.min(0xfff) {
            return None;
        }
        let name = &entry[start..start + length];
        if let Some(path) =
            name.strip_prefix(prefix).and_then(|path| std::str::from_utf8(path).ok())
        {
            paths.push(path.to_owned());
        }
        at += (start + length + 8) & !7;
    }
    ends_well(index.get(at..)?).then_some(paths)
}

/// Whether nothing but optional extensions and the checksum follow; a needed one has a small letter in front.
fn ends_well(mut rest: &[u8]) -> bool {
    while rest.len() > SHA1 {
        let length = number(rest, 4).and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|_| rest[0].is_ascii_uppercase()) else { return false };
        let Some(next) = length.checked_add(8).and_then(|length| rest.get(length..)) else {
            return false;
        };
        rest = next;
    }
    rest.len() == SHA1
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    four.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An index as git writes it, with an optional extension behind.
    fn index(version: u32, names: &[&str], extension: &[u8]) -> Vec<u8> {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
        for name in names {
            let start = bytes.len();
            bytes.extend([0; MODE]);
            bytes.extend(0o100_644_u32.to_be_bytes());
            bytes.extend([7; FIXED - 2 - MODE - 4]);
            bytes.extend(u16::try_from(name.len().min(0xfff)).unwrap().to_be_bytes());
            bytes.extend(name.as_bytes());
            let length = bytes.len() - start;
            bytes.resize(start + ((length + 8) & !7), 0);
        }
        bytes.extend(extension);
        bytes.extend([9; SHA1]);
        bytes
    }

    #[test]
    fn names_below_a_folder_are_read() {
        let long = "x".repeat(5000);
        let names = ["a.md", "feedback/a.md", "feedback/äö.md", &long];
        let whole = index(2, &names, b"TREE\0\0\0\x02ab");
        assert_eq!(read(&whole, b"").unwrap(), names);
        assert_eq!(read(&whole, b"feedback/").unwrap(), ["a.md", "äö.md"]);
        assert_eq!(read(&index(2, &[], b""), b"").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_understood_is_left_to_git() {
        assert_eq!(read(&index(4, &["a"], b""), b""), None);
        assert_eq!(read(&index(2, &["a"], b"link\0\0\0\0"), b""), None);
        let mut sparse = index(2, &["a"], b"");
        sparse[12 + MODE..12 + MODE + 4].copy_from_slice(&0o040_000_u32.to_be_bytes());
        assert_eq!(read(&sparse, b""), None);
        let whole = index(2, &["a.md", "b.md"], b"TREE\0\0\0\x02ab");
        // Cut where the extension ends, its bytes look like the checksum's.
        let by_chance = whole.len() - 10;
        for end in (0..whole.len()).filter(|end| *end != by_chance) {
            assert_eq!(read(&whole[..end], b""), None, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(flips in proptest::collection::vec((0_usize..200, any::<u8>()), 0..6)) {
            let mut bytes = index(3, &["a.md", "feedback/b.md"], b"TREE\0\0\0\x02ab");
            for (at, byte) in flips {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = read(&bytes, b"");
        }
    }
}
