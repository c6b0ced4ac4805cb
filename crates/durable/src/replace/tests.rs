//! Tests of replacing: edits, other writers, modes, links.

use std::os::unix::fs::symlink;
use std::time::SystemTime;

use super::*;

fn edit(range: Range<u64>, text: &str) -> Edit {
    Edit { range, bytes: text.into() }
}

fn change(edits: Vec<Edit>, append: &str) -> Change {
    Change::Edit { edits, append: append.into() }
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Makes a file look as if it had last been saved so long before, and leaves it open for writing.
fn aged(path: &Path, age: Duration) -> File {
    let saved = File::options().write(true).open(path).unwrap();
    saved.set_modified(saved.metadata().unwrap().modified().unwrap() - age).unwrap();
    saved
}

/// A file that was saved long ago is edited as it is, one that was saved a moment ago by way of a copy.
#[track_caller]
fn check(before: &str, edits: &[Edit], append: &str, after: &str) {
    for age in [Duration::ZERO, Duration::from_hours(1)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.md");
        std::fs::write(&path, before).unwrap();
        aged(&path, age);
        let mut once = Some(change(edits.to_vec(), append));
        let done =
            replace::<Error>(&path, Duration::ZERO, |_| Ok(once.take().expect("decided once")))
                .unwrap();
        assert_eq!(done, Replaced::Written);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        assert_eq!(names(folder.path()), ["log.md"]);
    }
}

#[test]
fn edits_and_a_tail_change_nothing_else() {
    check(
        "a: 1\nb: 2\nbody\n",
        &[edit(3..4, "one"), edit(8..9, "")],
        "more\n",
        "a: one\nb: \nbody\nmore\n",
    );
    check("abc", &[edit(0..0, "<"), edit(3..3, ">")], "", "<abc>");
    check("abc", &[edit(0..3, "")], "", "");
    check("a: 1\nb: 2\n", &[edit(3..4, "3"), edit(8..9, "4")], "more\n", "a: 3\nb: 4\nmore\n");
    check("abc", &[], "", "abc");
}

#[test]
fn edits_outside_the_file_are_refused() {
    for edits in [
        vec![edit(2..9, "")],
        vec![edit(2..3, ""), edit(0..1, "")],
        vec![edit(0..2, ""), edit(1..3, "")],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.md");
        std::fs::write(&path, "abc").unwrap();
        let mut once = Some(change(edits, ""));
        let refused =
            replace::<Error>(&path, Duration::ZERO, |_| Ok(once.take().expect("decided once")));
        assert!(matches!(refused, Err(Error::BadEdit { .. })), "{refused:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "abc");
        assert_eq!(names(folder.path()), ["log.md"]);
    }
}

#[test]
fn a_missing_file_is_made_and_keep_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    assert_eq!(
        replace::<Error>(&path, Duration::ZERO, |_| Ok(Change::Keep)).unwrap(),
        Replaced::Kept
    );
    assert!(!path.exists());
    replace::<Error>(&path, Duration::ZERO, |_| Ok(change(vec![], "first\n"))).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "first\n");
}

#[test]
fn the_mode_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "x").unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o1640)).unwrap();
    replace::<Error>(&path, Duration::ZERO, |_| Ok(change(vec![], "y"))).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o1640);
}

#[test]
fn a_link_is_refused_and_its_target_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    std::fs::write(&target, "x").unwrap();
    let link = folder.path().join("log.md");
    symlink(&target, &link).unwrap();
    let refused = replace::<Error>(&link, Duration::ZERO, |_| Ok(change(vec![], "y")));
    assert!(matches!(refused, Err(Error::Symlink { .. })), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "x");
}

/// Saves the file by another way while we decide, once, and expects that both changes are there in the end.
#[track_caller]
fn check_other_save(save: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "first\n").unwrap();
    let mut seen = Vec::new();
    replace::<Error>(&path, Duration::ZERO, |snapshot| {
        seen.push(String::from_utf8(snapshot.read().unwrap()).unwrap());
        if seen.len() == 1 {
            save(&path);
        }
        Ok(change(vec![], "ours\n"))
    })
    .unwrap();
    assert_eq!(seen, ["first\n", "other\n"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "other\nours\n");
    assert_eq!(names(folder.path()), ["log.md"]);
}

#[test]
fn a_save_in_place_of_the_same_length_is_not_lost() {
    check_other_save(|path| std::fs::write(path, "other\n").unwrap());
}

/// Saves the file after the last look at it, so that only what is swapped out can tell.
#[track_caller]
fn check_late_save(save: impl Fn(&Path, SystemTime)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "first\n").unwrap();
    let before = std::fs::metadata(&path).unwrap();
    let (mut snapshot, _) = take(&path, &before).unwrap();
    let new = write_beside(&path, &mut snapshot, &[], b"ours\n").unwrap();
    save(&path, before.modified().unwrap());
    assert!(!exchange(&path, new, snapshot.found.unwrap(), &[]).unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "other\n");
    assert_eq!(names(folder.path()), ["log.md"]);
}

#[test]
fn a_save_right_before_the_exchange_is_put_back() {
    check_late_save(|path, _| {
        let temporary = path.with_file_name("temporary");
        std::fs::write(&temporary, "other\n").unwrap();
        std::fs::rename(&temporary, path).unwrap();
    });
    check_late_save(|path, time| {
        std::fs::write(path, "other\n").unwrap();
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    });
}

