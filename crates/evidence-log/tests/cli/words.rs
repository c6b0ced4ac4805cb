//! How a command line of `run` is read: what is refused, with which code, and where the program is looked for.

use testbed::Bed;

use crate::{open, show, tool};

#[test]
fn what_run_cannot_understand_is_its_own_failure() {
    let bed = Bed::new();
    for words in [
        vec!["run"],
        vec!["run", "--no-such", "--", "true"],
        vec!["run", "--timeout", "0s", "--", "touch", "made"],
        vec!["--color", "never", "run", "--timeout", "soon", "--", "true"],
    ] {
        let refused = tool(&bed).args(words.clone()).run();
        assert_eq!(refused.code(), 125, "{words:?}: {refused}");
    }
    assert!(!bed.path("made").exists());
    for words in [vec!["open"], vec!["show", "run", "--no-such"], vec!["--ops", "run", "show"]] {
        assert_eq!(tool(&bed).args(words.clone()).run().code(), 2, "{words:?}");
    }
    assert_eq!(tool(&bed).args(["run", "--help"]).run().code(), 0);
    let own = tool(&bed).args(["run", "--quiet", "--", "sh", "-c", "exit 2"]).run();
    assert_eq!(own.code(), 2, "the command's own code is passed on: {own}");
}

#[test]
fn an_empty_element_of_the_path_is_the_folder_that_one_is_in() {
    let bed = Bed::new();
    bed.write_mode("mine", "#!/bin/sh\necho mine\n", 0o755);
    let bundle = open(&bed);
    for path in [":/usr/bin:/bin", "/usr/bin:/bin:", "/usr/bin::/bin"] {
        let run = ["run", "--into", &bundle, "--", "mine"];
        let output = tool(&bed).args(run).env("PATH", path).run();
        assert_eq!((output.code(), output.stdout()), (0, "mine\n"), "{path}: {output}");
    }
    let without = tool(&bed)
        .args(["run", "--into", &bundle, "--", "mine"])
        .env("PATH", "/usr/bin:/bin")
        .run();
    assert_eq!(without.code(), 127, "{without}");
    assert_eq!(show(&bed, &bundle)["runs"][3]["outcome"], "not-started");
}

#[test]
fn who_asked_for_json_is_told_in_json_that_the_command_line_is_wrong() {
    let bed = Bed::new();
    for (words, code, schema) in [
        (vec!["verify", "--no-such", "--format", "json"], 2, "evidence-log/verify/1"),
        (vec!["pull", "--format=json"], 2, "evidence-log/pull/1"),
        (vec!["run", "--format", "json", "--", "true"], 125, "evidence-log/run/1"),
    ] {
        let refused = tool(&bed).args(words.clone()).run();
        assert_eq!(refused.code(), code, "{words:?}: {refused}");
        let answer = refused.json();
        assert_eq!(answer["schema"], schema, "{answer}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty(), "{answer}");
        assert!(refused.stderr().starts_with("error: "), "{refused}");
    }
    let command = ["run", "--no-such", "--", "x", "--format", "json"];
    assert_eq!(tool(&bed).args(command).run().stdout(), "", "that is the command's own");
}

#[test]
fn a_bundle_writes_nothing_but_text_to_the_terminal() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let forged = "x'\u{1b}[8m\n  2026-11-28T18:40:00Z 002 deploy (exit 0, 3 s)";
    let run = ["run", "--into", &bundle, "--label", "d", "--", "false", forged];
    assert_eq!(tool(&bed).args(run).run().code(), 1);
    let note = "\u{1b}]0;title\u{7}\u{202e}end\r\n  2026-11-28T18:40:00Z 003 forged (exit 0)";
    assert_eq!(tool(&bed).args(["note", &bundle, note]).run().code(), 0);
    let gate = ["gate", &bundle, "step", "--approved", "--who", "w\u{1b}[31m"];
    assert_eq!(tool(&bed).args(gate).run().code(), 0);
    let shown = tool(&bed).args(["show", &bundle]).run();
    assert!(!shown.stdout().contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']), "{shown}");
    let runs = shown.stdout().lines().filter(|line| line.contains(" (exit 0"));
    assert!(runs.clone().all(|line| line.starts_with("      ")), "{shown}");
    assert_eq!(runs.count(), 2, "{shown}");
}
