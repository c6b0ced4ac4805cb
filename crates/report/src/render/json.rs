//! One JSON object per run, its schema first.

use std::io::{self, Write};

use serde::Serialize;

use crate::answer::Report;
use crate::finding::Finding;

#[derive(Serialize)]
struct Answer<'a> {
    schema: &'a str,
    verdict: &'a str,
    checked: usize,
    findings: &'a [Finding],
}

/// Writes any answer as one line of JSON; the first field should be its schema.
///
/// # Errors
/// Fails where `out` does, or where the value cannot be written as JSON.
pub fn json(out: &mut dyn Write, answer: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}

pub(crate) fn findings_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let verdict = report.verdict();
    json(
        out,
        &Answer {
            schema: report.schema,
            verdict,
            checked: report.checked,
            findings: &report.findings,
        },
    )
}
