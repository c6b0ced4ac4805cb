//! Archives and compressed files of one member, plain enough to be damaged byte by byte.
#![expect(clippy::panic, reason = "memory takes all that is written to it")]

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

/// How a zip file keeps a member that is deflated, in its own numbers (APPNOTE 4.4.5).
pub const DEFLATED: u16 = 8;

/// A gzip file.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    written(encoder.write_all(bytes).and_then(|()| encoder.finish()))
}

/// A zlib stream.
pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    written(encoder.write_all(bytes).and_then(|()| encoder.finish()))
}

/// A zip file with one deflated member, as an office document is one.
pub fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    zip_as(name, bytes, DEFLATED, 0)
}

/// A zip file with one member, which says of itself how it is packed and marked. What is not [`DEFLATED`] stands in it
/// as it is.
pub fn zip_as(name: &str, bytes: &[u8], method: u16, flags: u16) -> Vec<u8> {
    let packed = if method == DEFLATED {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        written(encoder.write_all(bytes).and_then(|()| encoder.finish()))
    } else {
        bytes.to_vec()
    };
    let common = [
        &[20, 0][..],
        &flags.to_le_bytes(),
        &method.to_le_bytes(),
        &[0; 8],
        &len(&packed),
        &len(bytes),
        &len(name.as_bytes())[..2],
        &[0; 2],
    ]
    .concat();
    let member = [b"PK\x03\x04", common.as_slice(), name.as_bytes(), &packed].concat();
    let entry = [b"PK\x01\x02\x14\0", common.as_slice(), &[0; 14], name.as_bytes()].concat();
    zip_of(&member, &entry, 1)
}

/// A zip file of a member, so many entries of the directory that name it, and the end.
pub fn zip_of(member: &[u8], entry: &[u8], n_entries: usize) -> Vec<u8> {
    let entries = entry.repeat(n_entries);
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &len(&entries), &len(member), &[0; 2]];
    [member, &entries, &end.concat()].concat()
}

/// A tar archive with one member.
pub fn tar(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 512];
    out[..name.len()].copy_from_slice(name.as_bytes());
    out[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    out[257..262].copy_from_slice(b"ustar");
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(512) + 1024, 0);
    out
}

fn written(packed: io::Result<Vec<u8>>) -> Vec<u8> {
    packed.unwrap_or_else(|error| panic!("packing in memory: {error}"))
}

fn len(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}
