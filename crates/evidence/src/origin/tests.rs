//! Tests of the origin log: it grows by its kept range, and every change to it is found.

use super::*;
use crate::chain::RECORDS;
use crate::key::{KeyFile, Signer};

fn hands(signer: Option<&dyn Signer>) -> Hands<'_> {
    Hands { signer, is_trusted: &|_| false }
}

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
        hands(Some(&key)),
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
    std::fs::remove_file(folder.join("range")).unwrap();
    add(&folder, 5);
    std::fs::write(folder.join("range"), b"{}").unwrap();
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
    let refused = append_origin(&folder, now, OriginKind::Open, "x", Digest::of(b""), hands(None));
    assert!(matches!(refused, Err(Error::BrokenLog { .. })), "{refused:?}");
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
    append_origin(&other, now, OriginKind::Seal, "area/x", Digest::of(b"x"), hands(Some(&key)))
        .unwrap();
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
    append_origin(&folder, now, OriginKind::Open, "x", Digest::of(b"x"), hands(None)).unwrap();
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

/// Drops one line and links the rest anew, as somebody without the key can.
fn relinked(folder: &Path, dropped: usize) {
    let text = std::fs::read_to_string(folder.join(LOG)).unwrap();
    let (mut out, mut prev) = (String::new(), None);
    for (n, line) in text.lines().enumerate().filter(|(n, _)| *n != dropped) {
        let mut entry: OriginEntry = serde_json::from_str(line).unwrap();
        entry.i = if n > dropped { entry.i - 1 } else { entry.i };
        entry.prev = prev;
        let line = serde_json::to_string(&entry).unwrap();
        prev = Some(Digest::of(line.as_bytes()));
        out = out + &line + "\n";
    }
    std::fs::write(folder.join(LOG), out).unwrap();
}

/// What the refusal says, and what is done to the log before.
type Way<'a> = (&'a str, &'a dyn Fn(&Path));

#[test]
fn a_rewritten_log_is_not_signed_by_the_next_who_adds_to_it() {
    let key = KeyFile::from_seed(&SEED);
    let now = time::parse("2026-11-22T17:00:00Z").unwrap();
    let append = |folder: &Path| {
        append_origin(folder, now, OriginKind::Open, "y", Digest::of(b"y"), hands(Some(&key)))
    };
    let range = |folder: &Path| drop(std::fs::remove_file(folder.join("range")));
    let checkpoint = |folder: &Path, text: &str| {
        std::fs::write(folder.join(CHECKPOINT), text).unwrap();
    };
    let ways: [Way<'_>; 7] = [
        ("shorter", &|folder| relinked(folder, 1)),
        ("its checkpoint is gone", &|folder| {
            relinked(folder, 1);
            range(folder);
            std::fs::remove_file(folder.join(CHECKPOINT)).unwrap();
        }),
        ("not those that its checkpoint counts", &|folder| {
            relinked(folder, 1);
            let line = std::fs::read_to_string(folder.join(LOG)).unwrap();
            let last = line.lines().last().unwrap();
            let mut entry: OriginEntry = serde_json::from_str(last).unwrap();
            (entry.prev, entry.i) = (Some(Digest::of(last.as_bytes())), entry.i + 1);
            let more = serde_json::to_string(&entry).unwrap();
            std::fs::write(folder.join(LOG), format!("{line}{more}\n")).unwrap();
        }),
        ("line 2 does not follow", &|folder| {
            let text = std::fs::read_to_string(folder.join(LOG)).unwrap();
            std::fs::write(folder.join(LOG), text.replacen("bundle-0", "bundle-9", 1)).unwrap();
            range(folder);
        }),
        ("line 1 is not an entry", &|folder| {
            let text = std::fs::read_to_string(folder.join(LOG)).unwrap();
            std::fs::write(folder.join(LOG), format!("<<<<<<< HEAD\n{text}")).unwrap();
        }),
        ("no key that is allowed", &|folder| {
            let other = KeyFile::from_seed(&[9; 32]);
            relinked(folder, 3);
            range(folder);
            let root = lines(&std::fs::read(folder.join(LOG)).unwrap())
                .fold(CompactRange::default(), |mut range, line| {
                    range.push(line);
                    range
                })
                .root();
            let mut forged = Checkpoint::new(&name_of(folder), 3, root);
            forged.sign(&other).unwrap();
            checkpoint(folder, &forged.to_text());
        }),
        ("its checkpoint is gone", &|folder| checkpoint(folder, "nonsense\n")),
    ];
    for (expected, tamper) in ways {
        let (_root, folder) = log(4);
        tamper(&folder);
        let before = std::fs::read(folder.join(LOG)).unwrap();
        let refused = append(&folder).unwrap_err();
        assert!(refused.to_string().contains(expected), "{expected}: {refused}");
        assert_eq!(std::fs::read(folder.join(LOG)).unwrap(), before);
    }
}

