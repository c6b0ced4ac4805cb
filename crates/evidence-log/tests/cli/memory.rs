//! What an origin log remembers of a bundle, and what somebody without a key makes of the two.

use std::collections::BTreeSet;

use evidence::Digest;
use testbed::Bed;

use crate::ops::signed;
use crate::{open, tool};

/// A sealed bundle with one run, under an ops.toml.
fn sealed(bed: &Bed, name: &str, printed: &str) -> String {
    let ran = tool(bed).args(["run", "--name", name, "--", "echo", printed]).run();
    assert_eq!(ran.code(), 0, "{ran}");
    ran.stderr().split_whitespace().nth(1).unwrap().to_owned()
}

/// The path of the one origin log.
pub(crate) fn log(bed: &Bed) -> String {
    let folder = std::fs::read_dir(bed.path("artifacts/.log")).unwrap().next().unwrap().unwrap();
    format!("artifacts/.log/{}/log.jsonl", folder.file_name().to_string_lossy())
}

fn origin(bed: &Bed) -> testbed::Output {
    tool(bed).args(["verify", "--origin"]).run()
}

/// Adds a line that says that the bundle was sealed with this manifest.
fn add_seal(bed: &Bed, bundle: &str, manifest: Digest) {
    let text = bed.read(log(bed));
    let last = text.lines().last().unwrap();
    let mut line: serde_json::Value = serde_json::from_str(last).unwrap();
    line["i"] = (line["i"].as_u64().unwrap() + 1).into();
    line["prev"] = Digest::of(last.as_bytes()).to_string().into();
    line["kind"] = "seal".into();
    line["bundle"] = bundle.strip_prefix("artifacts/").unwrap().into();
    line["hash"] = manifest.to_string().into();
    bed.write(log(bed), format!("{text}{line}\n"));
}

#[test]
fn a_bundle_that_is_not_as_it_was_sealed_is_not_signed_again() {
    let Some(bed) = signed("a_bundle_that_is_not_as_it_was_sealed_is_not_signed_again") else {
        return;
    };
    let bundle = sealed(&bed, "one", "good");
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0, "as it is, nothing changes");
    bed.remove(format!("{bundle}/manifest.sha256.sig"));
    bed.remove(format!("{bundle}/manifest.sha256"));
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    let open_again: Vec<_> = records.split_inclusive('\n').collect();
    for kept in [records.clone(), open_again[..open_again.len() - 1].concat()] {
        bed.write(format!("{bundle}/evidence.jsonl"), &kept);
        bed.write("f.txt", "x");
        for (words, code) in [
            (&["seal", &bundle][..], 2),
            (&["recover", &bundle], 2),
            (&["note", &bundle, "words"], 2),
            (&["attach", &bundle, "f.txt"], 2),
            (&["gate", &bundle, "step", "--approved"], 2),
            (&["run", "--into", &bundle, "--", "touch", "ran"], 125),
        ] {
            let refused = tool(&bed).args(words).run();
            assert_eq!(refused.code(), code, "{refused}");
            assert!(refused.stderr().contains("is not as it was sealed"), "{refused}");
        }
        assert!(!bed.path("ran").exists());
        assert_eq!(bed.read(format!("{bundle}/evidence.jsonl")), kept);
    }
}

#[test]
fn a_second_seal_is_found_and_not_signed() {
    let Some(bed) = signed("a_second_seal_is_found_and_not_signed") else { return };
    let (good, bad) = (sealed(&bed, "a", "good"), sealed(&bed, "b", "broken"));
    let manifest = Digest::of(&std::fs::read(bed.path(format!("{good}/manifest.sha256"))).unwrap());
    let copied = format!("rm -r {bad} && cp -r {good} {bad}");
    assert_eq!(bed.command("sh").args(["-c", &copied]).run().code(), 0);
    add_seal(&bed, &bad, manifest);
    for _ in 0..2 {
        let verified = origin(&bed);
        assert_eq!(verified.code(), 1, "{verified}");
        assert!(verified.stdout().contains("it has a second seal of b-"), "{verified}");
        let verified = tool(&bed).args(["verify", &bad]).run();
        assert_eq!(verified.code(), 1, "{verified}");
        assert!(verified.stdout().contains("wrong-head"), "{verified}");
        let next = tool(&bed).args(["run", "--name", "next", "--", "true"]).run();
        assert_eq!(next.code(), 0, "{next}");
        assert!(next.stderr().contains("say `recover --origin` to sign it"), "{next}");
        assert!(origin(&bed).stdout().contains("lines were added after it was signed"));
    }
}

