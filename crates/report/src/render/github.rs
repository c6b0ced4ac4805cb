//! Findings as workflow commands of GitHub Actions, which shows them beside the lines they name.
//!
//! The escapes are those of `@actions/core`, `packages/core/src/command.ts`.

use std::io::{self, Write};

use crate::answer::Report;
use crate::finding::{Finding, Level};

pub(crate) fn github(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    report.findings.iter().try_for_each(|finding| write_command(finding, out))
}

fn write_command(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let subject = &finding.subject;
    let mut properties = Vec::new();
    if let Some(path) = &subject.path {
        properties.push(format!("file={}", escape_property(path)));
    }
    if let Some(line) = subject.line {
        properties.push(format!("line={line}"));
    }
    if let Some(column) = subject.column {
        properties.push(format!("col={column}"));
    }
    properties.push(format!("title={}", escape_property(finding.rule)));
    let key = subject.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
    let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    let message = escape_data(&format!("{key}{}{hint}", finding.message));
    writeln!(out, "::{command} {}::{message}", properties.join(","))
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}
