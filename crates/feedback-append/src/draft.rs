//! A new entry before it is written: what it says and what it cites, and its form in the log.

mod body;

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::blocks::Blocks;
use crate::citation::{self, Citation, Roots, exact};
use crate::commonmark::{Line, Reading, Structure};
use crate::entry::{self, MARKER};
use crate::resolve::lexical;
use crate::stamp;
pub use body::{Spoilt, tidy};

/// The most bytes that an entry may have.
pub const LARGEST: usize = 64 * 1024;

/// A new entry.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The heading behind the time.
    pub title: String,
    /// How the work stands.
    pub status: Option<String>,
    /// When it happened, if that was earlier than the writing, and why it is told now.
    pub happened: Option<(DateTime<Utc>, String)>,
    /// Further labelled lines.
    pub fields: Vec<String>,
    /// The text.
    pub body: String,
    /// Commands that were recorded.
    pub runs: Vec<CitedRun>,
    /// Commands that nobody recorded.
    pub commands: Vec<String>,
    /// What comes next.
    pub next: Vec<String>,
    /// What the work waits for.
    pub blocked_by: Vec<String>,
    /// Bundles and files that are cited as a whole.
    pub evidence: Vec<CitedWhole>,
    /// The key by which the entry is known.
    pub id: String,
}

/// A recorded command as an entry lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedRun {
    /// The command as a person would type it.
    pub command: String,
    /// Its output.
    pub path: Option<String>,
    /// The output's digest, 64 hex digits.
    pub sha256: Option<String>,
    /// How it ended: `exit 0`, `exit 124, timed out after 30 s`, `no end recorded`.
    pub outcome: String,
}

/// A bundle or file as an entry cites it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedWhole {
    /// The path; a bundle's ends in a slash.
    pub path: String,
    /// What stands in parentheses behind it.
    pub remark: String,
}

impl Draft {
    /// The entry as it stands in the log, with a line break at its end.
    pub fn render(&self, now: DateTime<Utc>) -> String {
        let mut text = format!("## {} — {}\n", stamp::write(now), self.title);
        text.push_str(&self.render_below());
        text
    }

    /// Everything below the heading; the same whenever it is rendered.
    fn render_below(&self) -> String {
        let mut head = String::new();
        if let Some(status) = &self.status {
            let _ = writeln!(head, "Status: {status}");
        }
        if let Some((at, reason)) = &self.happened {
            let _ = writeln!(head, "Happened: {} (told later: {reason})", stamp::write(*at));
        }
        for field in &self.fields {
            let _ = writeln!(head, "{field}");
        }
        let mut tail = String::new();
        for blocker in &self.blocked_by {
            let _ = writeln!(tail, "Blocked by: {blocker}");
        }
        for next in &self.next {
            let _ = writeln!(tail, "Next: {next}");
        }
        for CitedWhole { path, remark } in &self.evidence {
            let _ = writeln!(tail, "{}", citing("Evidence: ", path, &format!(" ({remark})")));
        }
        let _ = writeln!(tail, "{MARKER}{} -->", self.id);
        let gap = if head.is_empty() { "\n" } else { "" };
        let body = if self.body.is_empty() { String::new() } else { format!("{}\n", self.body) };
        let parts = [head, body, self.render_runs(), self.render_commands(), tail];
        let parts: Vec<&str> =
            parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        format!("{gap}{}", parts.join("\n"))
    }

    fn render_runs(&self) -> String {
        let mut text = String::new();
        if !self.runs.is_empty() {
            text.push_str("Commands (evidence captured):\n");
        }
        for run in &self.runs {
            let command = format!("- {}", code_span(&run.command));
            let hash = run.sha256.as_ref().map_or(String::new(), |hash| format!(", sha256:{hash}"));
            let remark = format!(" ({}{hash})", run.outcome);
            let line = match &run.path {
                Some(path) => citing(&format!("{command} → "), path, &remark),
                None => format!("{command}{remark}"),
            };
            let _ = writeln!(text, "{line}");
        }
        text
    }