#[test]
fn a_line_that_a_killed_writer_left_is_signed_by_the_next() {
    let Some(bed) = signed("a_line_that_a_killed_writer_left_is_signed_by_the_next") else {
        return;
    };
    let first = sealed(&bed, "a", "x");
    let before = (bed.read(log(&bed)), bed.read(log(&bed).replace("log.jsonl", "checkpoint")));
    let second = sealed(&bed, "b", "x");
    bed.write(log(&bed).replace("log.jsonl", "checkpoint"), before.1);
    assert_ne!(bed.read(log(&bed)), before.0);
    sealed(&bed, "c", "x");
    assert_eq!(origin(&bed).code(), 0);
    assert!(!origin(&bed).stdout().contains("lines were added after it was signed"));
    // Of a bundle that is not here nobody knows.
    add_seal(&bed, "artifacts/forged", Digest::of(b"x"));
    sealed(&bed, "d", "x");
    assert!(origin(&bed).stdout().contains("lines were added after it was signed"));
    for bundle in [first, second] {
        assert_eq!(tool(&bed).args(["verify", &bundle]).run().code(), 0);
    }
}

#[test]
fn what_an_origin_log_lists_is_looked_into() {
    let Some(bed) = signed("what_an_origin_log_lists_is_looked_into") else { return };
    let bundle = sealed(&bed, "one", "good");
    assert_eq!(origin(&bed).code(), 0);
    let file = format!("{bundle}/001-echo.out");
    bed.write(&file, "better\n");
    assert!(origin(&bed).stdout().contains("[altered]"), "{}", origin(&bed));
    bed.write(&file, "good\n");
    assert_eq!(origin(&bed).code(), 0);
    let signature = bed.read(format!("{bundle}/manifest.sha256.sig"));
    bed.remove(format!("{bundle}/manifest.sha256.sig"));
    assert!(origin(&bed).stdout().contains("[unsigned]"), "{}", origin(&bed));
    bed.write(format!("{bundle}/manifest.sha256.sig"), signature);
    bed.remove(format!("{bundle}/evidence.jsonl"));
    assert_eq!(origin(&bed).code(), 1);
}

#[test]
fn a_key_that_is_not_allowed_now_vouches_for_no_log() {
    let Some(bed) = signed("a_key_that_is_not_allowed_now_vouches_for_no_log") else { return };
    let bundle = sealed(&bed, "one", "good");
    let export = ["export", &bundle, "--as", "tlog-proof", "-o", "one.proof"];
    assert_eq!(tool(&bed).args(export).run().code(), 0);
    let key = bed.read("home/key.pub");
    let asked = |options: &str| {
        bed.write("signers", format!("z@example.org {options}{key}"));
        let with = ["--allowed-signers", "signers"];
        let origin = tool(&bed).args(["verify", "--origin"]).args(with).run();
        let proof = tool(&bed).args(["verify", &bundle, "--proof", "one.proof"]).args(with).run();
        (origin.code(), proof.code())
    };
    assert_eq!(asked(""), (0, 0));
    for options in
        ["valid-before=\"20200101\" ", "valid-after=\"20990101\" ", "namespaces=\"git\" "]
    {
        assert_eq!(asked(options), (1, 2), "{options}");
    }
}

#[test]
fn a_record_leads_nobody_out_of_the_bundle() {
    let bed = Bed::new();
    let bundle = crate::sealed(&bed);
    bed.write("outside.txt", "words from outside");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    for path in
        [bed.path("outside.txt").to_string_lossy().into_owned(), "../../../outside.txt".into()]
    {
        bed.write(
            format!("{bundle}/evidence.jsonl"),
            records.replace("\"001-one.out\"", &format!("\"{path}\"")),
        );
        let page = tool(&bed).args(["report", &bundle, "-o", "-"]).run();
        assert!(!page.stdout().contains("words from outside"), "{page}");
        let cast = ["export", &bundle, "--as", "asciicast", "--anyway", "-o", "x.cast"];
        assert_ne!(tool(&bed).args(cast).run().code(), 0);
        assert!(!bed.path("x.cast").exists() || !bed.read("x.cast").contains("words from"));
        let verified = tool(&bed).args(["verify", &bundle]).run();
        assert!(verified.stdout().contains("names a file that is not in the bundle"), "{verified}");
    }
}

