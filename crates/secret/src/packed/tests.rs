//! Archives that are damaged on purpose: never a panic, never a hang, and what was lost is told.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use proptest::prelude::*;

use super::*;
use crate::{Secret, SecretSet};

const TOKEN: &str = "CANARYkq7Vw2xTzPaB3dE5";

/// Finds values, in texts that fit into memory.
struct Finder {
    set: SecretSet,
    head: Vec<u8>,
    n_found: usize,
    unread: Vec<Unread>,
}

impl Finder {
    fn new() -> Self {
        let mut builder = SecretSet::builder();
        builder.add("a.env:TOKEN", &Secret::from(TOKEN.to_owned()));
        Self { set: builder.build(), head: Vec::new(), n_found: 0, unread: Vec::new() }
    }
}

impl Search for Finder {
    fn first(&mut self, reader: &mut dyn Read) -> io::Result<usize> {
        self.head.clear();
        reader.take(4096).read_to_end(&mut self.head)
    }

    fn head(&self, len: usize) -> &[u8] {
        &self.head[..len]
    }

    fn text(&mut self, _: &str, len: usize, reader: &mut dyn Read) -> io::Result<u64> {
        let mut text = self.head[..len].to_vec();
        reader.read_to_end(&mut text)?;
        self.n_found += self.set.find(&text).len();
        Ok(text.len() as u64)
    }

    fn name(&mut self, _: &str, name: &str) {
        self.n_found += self.set.find(name.as_bytes()).len();
    }

    fn unread(&mut self, _: &str, why: Unread) {
        self.unread.push(why);
    }
}

/// How many values there are, and why what was not read was not.
fn searched(bytes: &[u8]) -> (usize, Vec<Unread>) {
    let mut finder = Finder::new();
    search(&mut finder, &mut Cursor::new(bytes)).unwrap();
    (finder.n_found, finder.unread)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zip file with one member.
fn zip(bytes: &[u8], method: u16, flags: u16) -> Vec<u8> {
    let packed = if method == 8 {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    } else {
        bytes.to_vec()
    };
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let common = [
        &[20, 0][..],
        &flags.to_le_bytes(),
        &method.to_le_bytes(),
        &[0; 8],
        &len(&packed),
        &len(bytes),
        &[1, 0, 0, 0],
    ]
    .concat();
    let member = [b"PK\x03\x04", common.as_slice(), b"m", &packed].concat();
    let entry = [b"PK\x01\x02\x14\0", common.as_slice(), &[0; 14], b"m"].concat();
    finish(&member, &entry, 1)
}

/// The member, so many entries that name it, and the end.
fn finish(member: &[u8], entry: &[u8], n_entries: usize) -> Vec<u8> {
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let entries = entry.repeat(n_entries);
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &len(&entries), &len(member), &[0; 2]];
    [member, &entries, &end.concat()].concat()
}

fn tar(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 512];
    out[0] = b'm';
    out[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    out[257..262].copy_from_slice(b"ustar");
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(512) + 1024, 0);
    out
}

#[test]
fn what_cannot_be_read_is_told() {
    let text = format!("one\n{TOKEN}\n");
    let text = text.as_bytes();
    assert_eq!(searched(&zip(text, 8, 0)), (1, vec![]));
    assert_eq!(searched(&zip(text, 12, 0)).1, [Unread::Method]);
    assert_eq!(searched(&zip(text, 8, 1)).1, [Unread::Encrypted]);
    assert_eq!(searched(&zip(text, 8, 0)[..60]).1, [Unread::Damaged]);
    assert_eq!(searched(&gzip(text)[..24]).1, [Unread::Damaged]);
    let deep = (0..5).fold(text.to_vec(), |inner, _| gzip(&inner));
    assert_eq!(searched(&deep), (0, vec![Unread::TooDeep]));
    for magic in OTHERS {
        assert_eq!(searched(magic).1, [Unread::Method]);
    }
}

#[test]
fn what_grows_without_measure_is_left() {
    let zeros = vec![0; 8 << 20];
    assert_eq!(searched(&gzip(&zeros)).1, [Unread::TooLarge]);
    let one = zip(&vec![0; 256 << 10], 8, 0);
    let entry_at = memchr::memmem::find(&one, b"PK\x01\x02").unwrap();
    let end_at = memchr::memmem::find(&one, b"PK\x05\x06").unwrap();
    let many = finish(&one[..entry_at], &one[entry_at..end_at], 500);
    assert_eq!(searched(&many).1, [Unread::TooLarge]);
}

#[test]
fn archives_in_archives_are_searched() {
    let text = format!("one\n{TOKEN}\n");
    let text = text.as_bytes();
    assert_eq!(searched(&gzip(&tar(&zip(text, 8, 0)))), (1, vec![]));
    assert_eq!(searched(&zip(&gzip(text), 0, 0)), (1, vec![]));
    assert_eq!(searched(&tar(&tar(text))), (1, vec![]));
    assert_eq!(searched(&[gzip(b"one\n"), gzip(text)].concat()), (1, vec![]));
}

proptest! {
    #[test]
    fn damage_never_panics(
        kind in 0..5,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = format!("one\n{TOKEN}\n").repeat(8);
        let mut bytes = match kind {
            0 => zip(text.as_bytes(), 8, 0),
            1 => gzip(text.as_bytes()),
            2 => tar(text.as_bytes()),
            3 => gzip(&tar(&zip(text.as_bytes(), 8, 0))),
            _ => zip(&zip(text.as_bytes(), 0, 0), 8, 0),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        // An error is an answer too.
        let _ = search(&mut Finder::new(), &mut Cursor::new(&bytes));
    }
}
