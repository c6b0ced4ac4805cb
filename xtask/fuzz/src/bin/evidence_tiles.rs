//! The tiles of any lines have the paths that their number gives, and lead each line to the root.
#![no_main]

use evidence_log::log_proof::LogProof;
use evidence_log::tiles;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let lines: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let Ok(all) = tiles::tiles(&lines) else { return };
    let paths: Vec<String> = all.iter().map(|tile| tile.path.clone()).collect();
    assert_eq!(paths, tiles::paths(lines.len()));
    let mut range = evidence::CompactRange::default();
    lines.iter().for_each(|line| range.push(line));
    let index = usize::from(data.first().copied().unwrap_or(0)) % lines.len();
    let proof = LogProof {
        index: index as u64,
        line: lines[index].to_vec(),
        hashes: tiles::inclusion(&lines, index).unwrap(),
        checkpoint: evidence::Checkpoint::new("fuzz", range.size(), range.root()),
    };
    assert!(proof.holds());
});