#[test]
fn a_repository_inside_of_a_bundle_is_not_asked() {
    let bed = Bed::new();
    let bundle = crate::sealed(&bed);
    let line = format!(
        "cd {bundle} && git init -q . && git add -f manifest.sha256 && \
         git -c user.name=x -c user.email=x@example.org commit -qm x"
    );
    if bed.command("sh").args(["-c", &line]).unguarded().run().code() != 0 {
        testbed::not_run("a_repository_inside_of_a_bundle_is_not_asked", "there is no git");
        return;
    }
    let verified = tool(&bed).args(["verify", &bundle]).run();
    assert!(verified.stdout().contains("manifest.sha256"), "{verified}");
    assert!(!verified.stdout().contains("git commit"), "{verified}");
}

#[test]
fn an_attachment_goes_through_no_link() {
    let bed = Bed::new();
    let bundle = open(&bed);
    bed.write("elsewhere/.keep", "");
    bed.write("f.txt", "x");
    std::os::unix::fs::symlink(bed.path("elsewhere"), bed.path(format!("{bundle}/attached")))
        .unwrap();
    let refused = tool(&bed).args(["attach", &bundle, "f.txt"]).run();
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(!bed.path("elsewhere/f.txt").exists());
    bed.remove(format!("{bundle}/attached"));
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
}

#[test]
fn a_sealed_bundle_whose_origin_log_was_lost_or_cut_back_is_named() {
    let test = "a_sealed_bundle_whose_origin_log_was_lost_or_cut_back_is_named";
    let Some(bed) = signed(test) else { return };
    sealed(&bed, "one", "1");
    let folder = log(&bed).strip_suffix("/log.jsonl").unwrap().to_owned();
    let old = ["log.jsonl", "checkpoint", "range"].map(|name| {
        let path = format!("{folder}/{name}");
        let line = bed.read(&path);
        (path, line)
    });
    let second = sealed(&bed, "two", "2");
    // As it was before, with its older checkpoint, which is validly signed.
    for (path, lines) in &old {
        bed.write(path, lines);
    }
    let cut = origin(&bed);
    assert_eq!(cut.code(), 1, "{cut}");
    let named = |output: &testbed::Output| {
        let lines = output.stdout().lines();
        let said = lines.filter(|line| line.contains("which does not list it [missing]"));
        said.map(|line| line.split(['/', '-']).nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named(&cut), ["two"]);
    // What the hint says after a crash.
    assert_eq!(tool(&bed).args(["seal", &second]).run().code(), 0);
    assert_eq!(origin(&bed).code(), 0);
    bed.remove(&folder);
    let lost = origin(&bed);
    assert_eq!((lost.code(), named(&lost)), (1, vec!["one".into(), "two".into()]), "{lost}");
    // Of a log of somebody else that is not here, that alone is said.
    bed.write("elsewhere/ops.toml", bed.read("ops.toml").replace("sign-with = \"home/key\"\n", ""));
    bed.write("elsewhere/.opsproof/allowed_signers", bed.read(".opsproof/allowed_signers"));
    std::fs::rename(bed.path("artifacts"), bed.path("elsewhere/artifacts")).unwrap();
    let other = tool(&bed).args(["verify", "--origin", "--ops", "elsewhere/ops.toml"]).run();
    assert_eq!(other.code(), 0, "{other}");
    assert!(other.stdout().contains("is not here, and the seal of 2 bundles names it"), "{other}");
}

#[test]
fn a_bundle_that_is_removed_and_made_again_at_once_has_another_name() {
    let Some(bed) = signed("a_bundle_that_is_removed_and_made_again_at_once_has_another_name")
    else {
        return;
    };
    bed.write("store/.keep", "");
    let other = sealed(&bed, "other", "kept");
    let made: BTreeSet<_> = (0..4)
        .map(|_| {
            let bundle = sealed(&bed, "again", "removed");
            std::fs::remove_dir_all(bed.path(&bundle)).unwrap();
            bundle
        })
        .collect();
    assert_eq!(made.len(), 4, "{made:?}");
    // Of two seals under one name nobody could tell which is meant, and the log would not be pushed.
    let pushed = tool(&bed).args(["push", &other, "store"]).run();
    assert_eq!(pushed.code(), 0, "{pushed}");
}
