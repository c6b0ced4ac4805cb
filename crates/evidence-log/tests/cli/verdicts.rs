//! `verify` where something is not what a bundle is made of, or not there at all.

use std::os::unix::fs::PermissionsExt;

use testbed::Bed;

use crate::ops::{is_there, signed, unsigned};
use crate::{faults, open, sealed, tool};

/// What `verify` answers, in time: it must not wait for a pipe that nobody writes to.
fn verify(bed: &Bed, words: &[&str]) -> testbed::Output {
    let program = testbed::bin!("evidence-log");
    bed.command("timeout").args(["60", program, "verify"]).args(words.to_vec()).run()
}

fn make_pipe(bed: &Bed, path: &str) {
    assert_eq!(bed.command("mkfifo").args([path]).unguarded().run().code(), 0);
}

#[test]
fn a_pipe_or_a_link_in_the_place_of_a_file_is_altered_and_never_waited_for() {
    let Some(bed) = signed("a_pipe_or_a_link_in_the_place_of_a_file_is_altered") else { return };
    let bundle = sealed(&bed);
    for name in ["evidence.jsonl", "manifest.sha256", "manifest.sha256.sig", "001-one.out"] {
        let file = format!("{bundle}/{name}");
        let bytes = bed.read_bytes(&file);
        for is_pipe in [true, false] {
            bed.remove(&file);
            if is_pipe {
                make_pipe(&bed, &file);
            } else {
                bed.write("aside", &bytes);
                std::os::unix::fs::symlink(bed.path("aside"), bed.path(&file)).unwrap();
            }
            let found = verify(&bed, &[&bundle]);
            assert_eq!(found.code(), 1, "{name}: {found}");
            let said = format!("{name}: error: it cannot be read");
            let said = found.stdout().contains(&said) || found.stdout().contains("cannot be read");
            assert!(said && found.stdout().contains("[altered]"), "{name}: {found}");
            let page = bed.command("timeout").args(["60", testbed::bin!("evidence-log"), "report"]);
            let page = page.args([&bundle, "-o", "page.html"]).run();
            assert!(page.code() != 124, "{name}: {page}");
        }
        bed.remove(&file);
        bed.write(&file, &bytes);
    }
    assert_eq!(verify(&bed, &[&bundle]).code(), 0, "everything was put back");
}

/// Whoever may not read a file cannot tell that it was altered.
#[test]
fn a_file_that_cannot_be_read_is_named_and_leaves_no_verdict() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let file = format!("{bundle}/001-one.out");
    std::fs::set_permissions(bed.path(&file), std::fs::Permissions::from_mode(0o000)).unwrap();
    let program = testbed::bin!("evidence-log");
    // The superuser reads everything, unless that right is given up.
    let without = "--bounding-set=-dac_override,-dac_read_search";
    let as_anyone = |words: &[&str]| bed.command("setpriv").arg(without).args(words.to_vec()).run();
    if !is_there("setpriv") || as_anyone(&["sh", "-c", &format!("! cat {file} 2>&1")]).code() != 0 {
        let test = "a_file_that_cannot_be_read_is_named_and_leaves_no_verdict";
        testbed::not_run(test, "there is no setpriv, or the right to read all cannot be given up");
        return;
    }
    for words in [&["verify", &bundle][..], &["report", &bundle, "-o", "page.html"]] {
        let refused = as_anyone(&[&[program], words].concat());
        assert_eq!(refused.code(), 2, "{refused}");
        assert!(refused.stderr().contains("001-one.out\n"), "{refused}");
    }
}

#[test]
fn records_that_are_gone_from_a_sealed_bundle_are_missing() {
    let Some(bed) = signed("records_that_are_gone_from_a_sealed_bundle_are_missing") else {
        return;
    };
    let bundle = sealed(&bed);
    bed.remove(format!("{bundle}/evidence.jsonl"));
    let found = verify(&bed, &[&bundle]);
    assert_eq!(found.code(), 1, "{found}");
    assert_eq!(faults(&bed, &bundle), ["missing"]);
    assert!(found.stdout().contains("evidence.jsonl"), "{found}");
    bed.remove(format!("{bundle}/manifest.sha256"));
    let found = verify(&bed, &[&bundle]);
    assert_eq!(found.code(), 2, "nothing says any more that it was a bundle: {found}");
}

