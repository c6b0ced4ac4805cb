//! What is said never repeats a credential, and what does not hold is no proof.

use std::fs;

use crate::bundle::{Run, bundle, exited};
use crate::{SEED, VALUE, bed, run};

#[test]
fn an_error_repeats_no_credential_that_it_was_given() {
    let bed = bed();
    let failed = bundle(&bed, "bad", &[exited(&["sh"], "oops\n", 3)]);
    let (status, file) = (format!("done {VALUE}"), format!("feedback/{VALUE}.md"));
    fs::create_dir_all(bed.path(format!("artifacts/{VALUE}/f"))).unwrap();
    let evidence = format!("artifacts/{VALUE}/f");
    let given: [(&[&str], i32); 5] = [
        (&["--role", "chatwoot", "--evidence", &failed, "--status", &status], 1),
        (&["--role", VALUE], 2),
        (&["--role", "chatwoot", "--as", VALUE], 2),
        (&[&file], 2),
        (&["--role", "chatwoot", "--evidence", &evidence], 2),
    ];
    for (args, code) in given {
        let args = args.iter().copied().chain(["--title", "T", "--message", "text"]);
        let output = bed.command(testbed::bin!("feedback-append")).args(args).unguarded().run();
        assert_eq!(output.code(), code, "{output}");
        assert!(output.stderr().contains("***REDACTED***"), "{output}");
        assert!(!output.to_string().contains("CANARY"), "{output}");
    }
}

#[test]
fn a_finding_repeats_no_credential_of_the_log() {
    let mut bed = bed();
    bed.holds_secrets("feedback/");
    let log = format!(
        "{SEED}\n## 2026-11-27T10:00:00Z — Key\nStatus: done, key {VALUE}\n\nEvidence: artifacts/{VALUE}/x.log\n"
    );
    bed.write("feedback/chatwoot.md", log);
    for format in ["human", "json", "github", "sarif"] {
        let args = ["check", "feedback/chatwoot.md", "--format", format];
        let output = bed.command(testbed::bin!("feedback-append")).args(args).unguarded().run();
        assert!(output.stdout().contains("artifacts/***REDACTED***/x.log"), "{output}");
        assert!(!output.to_string().contains("CANARY"), "{output}");
    }
}

#[test]
fn a_bundle_of_which_anything_was_altered_is_not_cited() {
    let bed = bed();
    let whole = |name: &str| bundle(&bed, name, &[exited(&["sh"], "out\n", 0)]);
    let cite = |bundle: &str| {
        run(&bed, ["--role", "chatwoot", "--title", "T", "--message", "m", "--evidence", bundle])
    };
    assert_eq!(cite(&whole("as-it-was")).code(), 0);
    let added = whole("added");
    bed.write(format!("{added}/extra.txt"), "x");
    let manifest = whole("manifest");
    bed.write(format!("{manifest}/manifest.sha256"), "aa\n");
    let gone = whole("gone");
    bed.remove(format!("{gone}/manifest.sha256"));
    for bundle in [added, manifest, gone] {
        let output = cite(&bundle);
        assert_eq!(output.code(), 2, "{output}");
        assert!(output.stderr().contains("the bundle does not hold together"), "{output}");
    }
}

#[test]
fn a_failed_run_is_made_good_in_its_own_folder_alone() {
    let bed = bed();
    let runs = |second: &'static str| {
        let run = |cwd, code| Run { cwd, ..exited(&["sh", "test.sh"], "tested\n", code) };
        [run("pkg/a", 1), run(second, 0)]
    };
    let done = |bundle: &str| {
        let args = ["--role", "chatwoot", "--title", "T", "--message", "m", "--status", "done"];
        run(&bed, args.into_iter().chain(["--evidence", bundle])).code()
    };
    assert_eq!(done(&bundle(&bed, "elsewhere", &runs("pkg/b"))), 1);
    assert_eq!(done(&bundle(&bed, "there", &runs("pkg/a"))), 0);
}
