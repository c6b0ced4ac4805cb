//! A rule of a tool, as data: what it looks for, why, and what mends it.

use std::io::{self, Write};

use serde::Serialize;

use crate::finding::Level;

/// One rule of a tool.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rule {
    /// The id, as `missing-key`.
    pub id: &'static str,
    /// The level it usually reports.
    pub level: Level,
    /// What it looks for, in one line.
    pub summary: &'static str,
    /// Why it exists.
    pub why: &'static str,
    /// What mends it.
    pub mend: &'static str,
}

impl Rule {
    /// A rule from its five parts, in the order of the fields.
    pub const fn new(
        id: &'static str,
        level: Level,
        summary: &'static str,
        why: &'static str,
        mend: &'static str,
    ) -> Self {
        Self { id, level, summary, why, mend }
    }
}

/// Writes rules for reading: one line each, or one in full.
///
/// # Errors
/// Fails where `out` does.
pub fn explain(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    if let [rule] = rules {
        let Rule { id, level, summary, why, mend } = rule;
        return writeln!(
            out,
            "{id} ({})\n  {summary}\n\nwhy\n  {why}\n\nhow to mend\n  {mend}",
            format!("{level:?}").to_lowercase()
        );
    }
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        writeln!(out, "{:width$}  {}", rule.id, rule.summary)?;
    }
    Ok(())
}
