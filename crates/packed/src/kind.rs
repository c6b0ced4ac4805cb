//! What a file is by its first bytes.

use flate2::{Decompress, FlushDecompress};

use super::{Unread, cpio, encrypted, png, tar};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A gzip stream, or several.
    Gzip,
    /// A zlib stream, as git's loose objects are.
    Zlib,
    /// A zip file.
    Zip,
    /// A tar archive.
    Tar,
    /// An archive of `ar`: a Debian package, a static library.
    Ar,
    /// An archive of `cpio`: an initramfs, what is in an RPM.
    Cpio,
    /// A PNG picture, which may have packed texts.
    Png,
    /// Something packed that is not understood here, and why not.
    Opaque(Unread),
    /// Anything else.
    Text,
}

pub(super) const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];
pub(super) const ZIP: &[u8] = b"PK\x03\x04";
pub(super) const AR: &[u8] = b"!<arch>\n";
/// zstd, bzip2, xz, 7-Zip, RAR, compress, lz4, lzip, lzma, Microsoft's cabinets, RPM, xar, squashfs,
/// git's bundles and packs, what `pg_dump -Fc` writes, and
/// what Redis saves, whose longer strings are packed.
pub(super) const OTHERS: [&[u8]; 18] = [
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x9d",
    b"\x04\x22\x4d\x18",
    b"LZIP\x01",
    b"]\0\0",
    b"MSCF\0\0\0\0",
    b"\xed\xab\xee\xdb",
    b"xar!\0",
    b"hsqs",
    b"# v2 git bundle\n",
    b"# v3 git bundle\n",
    b"PACK\0\0\0",
    b"PGDMP\x01",
    b"REDIS00",
];

/// How a pointer of Git LFS begins (git-lfs, `docs/spec.md`).
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

impl Kind {
    /// What a file is that begins so.
    pub(super) fn of(head: &[u8]) -> Kind {
        if head.starts_with(GZIP) {
            Kind::Gzip
        } else if head.starts_with(ZIP) {
            Kind::Zip
        } else if head.starts_with(png::SIGNATURE) {
            Kind::Png
        } else if tar::is_tar(head) {
            Kind::Tar
        } else if head.starts_with(AR) {
            Kind::Ar
        } else if is_zlib(head) {
            Kind::Zlib
        } else if cpio::is_cpio(head) {
            Kind::Cpio
        } else if OTHERS.iter().any(|magic| head.starts_with(magic)) {
            Kind::Opaque(Unread::Method)
        } else if head.starts_with(b"%PDF-") {
            Kind::Opaque(Unread::Pdf)
        } else if head.starts_with(LFS) {
            Kind::Opaque(Unread::Elsewhere)
        } else if encrypted::is_encrypted(head) {
            Kind::Opaque(Unread::Encrypted)
        } else {
            Kind::Text
        }
    }
}

/// Whether a zlib stream begins so (RFC 1950 §2.2). Two bytes would do, so the next must inflate.
fn is_zlib(head: &[u8]) -> bool {
    /// Other bytes break off before.
    const ENOUGH: usize = 2048;
    let [method, flags, ..] = *head else { return false };
    let sums_up = (u16::from(method) << 8 | u16::from(flags)).is_multiple_of(31);
    if method & 0x0f != 8 || method >> 4 > 7 || flags & 0x20 != 0 || !sums_up {
        return false;
    }
    // `x^2` begins so too, and no stream is a text.
    let head = &head[..head.len().min(ENOUGH)];
    if str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return false;
    }
    let (mut inflate, mut inflated) = (Decompress::new(true), vec![0; 16 * ENOUGH]);
    inflate.decompress(head, &mut inflated, FlushDecompress::None).is_ok()
}

/// Whether a program begins so: what it unpacks at its start often stands behind it.
pub(super) fn is_program(head: &[u8]) -> bool {
    [&b"#!"[..], b"\x7fELF", b"MZ"].iter().any(|magic| head.starts_with(magic))
}

/// Whether something begins so that is no text, or a program.
pub(super) fn is_binary(head: &[u8]) -> bool {
    is_program(head) || memchr::memchr(0, &head[..head.len().min(512)]).is_some()
}

/// Whether a script has something gzipped behind it, as makeself writes it. No text has these bytes.
pub(super) fn is_gzip_behind(head: &[u8]) -> bool {
    head.starts_with(b"#!")
        && memchr::memmem::find_iter(head, GZIP)
            .any(|at| head.get(at + GZIP.len()).is_some_and(|flags| *flags < 0x20))
}

/// An object's header has no more bytes: `commit`, a blank, the digits of a length, a zero.
pub(super) const LONGEST_GIT: u64 = 32;

/// How long the header is with which an object of git's begins; nothing where none does.
pub(super) fn git_header(head: &[u8]) -> usize {
    let Some(end) = memchr::memchr(0, head) else { return 0 };
    let mut words = head[..end].splitn(2, |byte| *byte == b' ');
    let kind = words.next().unwrap_or_default();
    let len = words.next().unwrap_or_default();
    let is_header = [&b"blob"[..], b"tree", b"commit", b"tag"].contains(&kind)
        && !len.is_empty()
        && len.iter().all(u8::is_ascii_digit);
    if is_header { end + 1 } else { 0 }
}
