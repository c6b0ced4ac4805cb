//! The four renderings of one report, side by side.

use crate::{Finding, Format, Level, Palette, Report, Rule, Tool};

const RULES: &[Rule] = &[Rule {
    id: "missing-key",
    level: Level::Error,
    summary: "A declared key is not in its file",
    why: "What is declared is needed.",
    mend: "Add the key.",
}];
const TOOL: Tool = Tool { name: "tool", version: "1.2.3", rules: RULES };

fn check(format: Format, findings: Vec<Finding>) -> String {
    let mut out = Vec::new();
    Report::new("tool/check/1", 3, findings)
        .write(format, &TOOL, Palette::PLAIN, &mut out)
        .unwrap();
    String::from_utf8(out).unwrap()
}

fn two() -> Vec<Finding> {
    vec![
        Finding::warning("stale", "not rotated for 100 days").path("b.env"),
        Finding::error("missing-key", "the key is not there")
            .path("a b,c.env")
            .line(3)
            .column(1)
            .key("TOKEN")
            .hint("add it:\nTOKEN=…"),
    ]
}

#[test]
fn human_shows_place_message_rule_and_hint() {
    insta::assert_snapshot!(check(Format::Human, two()), @"
    a b,c.env:3:1 TOKEN: error: the key is not there [missing-key]
      hint: add it:
    TOKEN=…
    b.env: warning: not rotated for 100 days [stale]
    findings: 3 checked, 1 error, 1 warning
    ");
}

#[test]
fn human_says_so_when_nothing_is_found() {
    insta::assert_snapshot!(check(Format::Human, Vec::new()), @"ok: 3 checked, nothing found");
}

#[test]
fn json_is_sorted_and_versioned() {
    insta::assert_snapshot!(check(Format::Json, two()), @r#"{"schema":"tool/check/1","verdict":"findings","checked":3,"findings":[{"rule":"missing-key","level":"error","message":"the key is not there","subject":{"path":"a b,c.env","line":3,"column":1,"key":"TOKEN"},"hint":"add it:\nTOKEN=…"},{"rule":"stale","level":"warning","message":"not rotated for 100 days","subject":{"path":"b.env"}}]}"#);
}

#[test]
fn a_note_leaves_the_verdict_ok() {
    insta::assert_snapshot!(check(Format::Json, vec![Finding::note("stale", "soon")]), @r#"{"schema":"tool/check/1","verdict":"ok","checked":3,"findings":[{"rule":"stale","level":"note","message":"soon","subject":{}}]}"#);
}

#[test]
fn github_escapes_what_would_end_the_command() {
    insta::assert_snapshot!(check(Format::Github, two()), @"
    ::error file=a b%2Cc.env,line=3,col=1,title=missing-key::TOKEN: the key is not there%0Ahint: add it:%0ATOKEN=…
    ::warning file=b.env,title=stale::not rotated for 100 days
    ");
}

#[test]
fn sarif_locates_every_result() {
    let text = check(Format::Sarif, two());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let results = value["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["ruleIndex"], 0);
    assert_eq!(
        results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "a%20b%2Cc.env"
    );
    assert_eq!(results[1]["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
    assert!(results[1].get("ruleIndex").is_none());
}

#[test]
fn sarif_knows_a_finding_again_by_rule_path_and_key() {
    let fingerprints = |findings: Vec<Finding>| -> Vec<String> {
        let value: serde_json::Value =
            serde_json::from_str(&check(Format::Sarif, findings)).unwrap();
        let results = value["runs"][0]["results"].as_array().unwrap().iter();
        let print = |result: &serde_json::Value| {
            result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap().to_owned()
        };
        results.map(print).collect()
    };
    let at = |line| Finding::error("leak", "here").path("a").key("K").line(line);
    let first = fingerprints(vec![at(3), at(9)]);
    assert_eq!(first, fingerprints(vec![at(4), at(12)]), "lines added above change nothing");
    assert_eq!(first[0].replace(":1", ":2"), first[1]);
    let other = fingerprints(vec![Finding::error("leak", "here").path("a").key("L").line(3)]);
    assert_ne!(first[0], other[0]);
}

#[test]
fn sarif_locates_what_lies_outside_at_ops_toml() {
    let outside = Finding::warning("stale", "not searched").path("../a").line(7);
    let value: serde_json::Value =
        serde_json::from_str(&check(Format::Sarif, vec![outside])).unwrap();
    let result = &value["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(result["message"]["text"], "../a: not searched");
    assert_eq!(place["artifactLocation"]["uri"], "ops.toml");
    assert_eq!(place["region"]["startLine"], 1);
}

#[test]
fn sarif_leaves_out_what_github_would_refuse_and_says_so() {
    let findings = (0..12).map(|line| Finding::note("stale", "soon").line(line + 1));
    let error = Finding::error("missing-key", "the key is not there").path("z.env");
    let report = Report::new("tool/check/1", 3, findings.chain([error]).collect());
    let value = super::sarif::log(&report, &TOOL, 10);
    let run = &value["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 10);
    assert_eq!(run["results"][0]["level"], "error");
    insta::assert_snapshot!(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"], @r#""3 findings are left out here; `--format json` has all of them""#);
}

#[test]
fn human_shows_control_characters_escaped() {
    let finding = Finding::error("symlink", "x\u{1b}[2Jy").path("a\rb\nc\u{202e}d");
    insta::assert_snapshot!(check(Format::Human, vec![finding]), @r"
    a\rb\nc\u{202e}d: error: x\u{1b}[2Jy [symlink]
    findings: 3 checked, 1 error
    ");
}
