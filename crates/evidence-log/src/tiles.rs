//! A log as the files of C2SP's `tlog-tiles`: its lines in entry bundles, and the hashes of its tree in tiles of 256.

use evidence::{Digest, leaf_hash, node_hash};

/// How many hashes a full tile has, and how many lines a full entry bundle.
const WIDTH: usize = 256;

/// One file of the tiled form, whose content its path determines for ever: a log only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its path, with `/`: `tile/0/x001/234`, `tile/entries/000.p/17`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A line that is longer than the 65,535 bytes that an entry bundle can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// Which one, from 1.
    pub line: usize,
}

/// Every file of a log with these lines, which are without their line breaks.
pub fn tiles(lines: &[&[u8]]) -> Result<Vec<Tile>, TooLong> {
    let mut all = entry_bundles(lines)?;
    let mut hashes: Vec<Digest> = lines.iter().map(|line| leaf_hash(line)).collect();
    let mut level = 0;
    while !hashes.is_empty() {
        for (n, chunk) in hashes.chunks(WIDTH).enumerate() {
            let bytes = chunk.iter().flat_map(|hash| *hash.as_bytes()).collect();
            all.push(Tile { path: path(&level.to_string(), n, chunk.len()), bytes });
        }
        hashes = hashes.chunks_exact(WIDTH).map(root).collect();
        level += 1;
    }
    Ok(all)
}

/// The paths of the files that a log of `size` lines has.
pub fn paths(size: usize) -> Vec<String> {
    let of = |name: &str, count: usize| {
        let full = (0..count / WIDTH).map(|n| path(name, n, WIDTH)).collect::<Vec<_>>();
        let rest = count % WIDTH;
        full.into_iter().chain((rest > 0).then(|| path(name, count / WIDTH, rest)))
    };
    let mut all: Vec<String> = of("entries", size).collect();
    let (mut count, mut level) = (size, 0);
    while count > 0 {
        all.extend(of(&level.to_string(), count));
        count /= WIDTH;
        level += 1;
    }
    all
}

/// The hashes that lead from a line to the root, from its sibling upward (RFC 6962, section 2.1.1); none when there
/// is no such line.
pub fn inclusion(lines: &[&[u8]], index: usize) -> Option<Vec<Digest>> {
    let hashes: Vec<Digest> = lines.iter().map(|line| leaf_hash(line)).collect();
    (index < hashes.len()).then(|| path_in(&hashes, index))
}

fn path_in(hashes: &[Digest], index: usize) -> Vec<Digest> {
    if hashes.len() < 2 {
        return Vec::new();
    }
    let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
    let (mut inside, other) = if index < left.len() {
        (path_in(left, index), root(right))
    } else {
        (path_in(right, index - left.len()), root(left))
    };
    inside.push(other);
    inside
}

fn root(hashes: &[Digest]) -> Digest {
    match hashes {
        [] => Digest::of(b""),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            node_hash(root(left), root(right))
        }
    }
}

fn entry_bundles(lines: &[&[u8]]) -> Result<Vec<Tile>, TooLong> {
    let mut bundles = Vec::new();
    for (n, chunk) in lines.chunks(WIDTH).enumerate() {
        let mut bytes = Vec::new();
        for (k, line) in chunk.iter().enumerate() {
            let length =
                u16::try_from(line.len()).map_err(|_| TooLong { line: n * WIDTH + k + 1 })?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(line);
        }
        bundles.push(Tile { path: path("entries", n, chunk.len()), bytes });
    }
    Ok(bundles)
}

/// The number in groups of three digits, all but the last with an `x`; a tile that is not full names its width.
fn path(level: &str, n: usize, width: usize) -> String {
    let mut text = format!("{:03}", n % 1000);
    let mut rest = n / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    let part = if width < WIDTH { format!(".p/{width}") } else { String::new() };
    format!("tile/{level}/{text}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::CompactRange;

    fn some(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|n| format!("line {n}").into_bytes()).collect()
    }

    fn tiles_of(lines: &[Vec<u8>]) -> Vec<Tile> {
        tiles(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(path("0", 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path("entries", 0, 112), "tile/entries/000.p/112");
        insta::assert_snapshot!(paths(70_000).iter().filter(|path| path.contains(".p/") || !path.contains("/0/")).filter(|path| !path.contains("entries") || path.contains(".p")).cloned().collect::<Vec<_>>().join("\n"), @"
        tile/entries/273.p/112
        tile/0/273.p/112
        tile/1/000
        tile/1/001.p/17
        tile/2/000.p/1
        ");
    }

    #[test]
    fn a_line_that_no_bundle_can_carry_is_named() {
        let long = vec![0; 65_536];
        assert_eq!(tiles(&[b"a", &long]), Err(TooLong { line: 2 }));
        assert!(tiles(&[&long[1..]]).is_ok());
    }

    #[test]
    fn the_tiles_lead_to_the_root() {
        for count in [1, 2, 255, 256, 257, 600, 65_536 + 300] {
            let lines = some(count);
            let all = tiles_of(&lines);
            let named: Vec<_> = all.iter().map(|tile| tile.path.clone()).collect();
            assert_eq!(named, paths(count));
            // The root as a reader of tiles computes it: from the widths of each level, the last one first.
            let of_level = |level: usize| -> Vec<Digest> {
                let head = format!("tile/{level}/");
                let bytes = all.iter().filter(|tile| tile.path.starts_with(&head));
                let bytes: Vec<u8> = bytes.flat_map(|tile| tile.bytes.clone()).collect();
                bytes.chunks(32).map(|hash| Digest::from_bytes(hash.try_into().unwrap())).collect()
            };
            let mut right: Option<Digest> = None;
            for level in 0..3 {
                let hashes = of_level(level);
                let rest = &hashes[hashes.len() / WIDTH * WIDTH..];
                let mut parts = Vec::new();
                let mut from = 0;
                for bit in (0..8).rev().filter(|bit| rest.len() >> bit & 1 == 1) {
                    parts.push(root(&rest[from..from + (1 << bit)]));
                    from += 1 << bit;
                }
                for part in parts.into_iter().rev() {
                    right = Some(right.map_or(part, |right| node_hash(part, right)));
                }
            }
            let mut range = CompactRange::default();
            for line in &lines {
                range.push(line);
            }
            assert_eq!(right, Some(range.root()), "{count}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

        #[test]
        fn a_log_that_grew_keeps_its_full_tiles(count in 1_usize..700, more in 0_usize..300) {
            let lines = some(count + more);
            let (before, after) = (tiles_of(&lines[..count]), tiles_of(&lines));
            for tile in before.iter().filter(|tile| !tile.path.contains(".p/")) {
                proptest::prop_assert!(after.contains(tile));
            }
        }

        #[test]
        fn entry_bundles_give_the_lines_back(lines in proptest::collection::vec(proptest::collection::vec(0_u8.., 0..40), 1..300)) {
            let all = tiles_of(&lines);
            let mut read = Vec::new();
            for tile in all.iter().filter(|tile| tile.path.starts_with("tile/entries/")) {
                let mut rest = tile.bytes.as_slice();
                while let Some((length, more)) = rest.split_first_chunk::<2>() {
                    let (line, more) = more.split_at(usize::from(u16::from_be_bytes(*length)));
                    read.push(line.to_vec());
                    rest = more;
                }
            }
            proptest::prop_assert_eq!(read, lines);
        }
    }
}
