//! Findings as SARIF 2.1.0 (OASIS standard, 2020-03-27), in the part that GitHub code scanning reads.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::answer::{Report, Tool};
use crate::finding::{Finding, Level, Subject};
use crate::render;
use crate::rule::Rule;

/// GitHub refuses a run with more results than this.
const MOST_RESULTS: usize = 25_000;

pub(crate) fn sarif(report: &Report, tool: &Tool, out: &mut dyn Write) -> io::Result<()> {
    render::json(out, &log(report, tool, MOST_RESULTS))
}

/// The log, with at most so many results.
pub(crate) fn log(report: &Report, tool: &Tool, most_results: usize) -> Value {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    let n_left_out = findings.len().saturating_sub(most_results);
    if n_left_out > 0 {
        // What must be mended stays; the order among equals does too.
        findings.sort_by_key(|finding| finding.level);
        findings.truncate(most_results);
    }
    let mut seen = BTreeMap::new();
    let results: Vec<Value> =
        findings.iter().map(|finding| result(finding, tool.rules, &mut seen)).collect();
    let rules: Vec<Value> = tool.rules.iter().map(rule).collect();
    let mut run = json!({
        "tool": {"driver": {"name": tool.name, "semanticVersion": tool.version, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    if n_left_out > 0 {
        let text =
            format!("{n_left_out} findings are left out here; `--format json` has all of them");
        run["invocations"] = json!([{
            "executionSuccessful": true,
            "toolExecutionNotifications": [{"level": "warning", "message": {"text": text}}],
        }]);
    }
    json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [run],
    })
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

fn result(finding: &Finding, rules: &[Rule], seen: &mut BTreeMap<u64, u32>) -> Value {
    let subject = &finding.subject;
    let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.level),
        "message": {"text": format!("{}{}{hint}", outside_path(subject), finding.message)},
        "partialFingerprints": {"primaryLocationLineHash": fingerprint(finding, seen)},
    });
    if let Some(index) = rules.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = index.into();
    }
    // GitHub refuses a result without a location in the repo, so what has none is located at
    // ops.toml; and a region without all four numbers.
    let inside = subject.path.as_deref().filter(|path| !is_outside(path));
    let path = inside.unwrap_or("ops.toml");
    let (line, column) = match inside {
        Some(_) => (subject.line.unwrap_or(1), subject.column.unwrap_or(1)),
        None => (1, 1),
    };
    let mut location = json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(path)},
        "region": {
            "startLine": line,
            "startColumn": column,
            "endLine": line,
            "endColumn": column.saturating_add(1),
        },
    }});
    if let Some(key) = &subject.key {
        location["logicalLocations"] = json!([{"name": key}]);
    }
    result["locations"] = json!([location]);
    result
}

/// Whether a path leads out of the repo.
fn is_outside(path: &str) -> bool {
    path.starts_with('/') || path.split('/').any(|part| part == "..")
}

/// The path of a finding that is located elsewhere, to begin its message with.
fn outside_path(subject: &Subject) -> String {
    let path = subject.path.as_deref().filter(|path| is_outside(path));
    path.map(|path| format!("{path}: ")).unwrap_or_default()
}

/// What two runs know the same finding by, although lines were added above it: rule, path and key,
/// and the how-manieth of these it is. GitHub cannot make it, for the vault's files are not there.
fn fingerprint(finding: &Finding, seen: &mut BTreeMap<u64, u32>) -> String {
    let subject = &finding.subject;
    let parts = [
        finding.rule,
        subject.path.as_deref().unwrap_or_default(),
        subject.key.as_deref().unwrap_or_default(),
    ];
    // FNV-1a: what is hashed is shown anyway, and the same on every machine.
    let hash = parts.join("\n").bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let count = seen.entry(hash).or_default();
    *count += 1;
    format!("{hash:016x}:{count}")
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
