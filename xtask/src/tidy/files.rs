//! Each file by itself: its head, its name, its length.

use report::Finding;

use super::{SourceFile, finding};

const MAX_LINES: usize = 500;
/// Names that say a role where a file should be named for a thing.
const ROLE_NAMES: &[&str] = &["common", "core", "utils", "util", "helpers", "helper", "misc"];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let parts: Vec<&str> = file.path.split('/').collect();
    let is_source = file.path.starts_with("crates/") || file.path.starts_with("xtask/");
    if is_source {
        for part in &parts {
            let stem = part.strip_suffix(".rs").unwrap_or(part);
            if ROLE_NAMES.contains(&stem) {
                findings.push(finding(
                    "name",
                    &file.path,
                    format!("`{stem}` names a role; name the thing"),
                ));
            }
        }
    }
    if file.path.ends_with(".snap.new") {
        findings.push(finding("snapshot", &file.path, "a snapshot waits for review"));
    }
    if !file.has_extension("rs") {
        return findings;
    }
    let n_lines = file.text.lines().count();
    if n_lines >= MAX_LINES {
        let message = format!("{n_lines} lines; a file stays under {MAX_LINES}");
        findings.push(finding("length", &file.path, message));
    }
    if !head(&file.text).starts_with("//! ") {
        findings.push(finding("head", &file.path, "does not open with a `//!` sentence").line(1));
    }
    findings
}

/// The text after an inner attribute such as `#![no_main]`, which must come first.
fn head(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with("#![") {
        rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_rules(path: &str, text: &str, expected: &[&str]) {
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        let rules: Vec<&str> = check(&file).iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, expected, "{path}");
    }

    #[test]
    fn a_file_needs_a_head() {
        check_rules("crates/a/src/lib.rs", "//! A.\n", &[]);
        check_rules("crates/a/src/lib.rs", "#![no_main]\n//! A.\n", &[]);
        check_rules("crates/a/src/lib.rs", "// A.\n", &["head"]);
    }

    #[test]
    fn a_file_is_named_for_a_thing() {
        check_rules("crates/a/src/helpers.rs", "//! A.\n", &["name"]);
        check_rules("crates/core/src/lib.rs", "//! A.\n", &["name"]);
        check_rules("docs/core.md", "", &[]);
    }

    #[test]
    fn a_file_stays_short() {
        let line = "//! A.\n";
        check_rules("crates/a/src/lib.rs", &line.repeat(499), &[]);
        check_rules("crates/a/src/lib.rs", &line.repeat(500), &["length"]);
    }
}
