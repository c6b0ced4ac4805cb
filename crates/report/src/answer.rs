//! The answer of a check: what was looked at and what was found.

use std::io::{self, Write};

use crate::command_line::Format;
use crate::exit::Exit;
use crate::finding::{Finding, Level};
use crate::palette::Palette;
use crate::render;
use crate::rule::Rule;

/// The tool that answers, for renderings that name it.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// The program's name.
    pub name: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The rules it knows.
    pub rules: &'static [Rule],
}

/// The findings of one run, in their final order.
#[derive(Debug, Clone)]
pub struct Report {
    /// The schema name of the JSON rendering, as `vault-check/check/1`.
    pub schema: &'static str,
    /// How many things were looked at.
    pub checked: usize,
    /// What was found, sorted by path, line, rule.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Sorts the findings into the order in which they are always shown.
    pub fn new(schema: &'static str, checked: usize, mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        findings.dedup();
        Self { schema, checked, findings }
    }

    /// Whether nothing must or should be mended; notes do not count.
    pub fn is_ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.level == Level::Note)
    }

    /// `ok` or `findings`.
    pub fn verdict(&self) -> &'static str {
        if self.is_ok() { "ok" } else { "findings" }
    }

    /// 0 where the verdict is ok, else 1.
    pub fn exit(&self) -> Exit {
        if self.is_ok() { Exit::OK } else { Exit::FINDINGS }
    }

    /// Writes the report in one of its renderings.
    ///
    /// # Errors
    /// Fails where `out` does.
    pub fn write(
        &self,
        format: Format,
        tool: &Tool,
        palette: Palette,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match format {
            Format::Human => render::human(self, palette, out),
            Format::Json => render::findings_json(self, out),
            Format::Sarif => render::sarif(self, tool, out),
            Format::Github => render::github(self, out),
        }
    }
}

type SortKey<'a> = (Option<&'a str>, Option<u32>, &'a str, Option<u32>, Option<&'a str>, &'a str);

fn sort_key(finding: &Finding) -> SortKey<'_> {
    let subject = &finding.subject;
    (
        subject.path.as_deref(),
        subject.line,
        finding.rule,
        subject.column,
        subject.key.as_deref(),
        &finding.message,
    )
}
