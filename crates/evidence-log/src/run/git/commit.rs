//! The tree of a commit, read from git's objects where they lie as plain files or first in a pack.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use flate2::read::ZlibDecoder;

use super::Oid;

/// The tree of the commit with this name; none where only git can find it: in an alternate, or packed as the difference
/// from another.
pub(super) fn tree(objects: &Path, commit: &str) -> Option<Oid> {
    let oid: Oid = HEXLOWER.decode(commit.as_bytes()).ok()?.try_into().ok()?;
    let loose = objects.join(&commit[..2]).join(&commit[2..]);
    if let Ok(file) = File::open(loose) {
        return of_loose(file);
    }
    let packs = std::fs::read_dir(objects.join("pack")).ok()?;
    let mut paths = packs.filter_map(|found| Some(found.ok()?.path()));
    paths.find_map(|path| {
        let is_index = path.extension().is_some_and(|extension| extension == "idx");
        is_index.then(|| of_packed(&path, &oid)).flatten()
    })
}

/// A commit begins with its tree, in 46 bytes.
const LINE: usize = 46;

fn of_loose(file: File) -> Option<Oid> {
    let mut head = [0; 32 + LINE];
    let len = read_some(&mut ZlibDecoder::new(file), &mut head);
    let head = head.get(..len)?.strip_prefix(b"commit ")?;
    let at = head.iter().position(|&byte| byte == 0)?;
    of_content(&head[at + 1..])
}

fn of_content(content: &[u8]) -> Option<Oid> {
    let (name, end) = content.strip_prefix(b"tree ")?.split_at_checked(40)?;
    let decoded = HEXLOWER_PERMISSIVE.decode(name).ok()?;
    decoded.try_into().ok().filter(|_| end.starts_with(b"\n"))
}

/// As many bytes as there are and have room.
fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> usize {
    let mut len = 0;
    while let Ok(n_read @ 1..) = reader.read(&mut buffer[len..]) {
        len += n_read;
    }
    len
}

/// Looks for an object in one pack by its index, of version 2.
fn of_packed(index: &Path, oid: &Oid) -> Option<Oid> {
    let place = place(&File::open(index).ok()?, oid)?;
    let pack = File::open(index.with_extension("pack")).ok()?;
    let mut bytes = [0; 256];
    let len = pack.read_at(&mut bytes, place).ok()?;
    let (&first, mut rest) = bytes[..len].split_first()?;
    // One bit says whether the length goes on, three are the kind: 1 is a commit as a whole.
    if first >> 4 & 7 != 1 {
        return None;
    }
    let mut goes_on = first & 0x80 != 0;
    while goes_on {
        let (&next, behind) = rest.split_first()?;
        (goes_on, rest) = (next & 0x80 != 0, behind);
    }
    let mut head = [0; LINE];
    let len = read_some(&mut ZlibDecoder::new(rest), &mut head);
    of_content(&head[..len])
}

/// Where in the pack an object begins: `\377tOc`, 2, 256 counts by the first byte of the names, the sorted names, their
/// checksums, their places in 31 bits. A pack that needs more is left to git.
fn place(index: &File, oid: &Oid) -> Option<u64> {
    const COUNTS: u64 = 8;
    const NAMES: u64 = COUNTS + 256 * 4;
    let mut head = [0; 8];
    index.read_exact_at(&mut head, 0).ok()?;
    if head != *b"\xfftOc\0\0\0\x02" {
        return None;
    }
    let number = |at: u64| {
        let mut bytes = [0; 4];
        index.read_exact_at(&mut bytes, at).ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    let count = |byte: u8| number(COUNTS + u64::from(byte) * 4).map(u64::from);
    let mut low = match oid[0].checked_sub(1) {
        Some(before) => count(before)?,
        None => 0,
    };
    let mut high = count(oid[0])?;
    let n_objects = count(u8::MAX)?;
    while low < high {
        let middle = low + (high - low) / 2;
        let mut name = [0; 20];
        index.read_exact_at(&mut name, NAMES + middle * 20).ok()?;
        match name.cmp(oid) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => {
                let place = number(NAMES + n_objects * 24 + middle * 4)?;
                return (place & 0x8000_0000 == 0).then_some(place.into());
            }
        }
    }
    None
}
