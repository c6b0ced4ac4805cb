//! Tests of the origin log: it grows by its kept range, and every change to it is found.

use super::*;
use crate::key::KeyFile;

const SEED: [u8; 32] = [7; 32];

fn log(count: u64) -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(ORIGINS).join("host-1a2b");
    for n in 0..count {
        add(&folder, n);
    }
    (root, folder)
}

fn add(folder: &Path, n: u64) {
    let now = time::parse("2026-11-22T17:00:00Z").unwrap();
    let key = KeyFile::from_seed(&SEED);
    let bundle = format!("area/bundle-{n}");
    append_origin(
        folder,
        now,
        OriginKind::Seal,
        &bundle,
        Digest::of(bundle.as_bytes()),
        Some(&key),
    )
    .unwrap();
}

fn problems(folder: &Path) -> Vec<Rule> {
    let line = KeyFile::from_seed(&SEED).public_key().to_openssh();
    let signers = AllowedSigners::read(&format!("ops@example.org {line}\n"));
    read_origin(folder, &Trust { signers: Some(&signers), ..Trust::default() })
        .unwrap()
        .problems
        .iter()
        .map(|problem| problem.rule)
        .collect()
}

#[test]
fn it_grows_with_and_without_what_is_kept() {
    let (root, folder) = log(5);
    assert_eq!(problems(&folder), []);
    std::fs::remove_file(folder.join(RANGE)).unwrap();
    add(&folder, 5);
    std::fs::write(folder.join(RANGE), b"{}").unwrap();
    add(&folder, 6);
    assert_eq!(problems(&folder), []);
    assert_eq!(origins(root.path()), std::slice::from_ref(&folder));
    let origin = read_origin(&folder, &Trust::default()).unwrap();
    assert_eq!(origin.manifest_of("area/bundle-3"), Some(Digest::of(b"area/bundle-3")));
    assert_eq!(origin.checkpoint.unwrap().size, 7);
}

#[test]
fn each_flipped_byte_is_found() {
    let (_root, folder) = log(4);
    for name in [LOG, CHECKPOINT] {
        let path = folder.join(name);
        let intact = std::fs::read(&path).unwrap();
        for at in 0..intact.len() {
            let mut flipped = intact.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            assert_ne!(problems(&folder), [], "byte {at} of {name}");
        }
        std::fs::write(&path, &intact).unwrap();
    }
}

#[test]
fn a_cut_log_is_found_unless_its_checkpoint_is_cut_with_it() {
    let (_root, folder) = log(3);
    let old = ["log.jsonl", "checkpoint"].map(|name| std::fs::read(folder.join(name)).unwrap());
    add(&folder, 3);
    let whole = std::fs::read(folder.join(LOG)).unwrap();
    std::fs::write(folder.join(LOG), &old[0]).unwrap();
    assert_eq!(problems(&folder), [Rule::Cut]);
    let now = time::parse("2026-11-22T17:00:00Z").unwrap();
    let refused = append_origin(&folder, now, OriginKind::Open, "x", Digest::of(b""), None);
    assert!(matches!(refused, Err(Error::Tampered { .. })), "{refused:?}");
    // The known hole: only a memory elsewhere shows this.
    std::fs::write(folder.join(CHECKPOINT), &old[1]).unwrap();
    assert_eq!(problems(&folder), []);
    std::fs::write(folder.join(LOG), &whole).unwrap();
    assert_eq!(problems(&folder), [Rule::Recovered]);
}

#[test]
fn recomputing_all_links_needs_the_key() {
    let (_root, folder) = log(3);
    let forged = tempfile::tempdir().unwrap();
    let other = forged.path().join("host-1a2b");
    let now = time::parse("2026-11-22T17:00:00Z").unwrap();
    let key = KeyFile::from_seed(&[8; 32]);
    append_origin(&other, now, OriginKind::Seal, "area/x", Digest::of(b"x"), Some(&key)).unwrap();
    for name in [LOG, CHECKPOINT] {
        std::fs::copy(other.join(name), folder.join(name)).unwrap();
    }
    assert_eq!(problems(&folder), [Rule::BadSignature]);
}

#[test]
fn a_log_that_is_gone_is_missed_by_its_checkpoint() {
    let (root, folder) = log(3);
    std::fs::remove_file(folder.join(LOG)).unwrap();
    assert_eq!(origins(root.path()), std::slice::from_ref(&folder));
    assert_eq!(problems(&folder), [Rule::Cut]);
}

#[test]
fn what_a_killed_writer_left_is_removed_by_the_next() {
    let (_root, folder) = log(1);
    for name in [".checkpoint.Ab3xYz.tmp", ".range.Ab3xYz.tmp", ".mine.tmp"] {
        std::fs::write(folder.join(name), "half").unwrap();
    }
    add(&folder, 1);
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".mine.tmp", "checkpoint", "log.jsonl", "range"]);
}

#[test]
fn a_pipe_or_a_link_in_the_place_of_the_log_or_its_checkpoint_is_found_and_not_waited_for() {
    for (name, first) in [(LOG, Rule::Altered), (CHECKPOINT, Rule::Missing)] {
        for is_pipe in [true, false] {
            let (root, folder) = log(2);
            let (file, aside) = (folder.join(name), root.path().join("aside"));
            std::fs::rename(&file, &aside).unwrap();
            if is_pipe {
                let (cwd, kind) = (rustix::fs::CWD, rustix::fs::FileType::Fifo);
                rustix::fs::mknodat(cwd, &file, kind, 0o644.into(), 0).unwrap();
                // One who is looked for by `is_file` must be found all the same.
                assert_eq!(origins(root.path()).len(), 1);
            } else {
                std::os::unix::fs::symlink(&aside, &file).unwrap();
            }
            assert_eq!(problems(&folder).first(), Some(&first), "{name}, a pipe: {is_pipe}");
        }
    }
}

#[test]
fn an_unsigned_checkpoint_is_told_and_accepted_where_that_is_said() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("log");
    let now = time::parse("2026-11-22T17:00:00Z").unwrap();
    append_origin(&folder, now, OriginKind::Open, "x", Digest::of(b"x"), None).unwrap();
    let line = KeyFile::from_seed(&SEED).public_key().to_openssh();
    let ours = AllowedSigners::read(&format!("ops@example.org {line}\n"));
    let others = AllowedSigners::read("ops@example.org ssh-rsa AAAA\n");
    let check = |signers, allow_unsigned, expected| {
        let trust = Trust { signers, allow_unsigned, ..Trust::default() };
        let found = read_origin(&folder, &trust).unwrap().problems;
        let found: Vec<_> = found.iter().map(|problem| (problem.rule, problem.weight)).collect();
        assert_eq!(found, [(Rule::Unsigned, expected)]);
    };
    check(None, false, Weight::Note);
    check(Some(&ours), false, Weight::Error);
    check(Some(&ours), true, Weight::Note);
    check(Some(&others), false, Weight::Note);
}
