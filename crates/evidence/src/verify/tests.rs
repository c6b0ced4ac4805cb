//! The tamper matrix of a bundle: every change to an intact one is found, and an intact one passes.

mod forged;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::*;
use crate::chain::Chain;
use crate::envelope::{Context, Envelope, statement};
use crate::key::KeyFile;
use crate::outcome::Outcome;
use crate::record::{Begin, Expectation, FileEntry, Mode, Open, Program, Record};

const SEED: [u8; 32] = [7; 32];

fn now() -> DateTime<Utc> {
    time::parse("2026-11-22T17:00:00Z").unwrap()
}

fn signers() -> AllowedSigners {
    AllowedSigners::read(&format!(
        "ops@example.org {}\n",
        KeyFile::from_seed(&SEED).public_key().to_openssh()
    ))
}

fn begin(run: u32, label: &str) -> Begin {
    Begin {
        run,
        label: label.into(),
        command: vec!["echo".into(), label.into()],
        more_arguments: 0,
        cwd: ".".into(),
        mode: Mode::Pipe,
        stdin: "null".into(),
        env: vec![],
        timeout_ms: None,
        expect_exit: Vec::new(),
        expect_output: Vec::new(),
        max_bytes: None,
        boot: String::new(),
        unredacted: Vec::new(),
    }
}

fn add_run(folder: &Path, run: u32, label: &str) {
    let begun = crate::append(folder, now(), |_| vec![Body::Begin(begin(run, label))]).unwrap();
    let out = format!("{run:03}-{label}.out");
    std::fs::write(folder.join(&out), format!("{label}\n")).unwrap();
    let file = FileEntry {
        path: out,
        role: "stdout".into(),
        bytes: label.len() as u64 + 1,
        sha256: Digest::of(format!("{label}\n").as_bytes()),
    };
    let mut end = End {
        run,
        outcome: Outcome::Exited { code: 0 },
        started: time::record_time(now()),
        ended: time::record_time(now()),
        duration_us: 1,
        mode: Mode::Pipe,
        files: vec![file],
        truncated: vec![],
        redactions: vec![],
        suspect: vec![],
        unmet: vec![],
        program: None,
        git: None,
        env: vec![],
        still_open: false,
        terminal_closed: false,
        not_shown: 0,
        forwarded: vec![],
        received: vec![],
    };
    let context = Context {
        bundle: "b",
        begin_index: 1,
        begin_digest: begun[0].digest,
        tool: "t",
        host: "h",
    };
    let payload = statement(&begin(run, label), &end, &context);
    let envelope = Envelope::seal(&payload, Some(&KeyFile::from_seed(&SEED))).0.to_bytes();
    let path = format!("{run:03}-{label}.intoto.json");
    std::fs::write(folder.join(&path), &envelope).unwrap();
    end.files.push(FileEntry {
        path,
        role: "envelope".into(),
        bytes: envelope.len() as u64,
        sha256: Digest::of(&envelope),
    });
    crate::append(folder, now(), |_| vec![Body::End(Box::new(end))]).unwrap();
}

fn unsealed() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let folder = crate::create(root.path(), "area", "check", now()).unwrap();
    let open = Open {
        name: "check".into(),
        area: "area".into(),
        tool: "test".into(),
        host: String::new(),
    };
    crate::append(&folder, now(), |_| vec![Body::Open(open)]).unwrap();
    add_run(&folder, 1, "one");
    add_run(&folder, 2, "two");
    (root, folder)
}

fn sealed() -> (tempfile::TempDir, PathBuf) {
    let (root, folder) = unsealed();
    let sealed = crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap();
    assert!(sealed.signed && sealed.runs == 2, "{sealed:?}");
    (root, folder)
}

fn problems(folder: &Path) -> Vec<Problem> {
    let signers = signers();
    let trust = Trust { signers: Some(&signers), ..Trust::default() };
    let mut found = verify(folder, &trust).unwrap().problems;
    found.retain(|problem| problem.rule != Rule::NoAnchor);
    found
}

