//! Every SARIF log of a test is validated against the published schema, and against what GitHub asks beyond it.
//!
//! The schema is OASIS' own for SARIF 2.1.0, byte for byte. What GitHub asks is its page "SARIF
//! support for code scanning": properties it requires, lengths and counts it refuses.
#![expect(clippy::panic, reason = "a log that breaks its schema is a failed test")]

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// The pattern for a language tag has a bracket too many, which a strict reader of patterns refuses.
const BROKEN: &str = "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$";
const MENDED: &str = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$";

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = include_str!("../schemas/sarif-2.1.0.json").replace(BROKEN, MENDED);
    serde_json::from_str(&text)
        .map_err(|error| error.to_string())
        .and_then(|schema| {
            let options = jsonschema::options().should_validate_formats(true);
            options.build(&schema).map_err(|error| error.to_string())
        })
        .unwrap_or_else(|error| panic!("schemas/sarif-2.1.0.json is no schema: {error}"))
});

/// Fails the test where stdout is a SARIF log that the schema or GitHub would refuse.
pub(crate) fn check_log(stdout: &[u8]) {
    let Ok(log) = serde_json::from_slice::<Value>(stdout) else { return };
    // Our own answers name their schema, and one of them has runs of another kind.
    if log.get("runs").is_none() || log.get("schema").is_some() {
        return;
    }
    let problems = problems(&log);
    assert!(problems.is_empty(), "the SARIF log is refused:\n{}", problems.join("\n"));
}

/// What is wrong with the log, a line each.
fn problems(log: &Value) -> Vec<String> {
    let mut problems: Vec<String> = SCHEMA
        .iter_errors(log)
        .map(|error| format!("at `{}`: {}", error.instance_path(), error.schema_path()))
        .collect();
    for run in log["runs"].as_array().into_iter().flatten() {
        github(run, &mut problems);
    }
    problems
}

/// What GitHub requires of a run.
fn github(run: &Value, problems: &mut Vec<String>) {
    let mut demand = |holds: bool, what: String| {
        if !holds {
            problems.push(what);
        }
    };
    let text = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let driver = &run["tool"]["driver"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (rules, results) = (list(&driver["rules"]), list(&run["results"]));
    demand(text(&driver["name"]) > 0, "the driver has no name".to_owned());
    demand(results.len() <= 25_000, "more than 25,000 results".to_owned());
    for rule in &rules {
        let id = &rule["id"];
        demand(text(id) > 0, "a rule has no id".to_owned());
        for part in ["shortDescription", "fullDescription", "help"] {
            let length = text(&rule[part]["text"]);
            demand((1..=1024).contains(&length), format!("{id}: {part} has {length} characters"));
        }
    }
    for (number, result) in results.iter().enumerate() {
        let rule =
            result["ruleIndex"].as_u64().and_then(|index| rules.get(usize::try_from(index).ok()?));
        demand(
            rule.is_some_and(|rule| rule["id"] == result["ruleId"]),
            format!("result {number}: its rule is not listed"),
        );
        demand(text(&result["message"]["text"]) > 0, format!("result {number}: no message"));
        demand(
            text(&result["partialFingerprints"]["primaryLocationLineHash"]) > 0,
            format!("result {number}: no fingerprint"),
        );
        let locations = list(&result["locations"]);
        demand((1..=10).contains(&locations.len()), format!("result {number}: no location"));
        for place in locations.iter().map(|location| &location["physicalLocation"]) {
            let uri = place["artifactLocation"]["uri"].as_str().unwrap_or_default();
            demand(
                !uri.is_empty()
                    && !uri.starts_with('/')
                    && !uri.split('/').any(|part| part == ".."),
                format!("result {number}: its path does not lead into the repository"),
            );
            for edge in ["startLine", "startColumn", "endLine", "endColumn"] {
                demand(
                    place["region"][edge].as_u64().is_some_and(|edge| edge > 0),
                    format!("result {number}: no {edge}"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn log() -> Value {
        let text = json!({"text": "x"});
        json!({
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {"name": "tool", "rules": [
                    {"id": "stale", "shortDescription": text, "fullDescription": text, "help": text},
                ]}},
                "results": [{
                    "ruleId": "stale",
                    "ruleIndex": 0,
                    "message": text,
                    "partialFingerprints": {"primaryLocationLineHash": "0:1"},
                    "locations": [{"physicalLocation": {
                        "artifactLocation": {"uri": "a.env"},
                        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2},
                    }}],
                }],
            }],
        })
    }

    #[test]
    fn what_the_schema_or_github_refuses_is_named() {
        assert_eq!(problems(&log()), [""; 0]);
        let check = |change: fn(&mut Value), expected: &str| {
            let mut log = log();
            change(&mut log);
            assert_eq!(problems(&log), [expected]);
        };
        check(
            |log| log["runs"][0]["results"][0]["level"] = "fatal".into(),
            "at `/runs/0/results/0/level`: /definitions/result/properties/level/enum",
        );
        check(
            |log| log["runs"][0]["tool"]["driver"]["rules"][0]["help"] = json!({"text": ""}),
            "\"stale\": help has 0 characters",
        );
        check(|log| log["runs"][0]["results"][0]["locations"] = json!([]), "result 0: no location");
        check(
            |log| {
                log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
                    ["uri"] = "../a".into();
            },
            "result 0: its path does not lead into the repository",
        );
    }
}
