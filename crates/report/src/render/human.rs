//! Findings for reading in a terminal: where, what, and what to do.

use std::io::{self, Write};

use crate::answer::Report;
use crate::finding::{Finding, Level, Subject};
use crate::palette::Palette;
use crate::terminal::{in_line, printable};

pub(crate) fn human(report: &Report, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        write_finding(finding, palette, out)?;
    }
    let count = |level| report.findings.iter().filter(|finding| finding.level == level).count();
    let counts = [
        plural(count(Level::Error), "error"),
        plural(count(Level::Warning), "warning"),
        plural(count(Level::Note), "note"),
    ];
    let said: Vec<String> = counts.into_iter().flatten().collect();
    let verdict = if report.is_ok() { palette.ok("ok") } else { palette.error("findings") };
    let said = if said.is_empty() { "nothing found".to_owned() } else { said.join(", ") };
    writeln!(out, "{verdict}: {} checked, {said}", report.checked)
}

fn write_finding(finding: &Finding, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    let place = place(&finding.subject);
    let separator = if place.is_empty() { "" } else { ": " };
    writeln!(
        out,
        "{}{separator}{}: {} {}",
        palette.bold(&place),
        palette.level(finding.level),
        printable(&finding.message),
        palette.dim(&format!("[{}]", finding.rule)),
    )?;
    if let Some(hint) = &finding.hint {
        writeln!(out, "  {} {}", palette.hint("hint:"), printable(hint))?;
    }
    Ok(())
}

/// `path:line:column (key)`, as far as known.
fn place(subject: &Subject) -> String {
    let mut place = subject.path.clone().unwrap_or_default();
    for number in [subject.line, subject.line.and(subject.column)].into_iter().flatten() {
        place.push(':');
        place.push_str(&number.to_string());
    }
    match &subject.key {
        Some(key) if place.is_empty() => in_line(key),
        Some(key) => format!("{} {}", in_line(&place), in_line(key)),
        None => in_line(&place),
    }
}

fn plural(count: usize, word: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    }
}
