//! `recover` and `seal` after a crash at each place: torn lines, beginnings without an end, half a seal.

use crate::ops::{is_there, signed, unsigned};
use crate::{faults, open, show, tool, wait_for_command};

#[test]
fn what_a_killed_recorder_left_is_named_and_recorded() {
    let bed = unsigned();
    let bundle = open(&bed);
    let nothing = tool(&bed).args(["recover", &bundle]).run();
    insta::assert_snapshot!(nothing, @"
    artifacts/area/check-[TIME]: nothing to recover
    [exit status: 0]
    ");
    // The recorder is killed from inside its own command, which ends too.
    let command = format!(
        "echo started; until [ -s {bundle}/001-k.out ]; do sleep 0.02; done; kill -KILL $PPID"
    );
    let run = ["run", "--into", &bundle, "--label", "k", "--", "sh", "-c", &command];
    let _ = tool(&bed).args(run).run();
    wait_for_command(&bed, &format!("{bundle}/001-k.timing"));
    let torn = format!("{}{{\"v\":1,\"i\":2", bed.read(format!("{bundle}/evidence.jsonl")));
    bed.write(format!("{bundle}/evidence.jsonl"), torn);
    let recovered = tool(&bed).args(["recover", &bundle]).run().to_string();
    let offset = recovered.split_once("torn-").unwrap().1.lines().next().unwrap().to_owned();
    let recovered = recovered.replace(&format!("torn-{offset}"), "torn-OFFSET");
    insta::assert_snapshot!(recovered, @"
    artifacts/area/check-[TIME]: a record was cut short; its 12 bytes are kept in evidence.jsonl.torn-OFFSET
    artifacts/area/check-[TIME]: run 1 (k) was cut short, and that is recorded; how it ended is not known
    [exit status: 0]
    ");
    assert_eq!(faults(&bed, &bundle), ["unsealed", "incomplete"]);
    // The bundle goes on, and what was found is in it.
    assert_eq!(tool(&bed).args(["run", "--into", &bundle, "--", "echo", "next"]).run().code(), 0);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    assert_eq!(faults(&bed, &bundle), ["incomplete"]);
    // What it printed is shown like any other output.
    let files = show(&bed, &bundle)["runs"][0]["files"].clone();
    assert_eq!((&files[1]["path"], &files[1]["role"]), (&"001-k.out".into(), &"left".into()));
    let shown = tool(&bed).args(["show", &bundle]).run();
    assert!(shown.stdout().contains("001-k.out 8 bytes"), "{shown}");
    assert_eq!(tool(&bed).args(["report", &bundle, "-o", "k.html"]).run().code(), 0);
    let page = bed.read("k.html");
    assert!(page.contains("aria-label=\"stdout of run 1\">started"), "{page}");
    assert!(page.contains("its recorder was stopped. The command may have gone on."), "{page}");
}

#[test]
fn a_run_that_goes_on_is_left_alone() {
    let bed = unsigned();
    let bundle = open(&bed);
    let command = "touch started; while [ ! -e go ]; do sleep 0.02; done";
    let run = ["run", "--into", &bundle, "--label", "on", "--", "sh", "-c", command];
    let running = tool(&bed).args(run).start();
    while !bed.path("started").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let recovered = tool(&bed).args(["recover", &bundle]).run();
    let page = tool(&bed).args(["report", &bundle, "-o", "-"]).run();
    bed.write("go", "");
    assert!(page.stdout().contains("it goes on, or its recorder was stopped"), "{page}");
    assert_eq!(running.wait().code(), 0);
    assert_eq!(recovered.code(), 1, "{recovered}");
    assert!(recovered.stdout().ends_with("run 1 (on) is still being recorded\n"), "{recovered}");
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

/// `seal` is made to fail, or killed, at each of its calls: `recover` finishes what was begun, and nothing is lost.
#[test]
fn a_seal_that_was_cut_short_is_finished() {
    let test = "a_seal_that_was_cut_short_is_finished";
    let Some(bed) = signed(test) else { return };
    let traced = bed.command("strace").args(["-o", "/dev/null", "true"]).unguarded();
    if !is_there("strace") || traced.run().code() != 0 {
        testbed::not_run(test, "strace cannot trace here");
        return;
    }
    let program = testbed::bin!("evidence-log");
    for call in ["write", "fdatasync", "fsync", "rename"] {
        for fault in ["signal=KILL", "error=EIO"] {
            for when in [1, 2, 3, 4, 6] {
                let bundle = open(&bed);
                assert_eq!(tool(&bed).args(["note", &bundle, "kept"]).run().code(), 0);
                let inject = format!("inject={call}:{fault}:when={when}");
                let trace = format!("trace={call}");
                let strace =
                    ["-o", "/dev/null", "-e", &trace, "-e", &inject, program, "seal", &bundle];
                let sealed = bed.command("strace").args(strace).run();
                let found = faults(&bed, &bundle);
                let known = ["unsealed", "torn", "missing", "unsigned", "added"];
                assert!(
                    found.iter().all(|rule| known.contains(&rule.as_str())),
                    "{inject}: {found:?} {sealed}"
                );
                if sealed.code() == 0 {
                    assert_eq!(
                        found,
                        Vec::<String>::new(),
                        "{inject}: an acknowledged seal is whole"
                    );
                }
                let recovered = tool(&bed).args(["recover", &bundle]).run();
                assert_eq!(recovered.code(), 0, "{inject}: {recovered}");
                let again = tool(&bed).args(["seal", &bundle]).run();
                assert_eq!(again.code(), 0, "{inject}: {again}");
                assert_eq!(faults(&bed, &bundle), Vec::<String>::new(), "{inject}");
                let records = bed.read(format!("{bundle}/evidence.jsonl"));
                assert_eq!(records.matches("\"text\":\"kept\"").count(), 1, "{inject}");
            }
        }
    }
    let origins = tool(&bed).args(["verify", "--origin"]).run();
    assert_eq!(origins.code(), 0, "{origins}");
}

#[test]
fn a_folder_that_was_never_opened_takes_nothing() {
    let bed = testbed::Bed::new();
    bed.write("some/file", "x");
    bed.write("killed/evidence.jsonl", "");
    for folder in ["some", "killed", "."] {
        for words in [
            &["run", "--into", folder, "--", "true"][..],
            &["note", folder, "words"],
            &["attach", folder, "some/file"],
            &["gate", folder, "step", "--approved"],
            &["seal", folder],
        ] {
            let refused = tool(&bed).args(words).run();
            assert_eq!(refused.code(), if words[0] == "run" { 125 } else { 2 }, "{refused}");
        }
        let is_killed = folder == "killed";
        assert_eq!(bed.path(format!("{folder}/evidence.jsonl")).exists(), is_killed, "{folder}");
    }
    assert!(!bed.path("killed/manifest.sha256").exists());
    let verified = tool(&bed).args(["verify", "killed"]).run();
    assert!(verified.stdout().contains("whoever opened the bundle was killed"), "{verified}");
}
