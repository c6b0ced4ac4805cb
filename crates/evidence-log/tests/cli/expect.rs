//! What a success must print, and who approved a step, as records.

use crate::{faults, open, show, tool};
use testbed::Bed;

#[test]
fn an_output_that_is_not_as_expected_is_no_success() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let run = |expected: &[&str], printed: &str| {
        let args = ["run", "--into", &bundle].into_iter().chain(expected.iter().copied());
        tool(&bed).args(args.chain(["--", "printf", "%s", printed])).run().code()
    };
    assert_eq!(run(&["--expect-match", "^main$"], "main\n"), 0);
    assert_eq!(run(&["--expect-match", "^main$"], "other\n"), 123);
    assert_eq!(run(&["--expect-json", "/n=2"], r#"{"n": 2}"#), 0);
    assert_eq!(run(&["--expect-json", "/n=2", "--expect-json", "/m"], r#"{"n": 2}"#), 123);
    let failed = tool(&bed)
        .args(["run", "--into", &bundle, "--expect-match", "^x$", "--", "sh", "-c", "exit 4"])
        .run();
    assert_eq!(failed.code(), 4, "the command's own code is its own");
    let shown = tool(&bed).args(["show", &bundle]).run();
    assert!(shown.stdout().contains("its output has not a line that matches `^main$`"), "{shown}");
    let page = tool(&bed).args(["report", &bundle, "--output", "-"]).run();
    assert_eq!(page.stdout().matches("exit 0, output not as expected").count(), 4, "{page}");
    assert!(page.stdout().contains("bad\">Its output has not a line that matches `^main$`.</p>"));
    let opened = evidence::Bundle::open(&bed.path(&bundle)).unwrap();
    let succeeded: Vec<bool> = opened.runs().iter().map(evidence::Run::succeeded).collect();
    assert_eq!(succeeded, [true, false, true, false, false]);
    assert_eq!(show(&bed, &bundle)["runs"].as_array().unwrap().len(), 5);
}

#[test]
fn an_exit_code_that_is_not_the_expected_one_is_no_success() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let run = |code: &str| {
        let args = ["run", "--into", &bundle, "--expect-exit", "3,4", "--", "sh", "-c"];
        tool(&bed).args(args).arg(format!("echo x; exit {code}")).run()
    };
    let zero = run("0");
    assert_eq!(zero.code(), 123, "{zero}");
    insta::assert_snapshot!(zero.stderr(), @"evidence-log: exit code 0 is not what was expected");
    assert_eq!([run("3").code(), run("5").code()], [3, 5], "every other code says it by itself");
    let shown = tool(&bed).args(["show", &bundle]).run();
    for words in
        ["(exit 0, expected 3 or 4, ", "(exit 3, as expected, ", "(exit 5, expected 3 or 4, "]
    {
        assert!(shown.stdout().contains(words), "{shown}");
    }
    let runs = show(&bed, &bundle)["runs"].clone();
    let succeeded: Vec<_> = runs.as_array().unwrap().iter().map(|run| &run["succeeded"]).collect();
    assert_eq!(succeeded, [false, true, false]);
    assert_eq!(runs[0]["expect_exit"], serde_json::json!([3, 4]));
    let page = tool(&bed).args(["report", &bundle, "-o", "page.html"]).run();
    assert_eq!(page.code(), 0, "{page}");
    assert!(bed.read("page.html").contains("exit 0, expected 3 or 4"));
}

#[test]
fn json_is_read_to_its_end_however_long_it_is() {
    let bed = Bed::new();
    let line = "printf '{\"b\":\"'; head -c 17000000 /dev/zero | tr '\\0' a; printf '\",\"a\":1}'";
    let run = ["run", "-q", "--name", "x", "--expect-json", "/a=1", "--", "sh", "-c", line];
    let output = bed.command(testbed::bin!("evidence-log")).args(run).run();
    assert_eq!(output.code(), 0, "{}", output.stderr());
}

#[test]
fn what_cannot_be_expected_is_refused_before_anything_runs() {
    let bed = Bed::new();
    for wrong in [["--expect-match", "("], ["--expect-json", "n=2"], ["--expect-json", "/n=two"]] {
        let output = tool(&bed).arg("run").args(wrong).args(["--", "touch", "ran"]).run();
        assert_eq!(output.code(), 125, "{output}");
        assert!(!bed.path("ran").exists());
    }
    let long = "x".repeat(5000);
    let output = tool(&bed).args(["run", "--expect-match", &long, "--", "touch", "ran"]).run();
    assert!(output.code() == 125 && output.stderr().contains("longer than 4096 bytes"), "{output}");
}

#[test]
fn a_pattern_that_is_too_large_is_told_as_that() {
    let bed = Bed::new();
    let run = ["run", "--expect-match", r"\w{1000}", "--", "touch", "ran"];
    let output = tool(&bed).args(run).run();
    assert!(
        output.code() == 125 && output.stderr().contains("the pattern is too large"),
        "{output}"
    );
    assert!(!bed.path("ran").exists());
}

#[test]
fn a_gate_says_who_was_asked_and_what_they_said() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let gate = |args: &[&str]| {
        tool(&bed).args(["gate", &bundle, "deploy"].iter().chain(args).copied()).run().code()
    };
    assert_eq!(gate(&["--refused", "--by", "the prompt", "--who", "Ada"]), 0);
    assert_eq!(gate(&["--approved", "--by", "the prompt", "--who", "Ada"]), 0);
    assert_eq!(gate(&[]), 2);
    assert_eq!(gate(&["--approved", "--refused"]), 2);
    let shown = tool(&bed).args(["show", &bundle]).run();
    assert!(shown.stdout().contains("deploy refused by Ada (the prompt)"), "{shown}");
    assert!(shown.stdout().contains("deploy approved by Ada (the prompt)"), "{shown}");
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let faults = faults(&bed, &bundle);
    assert!(faults.iter().all(|rule| rule == "unsigned"), "{faults:?}");
}