#[test]
fn a_wrong_kept_range_is_made_anew_from_the_log() {
    let (_root, folder) = log(3);
    let kept = std::fs::read_to_string(folder.join("range")).unwrap();
    let digest = kept.split("sha256:").last().unwrap()[..64].to_owned();
    let other = Digest::of(b"other").hex();
    std::fs::write(folder.join("range"), kept.replace(&digest, &other)).unwrap();
    add(&folder, 3);
    assert_eq!(problems(&folder), []);
}

/// Who adds reads the last line alone; who is asked to sign reads them all.
#[test]
fn a_line_that_was_changed_in_place_is_found_when_the_log_is_to_be_signed() {
    let (_root, folder) = log(4);
    let text = std::fs::read_to_string(folder.join(LOG)).unwrap();
    let changed: Vec<String> = text
        .lines()
        .zip(0..)
        .map(
            |(line, at)| if at == 1 { line.replace("\"v\":1", "\"v\":7") } else { line.to_owned() },
        )
        .collect();
    std::fs::write(folder.join(LOG), changed.join("\n") + "\n").unwrap();
    let key = KeyFile::from_seed(&SEED);
    let refused = sign_origin(&folder, hands(Some(&key))).unwrap_err();
    assert!(matches!(refused, Error::BrokenLog { .. }), "{refused}");
    assert!(!problems(&folder).is_empty());
}

#[test]
fn a_log_that_nobody_signed_is_signed_when_that_is_said_and_not_by_the_way() {
    let (root, folder) = log(2);
    // The bundle is here as the line says; of one that is not, nobody knows.
    std::fs::create_dir(root.path().join("y")).unwrap();
    std::fs::write(root.path().join("y").join(RECORDS), "y\n").unwrap();
    let key = KeyFile::from_seed(&SEED);
    let now = time::parse("2026-11-22T17:00:00Z").unwrap();
    let append = |signer| {
        append_origin(&folder, now, OriginKind::Open, "y", Digest::of(b"y"), hands(signer)).unwrap()
    };
    // A line without a key is behind the signed checkpoint, and in front of the next.
    assert_eq!(append(None), None);
    assert_eq!(problems(&folder), [Rule::Recovered]);
    assert_eq!(append(Some(&key)), None);
    assert_eq!(problems(&folder), []);

    let text = std::fs::read_to_string(folder.join(CHECKPOINT)).unwrap();
    let unsigned = text.split_once("\n\n").unwrap().0;
    std::fs::write(folder.join(CHECKPOINT), format!("{unsigned}\n\n")).unwrap();
    assert!(append(Some(&key)).is_some_and(|why| why.contains("nobody signed it before")));
    assert_eq!(problems(&folder), [Rule::Unsigned]);
    let (checkpoint, why) = sign_origin(&folder, hands(Some(&key))).unwrap();
    assert_eq!((checkpoint.size, why), (5, None));
    assert_eq!(problems(&folder), []);
}

#[test]
fn the_name_of_a_bundle_that_was_removed_is_not_given_again() {
    let (root, folder) = log(0);
    let now = time::parse("2026-11-22T17:00:00Z").unwrap();
    let create = || {
        let bundle = crate::create(root.path(), "area", "check", now).unwrap();
        let name = bundle.strip_prefix(root.path()).unwrap().to_str().unwrap().to_owned();
        append_origin(&folder, now, OriginKind::Open, &name, Digest::of(b""), hands(None)).unwrap();
        std::fs::remove_dir(bundle).unwrap();
        name
    };
    assert_eq!(create(), "area/check-20261122T170000Z");
    (0..100).for_each(|n| add(&folder, n));
    assert_eq!(create(), "area/check-20261122T170000Z-2");
    assert_eq!(create(), "area/check-20261122T170000Z-3");
}
