//! The answer of a probe: what was done step by step, and what is wrong.

use std::time::Duration;

use report::{Exit, Finding, Format, Level, Palette, Streams};
use serde::Serialize;

use crate::error::Error;

/// Steps and findings of one look at one service.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) schema: &'static str,
    verdict: &'static str,
    /// What was looked at, as a person would name it.
    pub(super) target: String,
    steps: Vec<StepAnswer>,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct StepAnswer {
    name: String,
    took_ms: u64,
    said: String,
}

impl Answer {
    pub(super) fn new(schema: &'static str, target: String) -> Self {
        Self { schema, verdict: "ok", target, steps: Vec::new(), findings: Vec::new() }
    }

    /// Adds what was done.
    pub(super) fn step(&mut self, name: &str, took: Duration, said: impl Into<String>) {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.steps.push(StepAnswer { name: name.to_owned(), took_ms, said: said.into() });
    }

    /// Adds what is wrong; a note changes no verdict.
    pub(super) fn find(&mut self, finding: Finding) {
        if finding.level != Level::Note {
            self.verdict = "findings";
        }
        self.findings.push(finding);
    }

    pub(super) fn write(
        &self,
        format: Format,
        palette: Palette,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, Error> {
        if format == Format::Json {
            report::json(streams.stdout, self)?;
        } else {
            self.write_human(palette, streams)?;
        }
        Ok(if self.verdict == "ok" { Exit::OK } else { Exit::FINDINGS })
    }

    fn write_human(&self, palette: Palette, streams: &mut Streams<'_>) -> Result<(), Error> {
        let out = &mut streams.stdout;
        writeln!(out, "{}", palette.bold(&self.target))?;
        let width = self.steps.iter().map(|step| step.name.len()).max().unwrap_or(0);
        for step in &self.steps {
            let took = palette.dim(&format!("{} ms", step.took_ms));
            writeln!(out, "  {:width$}  {}  {took}", step.name, step.said)?;
        }
        for finding in &self.findings {
            let level = palette.level(finding.level);
            writeln!(out, "  {level}: {} [{}]", finding.message, finding.rule)?;
            if let Some(hint) = &finding.hint {
                writeln!(out, "    {} {hint}", palette.hint("hint:"))?;
            }
        }
        let verdict =
            if self.verdict == "ok" { palette.ok("ok") } else { palette.error("findings") };
        let found = match self.findings.len() {
            0 => "nothing found".to_owned(),
            count => counted(count, "finding"),
        };
        writeln!(out, "{verdict}: {}, {found}", counted(self.steps.len(), "step"))?;
        Ok(())
    }
}

/// A number and its word, `1 step` or `2 steps`.
pub(super) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