fn shown(folder: &Path) -> String {
    problems(folder).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_intact_bundle_passes_and_names_its_signer() {
    let (_root, folder) = sealed();
    let signers = signers();
    let found = verify(&folder, &Trust { signers: Some(&signers), ..Trust::default() }).unwrap();
    assert_eq!(found.verdict(), None, "{:?}", found.problems);
    assert_eq!(found.signer.unwrap().0, "ops@example.org");
    assert_eq!(found.files, 5);
}

#[test]
fn each_flipped_byte_of_each_file_is_found() {
    let (_root, folder) = sealed();
    for path in listing::files(&folder).unwrap() {
        let file = folder.join(&path);
        let intact = std::fs::read(&file).unwrap();
        for at in 0..intact.len() {
            let mut flipped = intact.clone();
            flipped[at] ^= 1;
            std::fs::write(&file, &flipped).unwrap();
            let found = problems(&folder);
            assert!(!found.is_empty(), "byte {at} of {path} was changed unseen");
        }
        let cut = &intact[..intact.len() - 1];
        std::fs::write(&file, cut).unwrap();
        assert!(!problems(&folder).is_empty(), "the end of {path} was cut off unseen");
        std::fs::write(&file, &intact).unwrap();
    }
    assert_eq!(shown(&folder), "");
}

#[test]
fn a_file_that_no_record_can_name_is_found_and_hides_nothing() {
    let (_root, folder) = sealed();
    let odd = folder.join(OsStr::from_bytes(b"bad\xffname"));
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join("in"), "").unwrap();
    std::fs::write(folder.join("001-one.out"), "other").unwrap();
    insta::assert_snapshot!(shown(&folder), @"
    altered 001-one.out: it is not what the manifest has the digest of
    added bad�name: no record can name it, as its name is not UTF-8
    ");
}

#[test]
fn each_missing_file_is_found() {
    let (_root, folder) = sealed();
    for path in listing::files(&folder).unwrap() {
        if path == RECORDS {
            continue;
        }
        let file = folder.join(&path);
        let intact = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let found = problems(&folder);
        let rule = if path == SIGNATURE { Rule::Unsigned } else { Rule::Missing };
        assert_eq!(found.first().map(|problem| problem.rule), Some(rule), "{path}: {found:?}");
        let is_added = found.iter().any(|problem| problem.rule == Rule::Added);
        assert!(!is_added, "nothing was put there when {path} went: {found:?}");
        std::fs::write(&file, &intact).unwrap();
    }
}

#[test]
fn each_dropped_line_is_found_even_at_the_end() {
    let (_root, folder) = sealed();
    for path in [RECORDS, MANIFEST] {
        let file = folder.join(path);
        let intact = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = intact.split_inclusive('\n').collect();
        for n in 0..lines.len() {
            let mut fewer = lines.clone();
            fewer.remove(n);
            std::fs::write(&file, fewer.concat()).unwrap();
            assert!(!problems(&folder).is_empty(), "line {n} of {path}");
            let mut twice = lines.clone();
            twice.insert(n, lines[n]);
            std::fs::write(&file, twice.concat()).unwrap();
            assert!(!problems(&folder).is_empty(), "line {n} of {path} twice");
            std::fs::write(&file, lines[..n].concat()).unwrap();
            assert!(!problems(&folder).is_empty(), "{path} cut at {n}");
        }
        std::fs::write(&file, &intact).unwrap();
    }
}

#[test]
fn a_file_that_was_put_there_is_found() {
    let (_root, folder) = sealed();
    std::fs::write(folder.join("003-three.out"), "ok\n").unwrap();
    insta::assert_snapshot!(shown(&folder), @"added 003-three.out: it is not listed in the manifest");
}

#[test]
fn an_empty_folder_that_was_put_there_is_found_and_none_is_sealed() {
    let (_root, folder) = sealed();
    std::fs::create_dir_all(folder.join("passed/all 12 checks")).unwrap();
    insta::assert_snapshot!(shown(&folder), @"added passed/all 12 checks: it is an empty folder, which no manifest can list");

    let (_root, folder) = unsealed();
    std::fs::create_dir_all(folder.join("passed/all 12 checks")).unwrap();
    assert!(!shown(&folder).contains("passed"));
    crate::seal(&folder, now(), None, None).unwrap();
    assert!(!folder.join("passed").exists());
    assert!(!shown(&folder).contains("passed"));
}

#[test]
fn a_link_does_not_stand_for_a_file() {
    let (root, folder) = sealed();
    let elsewhere = root.path().join("copy");
    std::fs::rename(folder.join("001-one.out"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.join("001-one.out")).unwrap();
    assert_eq!(problems(&folder)[0].rule, Rule::Altered);
}

#[test]
fn recomputing_everything_without_the_key_is_found() {
    let (_root, folder) = sealed();
    std::fs::write(folder.join("001-one.out"), "forged\n").unwrap();
    std::fs::remove_file(folder.join(MANIFEST)).unwrap();
    crate::seal(&folder, now(), Some(&KeyFile::from_seed(&[8; 32])), None).unwrap();
    let rules: Vec<Rule> = problems(&folder).iter().map(|problem| problem.rule).collect();
    assert!(rules.contains(&Rule::BadSignature) && rules.contains(&Rule::Altered), "{rules:?}");
}

#[test]
fn a_stripped_signature_is_found_by_the_seal() {
    let (_root, folder) = sealed();
    std::fs::remove_file(folder.join(SIGNATURE)).unwrap();
    let trusting = Trust { allow_unsigned: true, ..Trust::default() };
    let found = verify(&folder, &trusting).unwrap();
    assert_eq!(found.verdict(), Some(Weight::Error), "{:?}", found.problems);
}

#[test]
fn an_unsigned_seal_says_so_and_is_intact() {
    let (_root, folder) = unsealed();
    crate::seal(&folder, now(), None, None).unwrap();
    let found = verify(&folder, &Trust::default()).unwrap();
    assert_eq!(found.verdict(), None);
    assert!(found.problems.iter().any(|problem| problem.rule == Rule::Unsigned));
    insta::assert_snapshot!(shown(&folder), @"unsigned: UNSIGNED: signers are declared, and nobody signed");
    let signers = signers();
    let trusting = Trust { signers: Some(&signers), allow_unsigned: true, cited: None };
    assert_eq!(verify(&folder, &trusting).unwrap().verdict(), None);
}

#[test]
fn a_signature_without_declared_signers_is_undecided() {
    let (_root, folder) = sealed();
    assert_eq!(verify(&folder, &Trust::default()).unwrap().verdict(), Some(Weight::Undecided));
}

#[test]
fn the_head_that_a_log_cites_is_compared() {
    let (_root, folder) = sealed();
    let signers = signers();
    let right = Bundle::open(&folder).unwrap().manifest_hash();
    let trust = Trust { signers: Some(&signers), cited: right, allow_unsigned: false };
    assert_eq!(verify(&folder, &trust).unwrap().problems, []);
    let trust = Trust { cited: Some(Digest::of(b"another")), ..trust };
    assert_eq!(verify(&folder, &trust).unwrap().problems[0].rule, Rule::WrongHead);
    let (_root, folder) = unsealed();
    let found = verify(&folder, &trust).unwrap().problems;
    assert_eq!(found.last().unwrap().rule, Rule::WrongHead, "there is no head at all");
}

#[test]
fn an_open_bundle_is_unsealed_and_its_files_are_checked_all_the_same() {
    let (_root, folder) = unsealed();
    insta::assert_snapshot!(shown(&folder), @"unsealed: the bundle was never sealed");
    std::fs::write(folder.join("001-one.out"), "forged\n").unwrap();
    std::fs::write(folder.join("extra"), "").unwrap();
    insta::assert_snapshot!(shown(&folder), @"
    unsealed: the bundle was never sealed
    altered 001-one.out: it is not what record 2 has the digest of
    added extra: no record has its digest
    ");
}

#[test]
fn a_begin_without_an_end_is_sealed_as_such() {
    let (_root, folder) = unsealed();
    crate::append(&folder, now(), |_| vec![Body::Begin(begin(3, "three"))]).unwrap();
    std::fs::write(folder.join("003-three.out"), "half").unwrap();
    insta::assert_snapshot!(shown(&folder), @"
    incomplete evidence.jsonl: run 3 (three) was begun, and how it ended is not known
    unsealed: the bundle was never sealed
    ");
    crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap();
    insta::assert_snapshot!(shown(&folder), @"
    recovered evidence.jsonl:7: run 3 was cut short, and this was recorded afterwards
    incomplete evidence.jsonl: run 3 (three) was begun, and how it ended is not known, as was recorded later
    ");
}

#[test]
fn a_run_that_is_being_recorded_is_not_sealed_over() {
    let (_root, folder) = unsealed();
    crate::append(&folder, now(), |_| vec![Body::Begin(begin(3, "three"))]).unwrap();
    let output = std::fs::File::create(folder.join("003-three.out")).unwrap();
    output.lock().unwrap();
    assert!(matches!(crate::seal(&folder, now(), None, None), Err(Error::Running { run: 3, .. })));
}

#[test]
fn nothing_is_added_after_the_seal_or_to_altered_records() {
    let (_root, folder) = sealed();
    let add = || crate::append(&folder, now(), |_| vec![Body::Begin(begin(3, "three"))]);
    assert!(matches!(add(), Err(Error::Sealed { .. })));
    let (_root, folder) = unsealed();
    let file = folder.join(RECORDS);
    let text = std::fs::read_to_string(&file).unwrap().replace("\"run\":1", "\"run\":9");
    std::fs::write(&file, text).unwrap();
    let refused = crate::append(&folder, now(), |_| vec![Body::Begin(begin(3, "three"))]);
    assert!(matches!(refused, Err(Error::Tampered { .. })), "{refused:?}");
}

#[test]
fn a_torn_line_is_put_aside_and_recorded() {
    let (_root, folder) = unsealed();
    let file = folder.join(RECORDS);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend_from_slice(b"{\"v\":1,\"i\":5");
    std::fs::write(&file, bytes).unwrap();
    add_run(&folder, 3, "three");
    crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap();
    insta::assert_snapshot!(shown(&folder), @"recovered evidence.jsonl:6: a line was cut short, and what was left of it is kept aside");
}

#[test]
fn sealing_again_changes_nothing_and_finishes_what_a_crash_prevented() {
    let (_root, folder) = sealed();
    let before = std::fs::read(folder.join(SIGNATURE)).unwrap();
    let again = crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap();
    assert!(again.signed);
    std::fs::remove_file(folder.join(SIGNATURE)).unwrap();
    std::fs::remove_file(folder.join(MANIFEST)).unwrap();
    let last = crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap();
    assert_eq!((again.manifest, again.files), (last.manifest, last.files));
    assert_eq!(std::fs::read(folder.join(SIGNATURE)).unwrap(), before);
}

#[test]
fn a_link_a_pipe_or_nothing_in_the_place_of_a_file_is_found_and_not_waited_for() {
    for name in [RECORDS, MANIFEST, SIGNATURE, "001-one.out"] {
        for what in ["nothing", "a pipe", "a link", "a folder"] {
            let (root, folder) = sealed();
            let (file, aside) = (folder.join(name), root.path().join("aside"));
            std::fs::rename(&file, &aside).unwrap();
            match what {
                "a pipe" => {
                    let (cwd, kind) = (rustix::fs::CWD, rustix::fs::FileType::Fifo);
                    rustix::fs::mknodat(cwd, &file, kind, 0o644.into(), 0).unwrap();
                }
                "a link" => std::os::unix::fs::symlink(&aside, &file).unwrap(),
                "a folder" => std::fs::create_dir(&file).unwrap(),
                _ => {}
            }
            let found = shown(&folder);
            let expected = match (what, name) {
                ("nothing", SIGNATURE) => "unsigned".to_owned(),
                // An empty folder is no file, so that of most files nothing is there.
                ("nothing", _) | ("a folder", RECORDS | "001-one.out") => {
                    format!("missing {name}: ")
                }
                ("a link", _) => format!("altered {name}: it cannot be read: it is a symbolic"),
                _ => format!("altered {name}: it cannot be read: it is not a regular file"),
            };
            assert!(found.starts_with(&expected), "{what} for {name}: {found}");
        }
    }
}

#[test]
fn a_statement_vouches_for_what_was_expected() {
    let (_root, folder) = sealed();
    let bundle = Bundle::open(&folder).unwrap();
    let run = &bundle.runs()[0];
    let end = run.end.unwrap();
    let context = Context {
        bundle: "b",
        begin_index: 1,
        begin_digest: Digest::of(b""),
        tool: "t",
        host: "h",
    };
    let expected = Begin {
        expect_exit: vec![0, 3],
        expect_output: vec![Expectation::Match("^ok$".into())],
        ..run.begin.clone()
    };
    let payload = statement(&expected, end, &context);
    let text = String::from_utf8_lossy(&payload).into_owned();
    assert!(text.contains(r#""expectedReturnValues":[0,3]"#), "{text}");
    assert!(text.contains(r#""expectedOutput":[{"match":"^ok$"}]"#), "{text}");
    let (envelope, _) = Envelope::seal(&payload, None);
    assert!(envelope.agrees_with(&expected, end));
    assert!(!envelope.agrees_with(run.begin, end), "nothing was expected, says the record");
    let elsewhere = Begin { cwd: "/elsewhere".into(), ..expected.clone() };
    assert!(!envelope.agrees_with(&elsewhere, end), "it ran elsewhere, says the record");
    let program = Program { path: "/bin/echo".into(), sha256: Some(Digest::of(b"").hex()) };
    let other = End { program: Some(program), ..end.clone() };
    assert!(!envelope.agrees_with(&expected, &other), "another program ran, says the record");
    let unmet = End { unmet: expected.expect_output.clone(), ..end.clone() };
    assert!(!envelope.agrees_with(&expected, &unmet), "it was not met, says the record");
}

/// The records of an open bundle, with its first run changed to have failed, and linked anew.
fn forge(folder: &Path, change: impl Fn(&mut End)) {
    let path = folder.join(RECORDS);
    let mut records = Chain::read(&std::fs::read(&path).unwrap()).records;
    for record in &mut records {
        if let Body::End(end) = &mut record.body
            && end.run == 1
        {
            change(end);
        }
    }
    std::fs::write(path, linked(records)).unwrap();
}

/// Records as lines of which each follows on the one before it.
fn linked(records: Vec<Record>) -> Vec<u8> {
    let (mut text, mut previous) = (Vec::new(), None);
    for (index, mut record) in (0..).zip(records) {
        (record.index, record.previous) = (index, previous);
        let line = record.to_line().unwrap();
        previous = Some(Digest::of(&line));
        text.extend_from_slice(&line);
        text.push(b'\n');
    }
    text
}

#[test]
fn a_record_that_contradicts_its_statement_is_not_sealed() {
    let (_root, folder) = unsealed();
    forge(&folder, |end| end.outcome = Outcome::Exited { code: 3 });
    let refused = crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("001-one.intoto.json: it says something else"), "{said}");
    assert!(!folder.join(MANIFEST).exists());
    assert!(shown(&folder).contains("how it ended, than the records"), "{}", shown(&folder));
}

#[test]
fn a_record_whose_statement_was_taken_away_is_told() {
    let (_root, folder) = unsealed();
    std::fs::remove_file(folder.join("001-one.intoto.json")).unwrap();
    forge(&folder, |end| {
        end.outcome = Outcome::Exited { code: 3 };
        end.files.retain(|file| file.role != "envelope");
    });
    crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap();
    insta::assert_snapshot!(shown(&folder), @"unsigned evidence.jsonl: nobody signed a statement of run 1: until the seal anyone could have changed its record");
}
