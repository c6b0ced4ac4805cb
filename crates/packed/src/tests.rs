//! Archives that are damaged on purpose: never a panic, never a hang, and what was lost is told.

mod png;

use std::io::Write;

use flate2::Compression;
use proptest::prelude::*;

use secret::{Secret, SecretSet};
use testbed::archive::{self, gzip, zlib};

use super::kind::OTHERS;
use super::*;

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
        Self { set: builder.build(), head: vec![0; WHOLE], n_found: 0, unread: Vec::new() }
    }
}

impl Search for Finder {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.head
    }

    fn text(&mut self, _: &str, len: usize, reader: &mut dyn Read) -> io::Result<()> {
        let mut text = self.head[..len].to_vec();
        reader.read_to_end(&mut text)?;
        self.n_found += self.set.find(&text).len();
        Ok(())
    }

    fn name(&mut self, _: &str, name: &[u8]) {
        self.n_found += self.set.find(name).len();
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

/// The same, of what can only be read once.
fn searched_once(bytes: &[u8]) -> (usize, Vec<Unread>) {
    let mut finder = Finder::new();
    search_once(&mut finder, &mut &bytes[..]).unwrap();
    (finder.n_found, finder.unread)
}

/// A zip file with one member.
fn zip(bytes: &[u8], method: u16, flags: u16) -> Vec<u8> {
    archive::zip_as("m", bytes, method, flags)
}

fn tar(bytes: &[u8]) -> Vec<u8> {
    archive::tar("m", bytes)
}

#[test]
fn what_stands_before_the_damage_is_searched() {
    // What deflate cannot make shorter, so that the cut falls behind the token.
    let noise: Vec<u8> =
        (0..4000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let text = [format!("one\n{TOKEN}\n").as_bytes(), &noise].concat();
    let packed = gzip(&text);
    let damaged = vec![Unread::Damaged];
    // No archive is so long.
    let mut long = tar(&text).repeat(2);
    let length_at = long.len() / 2 + 124;
    long[length_at..length_at + 12].fill(0xff);
    assert_eq!(searched(&long), (2, damaged.clone()));
    assert_eq!(searched(&packed[..packed.len() / 2]), (1, damaged.clone()));
    assert_eq!(searched(&[&packed[..], b"garbage"].concat()), (1, damaged.clone()));
    let mut other = packed.clone();
    let at = other.len() - 6;
    other[at] ^= 1;
    assert_eq!(searched(&other), (1, damaged.clone()));
    assert_eq!(searched_once(&packed[..packed.len() / 2]), (1, damaged));
    assert_eq!(searched(&packed), (1, vec![]));
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
    let many = archive::zip_of(&one[..entry_at], &one[entry_at..end_at], 500);
    assert_eq!(searched(&many).1, [Unread::TooLarge]);
}

#[test]
fn what_grows_without_measure_deep_inside_is_left() {
    let small = gzip(&gzip(&vec![0; 900 << 10]));
    let one = zip(&small, 8, 0);
    let entry_at = memchr::memmem::find(&one, b"PK\x01\x02").unwrap();
    let end_at = memchr::memmem::find(&one, b"PK\x05\x06").unwrap();
    let many = archive::zip_of(&one[..entry_at], &one[entry_at..end_at], 500);
    assert_eq!(searched(&many).1, [Unread::TooLarge]);
    assert_eq!(searched(&gzip(&many)).1, [Unread::TooLarge]);
    let member = &tar(&small)[..512 + small.len().next_multiple_of(512)];
    assert_eq!(searched(&member.repeat(500)).1, [Unread::TooLarge]);
    // Nothing of this is left.
    assert_eq!(searched(&member.repeat(2)).1, []);
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

#[test]
fn a_zip_that_can_only_be_read_once_is_unpacked() {
    let text = format!("one\n{TOKEN}\n");
    let packed = zip(text.as_bytes(), 8, 0);
    assert_eq!(searched_once(&packed), (1, vec![]));
    assert_eq!(searched_once(&zip(&zip(text.as_bytes(), 8, 0), 8, 0)), (1, vec![]));
    let too_long = [packed, vec![b'.'; 17 << 20]].concat();
    assert_eq!(searched_once(&too_long).1, [Unread::NotHeld]);
}

#[test]
fn a_zip_is_known_by_its_end() {
    let text = format!("one\n{TOKEN}\n");
    let packed = zip(text.as_bytes(), 8, 0);
    let long = [b"\x7fELF".as_slice(), &vec![1; 200_000], &packed].concat();
    for stub in [&b"#!/usr/bin/env python3\n"[..], b"one\ntwo\n", &vec![7; 30_000]] {
        let behind = [stub, &packed].concat();
        assert_eq!(searched(&behind), (1, vec![]));
        assert_eq!(searched_once(&behind), (1, vec![]));
    }
    assert_eq!((searched(&long), searched_once(&long)), ((1, vec![]), (1, vec![])));
    // A text of any length is not held, so all that can be said is that something is behind it.
    let long = [&vec![b'x'; 200_000], packed.as_slice()].concat();
    assert_eq!(searched(&long), (1, vec![]));
    assert_eq!(searched_once(&long).1, [Unread::NotHeld]);
    let commented = {
        let mut bytes = [b"#!/bin/sh\n", packed.as_slice(), b"seven b"].concat();
        let at = bytes.len() - 9;
        bytes[at] = 7;
        bytes
    };
    assert_eq!(searched(&commented), (1, vec![]));
    // The end says that there is one member, and there is none where it says.
    let lost = [b"#!/bin/sh\n".as_slice(), &packed[packed.len() - 22..]].concat();
    assert_eq!(searched(&lost).1, [Unread::Damaged]);
}

#[test]
fn names_and_comments_in_an_archive_in_an_archive_are_searched() {
    let inner = archive::zip(&format!("dir/{TOKEN}"), b"hello");
    assert_eq!(searched(&zip(&inner, 8, 0)).0, 2, "in the member's head and in the directory");
    assert_eq!(searched(&gzip(&inner)).0, 2);
    let mut commented = zip(b"hello", 8, 0);
    let len = commented.len();
    commented[len - 2] = u8::try_from(TOKEN.len()).unwrap();
    commented.extend(TOKEN.as_bytes());
    assert_eq!(searched(&zip(&commented, 8, 0)).0, 1);
    let mut encoder =
        flate2::GzBuilder::new().filename(TOKEN).write(Vec::new(), Compression::fast());
    encoder.write_all(b"hello").unwrap();
    assert_eq!(searched(&encoder.finish().unwrap()).0, 1);
}

#[test]
fn every_field_of_a_tar_header_is_searched() {
    let linked = |at: usize, magic: &[u8]| {
        let mut archive = tar(b"hello");
        archive[257..257 + magic.len()].copy_from_slice(magic);
        archive[at..at + TOKEN.len()].copy_from_slice(TOKEN.as_bytes());
        archive
    };
    for at in [0, 60, 157, 265, 345, 470] {
        for magic in [&b"ustar\x0000"[..], b"ustar  "] {
            assert_eq!(searched(&linked(at, magic)), (1, vec![]), "at {at}");
            assert_eq!(searched(&gzip(&linked(at, magic))), (1, vec![]), "at {at}");
        }
    }
    let mut cut = tar(b"hello");
    cut[257..262].copy_from_slice(b"USTAR");
    let cut = [&tar(b"hello")[..1024], &cut].concat();
    assert_eq!(searched(&cut), (0, vec![]));
    let mut stray = tar(b"hello")[..1024].to_vec();
    stray.extend(format!("{TOKEN} is no header").as_bytes());
    assert_eq!(searched(&stray).0, 1);
    stray.resize(2048, b'.');
    assert_eq!(searched(&stray).0, 1);
}

#[test]
fn members_of_an_ar_archive_are_searched() {
    let text = format!("one\n{TOKEN}\n");
    let member = |name: &str, bytes: &[u8]| {
        let head = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, bytes.len());
        let padding = if bytes.len() % 2 == 1 { "\n" } else { "" };
        [head.as_bytes(), bytes, padding.as_bytes()].concat()
    };
    let archive = [
        b"!<arch>\n".as_slice(),
        &member("debian-binary", b"2.0"),
        &member("data.tar.gz", &gzip(&tar(text.as_bytes()))),
        &member("control.tar.xz", b"\xfd7zXZ\0"),
    ]
    .concat();
    assert_eq!(searched(&archive), (1, vec![Unread::Method]));
    assert_eq!(searched(&archive[..archive.len() - 3]).1, [Unread::Damaged]);
}

#[test]
fn archives_behind_an_archive_are_searched() {
    let text = format!("one\n{TOKEN}\n");
    let packed = gzip(text.as_bytes());
    assert_eq!(searched(&[tar(b"hello"), tar(&packed)].concat()), (1, vec![]));
    assert_eq!(searched(&[tar(b"hello"), v7(&packed), tar(&packed)].concat()), (2, vec![]));
    assert_eq!(searched(&[&tar(b"hello")[..], &packed].concat()), (1, vec![]));
    let opaque = [&tar(b"hello")[..], b"\xfd7zXZ\0"].concat();
    assert_eq!(searched(&opaque), (0, vec![Unread::Method]));
    // GNU's map of a file with many holes goes on behind the header.
    let mut sparse = tar(b"hello");
    sparse[257..265].copy_from_slice(b"ustar  \0");
    (sparse[156], sparse[482]) = (b'S', 1);
    let map = vec![b'0'; 504];
    let more = [map.as_slice(), &[1; 8], &map, &[0; 8]].concat();
    let sparse = [&sparse[..512], &more, &sparse[512..1024], &tar(&packed)].concat();
    assert_eq!(searched(&sparse), (1, vec![]));
    // A header that says nothing of use is told once, and what follows is searched as it is.
    let mut damaged = tar(text.as_bytes());
    damaged[124..136].fill(b'x');
    assert_eq!(searched(&damaged), (1, vec![Unread::Damaged]));
}

/// Cpio archives of one member, in each form.
fn cpios(name: &str, content: &[u8]) -> Vec<Vec<u8>> {
    let filled = |mut bytes: Vec<u8>, unit: usize| {
        bytes.resize(bytes.len().next_multiple_of(unit), 0);
        bytes
    };
    let word = |number: usize| u16::try_from(number).unwrap();
    let new = |name: &str, bytes: &[u8]| {
        let (len, name_len) = (bytes.len(), name.len() + 1);
        let head = format!("070701{:048x}{len:08x}{:032x}{name_len:08x}{:08x}{name}\0", 1, 0, 0);
        [filled(head.into_bytes(), 4), filled(bytes.to_vec(), 4)].concat()
    };
    let octal = |name: &str, bytes: &[u8]| {
        let head = format!("070707{:053o}{:06o}{:011o}{name}\0", 1, name.len() + 1, bytes.len());
        [head.as_bytes(), bytes].concat()
    };
    let binary = |name: &str, bytes: &[u8], order: fn(u16) -> [u8; 2]| {
        let mut words = [0; 13];
        (words[0], words[10], words[12]) = (0o070_707, word(name.len() + 1), word(bytes.len()));
        let head = words.into_iter().flat_map(order).chain(name.bytes()).chain([0]).collect();
        [filled(head, 2), filled(bytes.to_vec(), 2)].concat()
    };
    let last = "TRAILER!!!";
    vec![
        [new(name, content), new(last, b"")].concat(),
        [octal(name, content), octal(last, b"")].concat(),
        [binary(name, content, u16::to_le_bytes), binary(last, b"", u16::to_le_bytes)].concat(),
        [binary(name, content, u16::to_be_bytes), binary(last, b"", u16::to_be_bytes)].concat(),
    ]
}

#[test]
fn members_of_a_cpio_archive_are_searched() {
    let text = format!("one\n{TOKEN}\n");
    let packed = gzip(text.as_bytes());
    let all = cpios("dir/m", &packed);
    for archive in &all {
        assert_eq!(searched(archive), (1, vec![]));
        assert_eq!(searched_once(&gzip(archive)), (1, vec![]));
        assert_eq!(searched(&archive[..archive.len() - 9]).1, [Unread::Damaged]);
        // As an initramfs has it: zeros, and another archive that is packed.
        let behind = [archive, &vec![0; 700][..], &gzip(archive)].concat();
        assert_eq!(searched(&behind), (2, vec![]));
    }
    for archive in cpios(&format!("dir/{TOKEN}"), b"hello") {
        assert_eq!(searched(&archive), (1, vec![]));
    }
    assert_eq!(searched(format!("070701 is no archive {TOKEN}").as_bytes()), (1, vec![]));
}

#[test]
fn a_zlib_stream_is_inflated() {
    let numbers: Vec<_> = (0..50_000).map(|number| (number * 7919 % 99_991).to_string()).collect();
    let text = format!("one\n{TOKEN}\n{}", numbers.join("\n"));
    let packed = zlib(text.as_bytes());
    assert_eq!(searched(&packed), (1, vec![]));
    assert_eq!(searched(&packed[..packed.len() - 9]).1, [Unread::Damaged]);
    assert_eq!(searched_once(&zlib(format!("{TOKEN} is short").as_bytes())), (1, vec![]));
    assert_eq!(searched(&[zlib(b"one\n"), packed].concat()), (1, vec![]));
    // A loose object of git's that is packed itself.
    let object = [b"blob 123\0".as_slice(), &gzip(TOKEN.as_bytes())].concat();
    assert_eq!(searched(&zlib(&object)), (1, vec![]));
    for text in ["x^2 + y^2", "HK$ 12", "8O", "hCaptcha", "x\u{1}", "XGBoost"] {
        assert_eq!(searched(format!("{text} {TOKEN}").as_bytes()), (1, vec![]), "{text}");
    }
}

#[test]
fn what_is_packed_in_ways_not_understood_is_told() {
    let behind = [b"#!/bin/sh\ntail -n+3 $0 | gunzip; exit\n".as_slice(), &gzip(b"hello")].concat();
    assert_eq!(searched(&behind).1, [Unread::Behind]);
    assert_eq!(searched_once(&behind).1, [Unread::Behind]);
    assert_eq!(searched(b"%PDF-1.4\n1 0 obj").1, [Unread::Pdf]);
    for head in [
        &b"# v2 git bundle\n"[..],
        b"# v3 git bundle\n",
        b"PACK\0\0\0\x02",
        b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
        b"PGDMP\x01\x0e",
    ] {
        assert_eq!(searched(head).1, [Unread::Method], "{head:?}");
    }
    for head in ["#!/bin/sh\necho\n", "PACKAGE=x", "# v2 git bundles are files", "%PDFs"] {
        assert_eq!(searched(head.as_bytes()).1, [], "{head}");
    }
}

proptest! {
    #[test]
    fn damage_never_panics(
        kind in 0..12,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = format!("one\n{TOKEN}\n").repeat(8);
        let mut bytes = match kind {
            0 => zip(text.as_bytes(), 8, 0),
            1 => gzip(text.as_bytes()),
            2 => tar(text.as_bytes()),
            3 => gzip(&tar(&zip(text.as_bytes(), 8, 0))),
            4 => [b"#!/bin/sh\n".as_slice(), &zip(text.as_bytes(), 8, 0)].concat(),
            5 => [b"!<arch>\nm               0           0     0     644     300       `\n", text.as_bytes()].concat(),
            6 => [&tar(text.as_bytes())[..], text.as_bytes()].concat(),
            7 => cpios("m", text.as_bytes()).concat(),
            9 => png::with_text(text.as_bytes()),
            10 => [png::with_text(b""), zip(text.as_bytes(), 8, 0)].concat(),
            8 => [zlib(text.as_bytes()), text.into_bytes()].concat(),
            _ => zip(&zip(text.as_bytes(), 0, 0), 8, 0),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        // An error is an answer too, and the same one where the file can only be read once.
        let (mut sought, mut once) = (Finder::new(), Finder::new());
        let outcome = search(&mut sought, &mut Cursor::new(&bytes));
        let outcome_once = search_once(&mut once, &mut bytes.as_slice());
        prop_assert_eq!(outcome.is_ok(), outcome_once.is_ok());
        prop_assert_eq!((sought.n_found, sought.unread), (once.n_found, once.unread));
    }
}

/// A tar archive as Unix V7 wrote it: without a magic, with a checksum alone.
fn v7(bytes: &[u8]) -> Vec<u8> {
    let mut out = tar(bytes);
    out[257..262].fill(0);
    out[148..156].fill(b' ');
    let sum: u32 = out[..512].iter().map(|byte| u32::from(*byte)).sum();
    out[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    out
}

#[test]
fn archives_of_older_kinds_are_unpacked_or_told() {
    let text = format!("{} x={TOKEN}\n", "filler ".repeat(50));
    let text = text.as_bytes();
    let mut v7 = v7(&gzip(text));
    assert_eq!(searched(&v7), (1, vec![]));
    // One behind the other, as `tar -i` reads them.
    assert_eq!(searched(&[v7.as_slice(), &v7].concat()), (2, vec![]));
    v7[148] = b'7';
    assert_eq!(searched(&v7).0, 0);

    let zlib = zlib(text);
    assert_eq!(searched(&zlib), (1, vec![]));
    assert_eq!(searched(&[zlib.as_slice(), text].concat()), (2, vec![]));
    assert_eq!(searched(&zlib[..zlib.len() - 2]).1, [Unread::Damaged]);
    assert_eq!(searched(b"x^2 and no stream"), (0, vec![]));
    // A text that begins so, and has other letters in it.
    let text = "x^2 caf\u{e9} \u{2014} caf\u{e9}, which is no stream";
    assert_eq!(searched(text.as_bytes()), (0, vec![]));
}