#[test]
fn a_save_that_leaves_length_and_time_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "a: 1\nbody\n").unwrap();
    for (saved, edits) in
        [("a: 2\nbody\n", vec![edit(3..4, "3")]), ("a: 4\nBODY\n", vec![edit(3..4, "long")])]
    {
        // However long this takes, the file looks as if it had been saved a moment ago.
        let found = File::options().write(true).open(&path).unwrap();
        let ahead = found.metadata().unwrap().modified().unwrap() + Duration::from_hours(1);
        found.set_modified(ahead).unwrap();
        let mut seen = Vec::new();
        replace::<Error>(&path, Duration::ZERO, |snapshot| {
            seen.push(snapshot.read().unwrap());
            if seen.len() == 1 {
                let file = File::options().write(true).open(&path).unwrap();
                let time = file.metadata().unwrap().modified().unwrap();
                file.write_all_at(saved.as_bytes(), 0).unwrap();
                file.set_modified(time).unwrap();
            }
            Ok(change(edits.clone(), "ours\n"))
        })
        .unwrap();
        assert_eq!(seen.len(), 2, "{saved:?}");
        assert!(seen[1].starts_with(saved.as_bytes()), "{saved:?}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a: long\nBODY\nours\nours\n");
}

#[test]
fn a_save_that_leaves_length_and_time_of_an_old_file_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "first\n").unwrap();
    let file = aged(&path, Duration::from_hours(1));
    // The clock of the file system has stepped on when the file is changed again.
    let changed = file.metadata().unwrap();
    let probe = folder.path().join("probe");
    while std::fs::write(&probe, "").is_err()
        || std::fs::metadata(&probe).unwrap().ctime_nsec() == changed.ctime_nsec()
    {
        thread::sleep(Duration::from_millis(1));
    }
    let mut seen = Vec::new();
    replace::<Error>(&path, Duration::ZERO, |snapshot| {
        seen.push(String::from_utf8(snapshot.read().unwrap()).unwrap());
        if seen.len() == 1 {
            file.write_all_at(b"other\n", 0).unwrap();
            file.set_modified(changed.modified().unwrap()).unwrap();
        }
        Ok(change(vec![], "ours\n"))
    })
    .unwrap();
    assert_eq!(seen, ["first\n", "other\n"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "other\nours\n");
}

#[test]
fn a_file_that_becomes_shorter_while_it_is_read_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "first line\n").unwrap();
    let saved = aged(&path, Duration::from_hours(1));
    let mut rounds = 0;
    replace::<Error>(&path, Duration::ZERO, |snapshot| {
        rounds += 1;
        if rounds == 1 {
            saved.set_len(6).unwrap();
        }
        snapshot.read().map_err(Error::io("read", &path, Still::Untouched))?;
        Ok(change(vec![], "ours\n"))
    })
    .unwrap();
    assert_eq!(rounds, 2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "first ours\n");
}

#[test]
fn a_save_that_empties_the_file_first_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "first\n").unwrap();
    let mut seen = Vec::new();
    thread::scope(|scope| {
        replace::<Error>(&path, Duration::ZERO, |snapshot| {
            seen.push(String::from_utf8(snapshot.read().unwrap()).unwrap());
            if seen.len() == 1 {
                let saved = File::create(&path).unwrap();
                scope.spawn(move || {
                    thread::sleep(RESTING * 2);
                    saved.write_all_at(b"other\n", 0).unwrap();
                });
            }
            Ok(change(vec![], "ours\n"))
        })
        .unwrap();
    });
    assert_eq!(seen, ["first\n", "other\n"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "other\nours\n");
}

#[test]
fn a_save_by_rename_is_not_lost() {
    check_other_save(|path| {
        let temporary = path.with_extension("swp");
        std::fs::write(&temporary, "other\n").unwrap();
        std::fs::rename(&temporary, path).unwrap();
    });
}

#[test]
fn a_file_that_never_rests_is_an_error_and_keeps_the_others_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    std::fs::write(&path, "0").unwrap();
    let mut saves = 0;
    let refused = replace::<Error>(&path, Duration::ZERO, |_| {
        saves += 1;
        std::fs::write(&path, format!("save {saves}")).unwrap();
        Ok(change(vec![], "ours"))
    });
    assert!(matches!(refused, Err(Error::KeepsChanging { .. })), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("save {saves}"));
}

#[test]
fn parallel_writers_all_get_their_line_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.md");
    thread::scope(|scope| {
        for writer in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for number in 0..10 {
                    let line = format!("{writer}-{number}\n");
                    replace::<Error>(path, Duration::from_mins(1), |_| Ok(change(vec![], &line)))
                        .unwrap();
                }
            });
        }
    });
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 80);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 80);
}

proptest::proptest! {
    #[test]
    fn the_edited_copy_is_what_the_edits_say(
        before in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
        cuts in proptest::collection::btree_set(0_usize..400, 0..6),
        insert in "[a-z]{0,5}",
        append in "[a-z\n]{0,20}",
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, &before).unwrap();
        let cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut <= before.len()).collect();
        let (mut edits, mut expected, mut done) = (Vec::new(), Vec::new(), 0);
        for pair in cuts.chunks_exact(2) {
            edits.push(edit(pair[0] as u64..pair[1] as u64, &insert));
            expected.extend_from_slice(&before[done..pair[0]]);
            expected.extend_from_slice(insert.as_bytes());
            done = pair[1];
        }
        expected.extend_from_slice(&before[done..]);
        expected.extend_from_slice(append.as_bytes());
        replace::<Error>(&path, Duration::ZERO, |_| Ok(change(edits.clone(), &append))).unwrap();
        proptest::prop_assert_eq!(std::fs::read(&path).unwrap(), expected);
    }
}