#[test]
fn one_path_that_is_no_bundle_does_not_hide_the_verdicts_of_the_others() {
    let bed = unsigned();
    let (one, two) = (sealed(&bed), sealed(&bed));
    bed.write(format!("{two}/001-one.out"), "jello\n");
    let words = ["--allow-unsigned", &one, "nowhere", &two, "vault"];
    let found = verify(&bed, &words);
    assert_eq!(found.code(), 2, "{found}");
    assert!(found.stdout().contains(&format!("{one}: intact")), "{found}");
    assert!(found.stdout().contains(&format!("{two}: NOT intact")), "{found}");
    assert!(found.stderr().contains("error: there is no bundle at nowhere"), "{found}");
    assert!(found.stderr().contains("vault is not a bundle"), "{found}");

    let none = verify(&bed, &["nowhere", "elsewhere"]);
    assert_eq!((none.code(), none.stdout()), (2, ""), "no verdict: {none}");

    let json = verify(&bed, &[&words[..], &["--format", "json"]].concat());
    assert_eq!(json.code(), 2, "{json}");
    assert!(json.stderr().contains("error: there is no bundle at nowhere"), "{json}");
    let answer = json.json();
    assert_eq!(answer["checked"], 2, "{answer}");
    let rules: Vec<&str> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["level"] == "error")
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules.iter().filter(|rule| **rule == "unreadable").count(), 2, "{answer}");
    assert!(rules.contains(&"altered"), "{answer}");
}

#[test]
fn a_sealed_bundle_that_is_gone_is_missing_unless_the_store_has_it() {
    let test = "a_sealed_bundle_that_is_gone_is_missing_unless_the_store_has_it";
    let Some(bed) = signed(test) else { return };
    let (gone, here) = (sealed(&bed), sealed(&bed));
    bed.write("store/.keep", "");
    let ask = |more: &[&str]| verify(&bed, &[&["--origin"], more].concat());
    assert_eq!(ask(&[]).code(), 0);
    assert_eq!(tool(&bed).args(["push", &gone, "store"]).run().code(), 0);
    std::fs::rename(bed.path(&gone), bed.path("archived")).unwrap();
    let found = ask(&[]);
    assert_eq!(found.code(), 1, "{found}");
    assert!(found.stdout().contains("[missing]") && found.stdout().contains(&gone), "{found}");
    assert!(found.stdout().contains("--remote"), "a hint says how to go on: {found}");

    let known = ask(&["--remote", "store"]);
    assert_eq!(known.code(), 0, "{known}");
    assert!(known.stdout().contains("the store has its manifest as it was sealed"), "{known}");
    bed.write("other/.keep", "");
    assert_eq!(tool(&bed).args(["push", &here, "other"]).run().code(), 0);
    let unknown = ask(&["--remote", "other"]);
    assert_eq!(unknown.code(), 1, "{unknown}");
    assert!(unknown.stdout().contains("neither here nor in the store"), "{unknown}");

    let name = gone.strip_prefix("artifacts/").unwrap();
    let manifest = format!("store/bundles/{name}/manifest.sha256");
    bed.write(&manifest, bed.read(&manifest).replacen('a', "b", 1));
    let changed = ask(&["--remote", "store"]);
    assert_eq!(changed.code(), 1, "{changed}");
    assert!(changed.stdout().contains("[wrong-head]"), "{changed}");
    std::fs::rename(bed.path("archived"), bed.path(&gone)).unwrap();
    assert_eq!(ask(&[]).code(), 0, "it was put back");
}

