//! `export`: what is written, and what is refused. Other people's verifiers on it are in `peers`.

use crate::ops::{signed, unsigned};
use crate::{open, tool};

fn sealed(bed: &testbed::Bed) -> String {
    let bundle = open(bed);
    let run = |label: &str, words: &[&str]| {
        let _ = tool(bed)
            .args(["run", "--into", &bundle, "--label", label, "--"])
            .args(words.to_vec())
            .run();
    };
    run("one", &["sh", "-c", "echo hello; exit 42"]);
    run("two", &["echo", "there"]);
    assert_eq!(tool(bed).args(["seal", &bundle]).run().code(), 0);
    bundle
}

#[test]
fn statements_go_out_as_they_are_and_never_over_a_file() {
    let Some(bed) = signed("statements_go_out_as_they_are_and_never_over_a_file") else { return };
    let bundle = sealed(&bed);
    let export =
        || tool(&bed).args(["export", &bundle, "--as", "in-toto", "-o", "out.jsonl"]).run();
    let written = export();
    assert_eq!((written.code(), written.stdout()), (0, "out.jsonl\n"), "{written}");
    let both =
        [1, 2].map(|n| bed.read(format!("{bundle}/00{n}-{}.intoto.json", ["one", "two"][n - 1])));
    assert_eq!(bed.read("out.jsonl"), both.concat());
    insta::assert_snapshot!(export(), @"
    ------- stderr -------
    error: out.jsonl is there already
    hint: name another; nothing is ever overwritten
    [exit status: 2]
    ");
    let one = tool(&bed)
        .args(["export", &bundle, "--as", "in-toto", "--run", "2", "-o", "two.jsonl"])
        .run();
    assert_eq!((one.code(), bed.read("two.jsonl")), (0, both[1].clone()));
    let none =
        tool(&bed).args(["export", &bundle, "--as", "in-toto", "--run", "3", "-o", "no"]).run();
    assert_eq!(none.code(), 2, "{none}");
    let json = tool(&bed)
        .args(["export", &bundle, "--as", "witness", "-o", "w", "--format", "json"])
        .run()
        .json();
    assert_eq!((&json["files"], &json["signed"]), (&3.into(), &true.into()), "{json}");
}

#[test]
fn what_is_altered_is_exported_only_when_told_to_and_says_so() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    bed.write(format!("{bundle}/001-one.out"), "jello\n");
    let export = |more: &[&str]| {
        tool(&bed)
            .args(["export", &bundle, "--as", "asciicast", "-o", "x.cast"])
            .args(more.to_vec())
            .run()
    };
    insta::assert_snapshot!(export(&[]), @"
    ------- stderr -------
    error: artifacts/area/check-[TIME] is not intact: altered 001-one.out: it is not what the manifest has the digest of
    hint: `evidence-log verify` lists all that is wrong
    [exit status: 1]
    ");
    assert!(!bed.path("x.cast").exists());
    let anyway = export(&["--anyway"]);
    assert_eq!(anyway.code(), 1, "{anyway}");
    assert!(anyway.stderr().contains("is NOT intact, and was exported all the same"), "{anyway}");
    assert!(bed.read("x.cast").contains("jello"));
}

#[test]
fn a_cast_plays_the_runs_one_after_the_other() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let written = tool(&bed).args(["export", &bundle, "--as", "asciicast", "-o", "x.cast"]).run();
    assert_eq!(written.code(), 0, "{written}");
    let cast = bed.read("x.cast");
    let mut lines = cast.lines();
    let header: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!((&header["version"], &header["title"]), (&3.into(), &"check".into()));
    let events: Vec<(f64, String, String)> =
        lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<_> =
        events.iter().map(|(_, code, data)| (code.as_str(), data.as_str())).collect();
    assert_eq!(
        said,
        [
            ("m", "001 one: sh -c 'echo hello; exit 42'"),
            ("o", "hello\r\n"),
            ("m", "002 two: echo there"),
            ("o", "there\r\n"),
            ("x", "0"),
        ]
    );
    assert!(events.iter().all(|(interval, ..)| *interval >= 0.0));
}

#[test]
fn a_proof_vouches_for_one_bundle_and_no_other() {
    let Some(bed) = signed("a_proof_vouches_for_one_bundle_and_no_other") else { return };
    let (first, second) = (sealed(&bed), sealed(&bed));
    let exported =
        tool(&bed).args(["export", &first, "--as", "tlog-proof", "-o", "first.tlog-proof"]).run();
    assert_eq!(exported.code(), 0, "{exported}");
    let verify =
        |bundle: &str| tool(&bed).args(["verify", bundle, "--proof", "first.tlog-proof"]).run();
    let good = verify(&first);
    assert!(good.code() == 0 && !good.stdout().contains("no-anchor"), "{good}");
    let wrong = verify(&second);
    assert!(wrong.code() == 1 && wrong.stdout().contains("[wrong-head]"), "{wrong}");
    let text = bed.read("first.tlog-proof");
    bed.write("first.tlog-proof", text.replacen("index 1", "index 2", 1));
    assert_eq!(verify(&first).code(), 2);
    bed.write("first.tlog-proof", &text);
    bed.write(".opsproof/allowed_signers", "");
    assert_eq!(verify(&first).code(), 2, "nobody who is allowed signed the checkpoint");
}

#[test]
fn a_log_with_a_changed_line_gives_no_tiles() {
    let Some(bed) = signed("a_log_with_a_changed_line_gives_no_tiles") else { return };
    let bundle = sealed(&bed);
    let export =
        |to: &str| tool(&bed).args(["export", &bundle, "--as", "tlog-tiles", "-o", to]).run();
    assert_eq!(export("tiles").code(), 0);
    let files = bed.command("sh").args(["-c", "cd tiles && find . -type f | LC_ALL=C sort"]).run();
    insta::assert_snapshot!(files, @"
    ./checkpoint
    ./log.vkey
    ./tile/0/000.p/2
    ./tile/entries/000.p/2
    [exit status: 0]
    ");
    let log = bed
        .command("sh")
        .args(["-c", "echo artifacts/.log/*/log.jsonl"])
        .run()
        .stdout()
        .trim()
        .to_owned();
    bed.write(&log, bed.read(&log).replacen("\"open\"", "\"OPEN\"", 1));
    let refused = export("other");
    assert!(refused.code() == 1 && !bed.path("other").exists(), "{refused}");
    assert!(refused.stderr().contains("hint: `evidence-log verify --origin` lists"), "{refused}");
    let listed = tool(&bed).args(["verify", "--origin"]).run();
    assert!(listed.code() == 1 && listed.stdout().contains("log.jsonl"), "{listed}");
}

#[test]
fn a_run_is_not_asked_for_where_there_is_none() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    for form in ["tlog-tiles", "tlog-proof"] {
        let export = ["export", &bundle, "--as", form, "--run", "1", "-o", "out"];
        let refused = tool(&bed).args(export).run();
        assert_eq!(refused.code(), 2, "{refused}");
        assert!(refused.stderr().contains("--run names a run"), "{refused}");
        assert!(!bed.path("out").exists());
    }
}

#[test]
fn an_export_is_no_file_by_the_name_of_standard_output() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let refused = tool(&bed).args(["export", &bundle, "--as", "asciicast", "-o", "-"]).run();
    assert_eq!((refused.code(), refused.stdout()), (2, ""), "{refused}");
    assert!(refused.stderr().contains("not to standard output; name one"), "{refused}");
    assert!(!bed.path("-").exists());
}
