//! Findings as SARIF 2.1.0 (OASIS standard, 2020-03-27), in the part that GitHub code scanning reads.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::answer::{Report, Tool};
use crate::finding::{Finding, Level};
use crate::render;
use crate::rule::Rule;

pub(crate) fn sarif(report: &Report, tool: &Tool, out: &mut dyn Write) -> io::Result<()> {
    let results: Vec<Value> =
        report.findings.iter().map(|finding| result(finding, tool.rules)).collect();
    let rules: Vec<Value> = tool.rules.iter().map(rule).collect();
    render::json(
        out,
        &json!({
            "version": "2.1.0",
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "runs": [{
                "tool": {"driver": {"name": tool.name, "version": tool.version, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        }),
    )
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.mend},
        "defaultConfiguration": {"level": level(rule.level)},
    })
}

fn result(finding: &Finding, rules: &[Rule]) -> Value {
    let subject = &finding.subject;
    let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.level),
        "message": {"text": format!("{}{hint}", finding.message)},
    });
    if let Some(index) = rules.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = index.into();
    }
    // GitHub refuses a result without a location, so what has no file is located at ops.toml.
    let path = subject.path.as_deref().unwrap_or("ops.toml");
    let mut location = json!({"physicalLocation": {"artifactLocation": {"uri": uri(path)}}});
    let mut region = json!({"startLine": subject.line.unwrap_or(1)});
    if let Some(column) = subject.column {
        region["startColumn"] = column.into();
    }
    location["physicalLocation"]["region"] = region;
    if let Some(key) = &subject.key {
        location["logicalLocations"] = json!([{"name": key}]);
    }
    result["locations"] = json!([location]);
    result
}

/// A relative path as a URI reference (RFC 3986 §4.2).
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}