#[test]
fn the_lines_to_check_by_hand_work_where_they_are_printed() {
    let Some(bed) = signed("the_lines_to_check_by_hand_work_where_they_are_printed") else {
        return;
    };
    bed.write("docs/.keep", "");
    bed.write("docs/it's one/.keep", "");
    let bundle = open(&bed);
    let sealed = tool(&bed).cwd(bed.path("docs")).args(["seal", &bundle]).run();
    assert_eq!(sealed.code(), 0, "{sealed}");
    let moved = format!("docs/it's one/{}", bundle.rsplit('/').next().unwrap());
    let copied = bed.command("cp").args(["-r", &bundle, &moved]).unguarded().run();
    assert_eq!(copied.code(), 0, "{copied}");
    for folder in ["docs", ".", "docs/it's one", &bundle] {
        for named in [&bundle, &moved] {
            let path = bed.path(named).display().to_string();
            let verified = tool(&bed).cwd(bed.path(folder)).args(["verify", &path]).run();
            assert_eq!(verified.code(), 0, "{verified}");
            let lines: Vec<&str> = verified
                .stdout()
                .lines()
                .filter(|line| line.starts_with("  (cd ") || line.starts_with("  ssh-keygen "))
                .collect();
            assert_eq!(lines.len(), 2, "{verified}");
            for line in lines {
                let done = bed.command("sh").args(["-c", line]).cwd(bed.path(folder)).run();
                assert_eq!(done.code(), 0, "in {folder}: {line}: {done}");
            }
        }
    }
    let lines: Vec<&str> = sealed.stderr().lines().filter(|line| line.starts_with("  ")).collect();
    assert!(!lines.is_empty(), "{sealed}");
    for line in lines {
        let done = bed.command("sh").args(["-c", line]).cwd(bed.path("docs")).run();
        assert_eq!(done.code(), 0, "{line}: {done}");
    }
}

#[test]
fn a_declared_file_of_signers_that_is_gone_decides_nothing() {
    let test = "a_declared_file_of_signers_that_is_gone_decides_nothing";
    let Some(bed) = signed(test) else { return };
    bed.write("store/.keep", "");
    let bundle = sealed(&bed);
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    bed.remove(".opsproof/allowed_signers");
    let verify = |more: &[&str]| tool(&bed).args(["verify", &bundle]).args(more).run();
    let undecided = verify(&[]);
    assert_eq!(undecided.code(), 2, "{undecided}");
    assert!(
        undecided.stdout().contains("declared as the file of allowed signers, and is not there")
    );
    bed.remove(format!("{bundle}/manifest.sha256.sig"));
    assert_eq!(verify(&[]).code(), 1, "the seal names a key");
    let pulled = tool(&bed).args(["pull", pushed.stdout().trim(), "back"]).run();
    assert_eq!(pulled.code(), 2, "{pulled}");
    assert!(pulled.stderr().contains("allowed_signers") && !bed.path("back").exists(), "{pulled}");
}

#[test]
fn a_key_that_nobody_listed_is_told_when_it_signs() {
    let Some(bed) = signed("a_key_that_nobody_listed_is_told_when_it_signs") else { return };
    let bundle = sealed(&bed);
    let quiet = tool(&bed).args(["seal", &bundle]).run();
    assert!(!quiet.stderr().contains("warning"), "{quiet}");
    let other = bed.path("home/other").to_string_lossy().into_owned();
    let make = ["-q", "-t", "ed25519", "-N", "", "-f", &other];
    assert_eq!(bed.command("ssh-keygen").args(make).unguarded().run().code(), 0);
    let public = bed.read("home/other.pub");
    bed.write(".opsproof/allowed_signers", format!("ops@example.org {public}"));
    let told = "warning: .opsproof/allowed_signers does not list the key that signed";
    let again = tool(&bed).args(["seal", &bundle]).run();
    assert!(again.code() == 0 && again.stderr().contains(told), "{again}");
}

#[test]
fn the_lines_to_check_by_hand_work_for_any_name_of_a_signer() {
    let Some(bed) = signed("the_lines_to_check_by_hand_work_for_any_name_of_a_signer") else {
        return;
    };
    let signers = bed.read(".opsproof/allowed_signers");
    for name in ["Ops Team", "it's $HOME", "*@example.org"] {
        let key = signers.strip_prefix("ops@example.org").unwrap();
        bed.write(".opsproof/allowed_signers", format!("\"{name}\"{key}"));
        let bundle = sealed(&bed);
        let said = verify(&bed, &[&bundle]);
        let line =
            said.stdout().lines().find(|line| line.contains("ssh-keygen -Y verify")).unwrap();
        let by_hand = bed.command("sh").args(["-c", line]).unguarded().run();
        assert_eq!(by_hand.code(), 0, "{line}: {by_hand}");
    }
}

#[test]
fn what_is_left_of_a_bundle_is_listed() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    bed.remove(format!("{bundle}/evidence.jsonl"));
    let listed = tool(&bed).arg("list").run();
    assert!(
        listed.stdout().trim_start().starts_with("unread    artifacts/area/check-"),
        "{listed}"
    );
}