    fn render_commands(&self) -> String {
        let mut text = String::new();
        if !self.commands.is_empty() {
            text.push_str("Commands (not captured):\n");
        }
        for command in &self.commands {
            let _ = writeln!(text, "- {}", code_span(command));
        }
        text
    }

    /// Whether an entry as it stands in a log says the same; only the time of writing may differ.
    pub fn is_told_by(&self, entry: &str) -> bool {
        let entry = entry.replace("\r\n", "\n");
        let Some((heading, below)) = entry.split_once('\n') else { return false };
        let title = heading.split_once(" — ").map(|(_, title)| title);
        title == Some(self.title.as_str()) && below.trim_end() == self.render_below().trim_end()
    }

    /// Makes sure that the entry will be read back as one entry, with its id, whatever follows it in the log.
    pub fn check(&self, rendered: &str) -> Result<(), Spoilt> {
        if rendered.len() > LARGEST {
            return Err(Spoilt::TooLarge(rendered.len()));
        }
        let follower = "\n## 2000-01-01T00:00:00Z — next\n";
        let document = format!("{rendered}{follower}");
        let read = entry::read(&document, 0, None);
        let [first, second] = read.entries.as_slice() else {
            return Err(if read.entries.len() < 2 { Spoilt::Open } else { Spoilt::SecondHeading });
        };
        let holds = first.range.start == 0
            && first.stamp.at.is_some()
            && second.range.start == rendered.len() + 1
            && first.id.as_deref() == Some(self.id.as_str())
            && first.title == self.title
            && read.blocks.unclosed.is_empty()
            && is_shown_apart(rendered, Reading::Strict)
            && is_shown_apart(rendered, Reading::Letter);
        if holds { Ok(()) } else { Err(Spoilt::Open) }
    }
}

/// Whether a viewer shows the entry's id as its last line, outside of all else, and what comes next behind it.
fn is_shown_apart(rendered: &str, reading: Reading) -> bool {
    let mut structure = Structure::new(reading);
    let last = rendered.lines().map(|line| structure.feed(line.as_bytes())).last();
    last == Some(Line::Whole) && structure.is_at_top() && structure.open().is_none()
}

/// The anchor that markdown viewers give to the entry's heading, where no heading before it has the same.
pub fn anchor(now: DateTime<Utc>, title: &str) -> String {
    slug(&format!("{} — {title}", stamp::write(now)))
}

/// A heading as viewers write it in an anchor.
pub(crate) fn slug(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    letters
        .chars()
        .filter_map(|other| match other {
            ' ' | '-' => Some('-'),
            '_' => Some('_'),
            other => other.is_alphanumeric().then_some(other),
        })
        .collect()
}

/// A line that cites a path: as it is where it is read back so, else in the form that carries any name.
fn citing(before: &str, path: &str, behind: &str) -> String {
    let plain = format!("{before}{path}{behind}");
    let roots = Roots { evidence: vec!["artifacts".to_owned()], others: Vec::new() };
    let is_read_back = |found: &Citation| {
        found.range == (before.len()..before.len() + path.len())
            && found.path == path
            && found.suffix == 0
            && found.is_evidence
            && lexical(path).is_none()
    };
    let found = citation::find(&plain, 0, &Blocks::default(), &roots).paths;
    if found.iter().rfind(|found| found.range.start >= before.len()).is_some_and(is_read_back) {
        plain
    } else {
        format!("{before}{}{behind}", exact::write(path))
    }
}

/// Text as a code span, however many backticks it has itself; on one line.
fn code_span(text: &str) -> String {
    let line: String =
        text.chars().map(|other| if other.is_control() { '␤' } else { other }).collect();
    let longest = line.split(|other| other != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    if longest > 0 || line.trim() != line {
        format!("{ticks} {line} {ticks}")
    } else {
        format!("`{line}`")
    }
}

#[cfg(test)]
mod tests;
