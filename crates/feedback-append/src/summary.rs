//! What an entry tells, whichever dialect it is written in: status, next steps, blockers, evidence.

use chrono::{DateTime, Utc};

use crate::claim::{self, Standing};
use crate::entry::Entry;
use crate::field::{self, Topic};
use crate::log::Log;

/// What one entry tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    /// The line of its heading.
    pub(crate) line: u32,
    /// When, if that can be read.
    pub(crate) at: Option<DateTime<Utc>>,
    /// How fine that is.
    pub(crate) precision: &'static str,
    /// Its title.
    pub(crate) title: String,
    /// Who wrote it, where that is not whose log it is.
    pub(crate) by: Option<String>,
    /// Its key.
    pub(crate) id: Option<String>,
    /// Its status as written.
    pub(crate) status: Option<String>,
    /// Its status as one of a few words.
    pub(crate) state: Option<State>,
    /// What comes next.
    pub(crate) next: Vec<String>,
    /// What it waits for.
    pub(crate) blocked_by: Vec<String>,
    /// What it cites as proof.
    pub(crate) evidence: Vec<String>,
    /// How long the work took, as written.
    pub(crate) duration: Option<String>,
    /// How far it is, in percent.
    pub(crate) progress: Option<u8>,
    /// Which part of the work it is about, where it says so.
    pub(crate) scope: Option<String>,
    /// The task that it is about, where it names one.
    pub(crate) task: Option<String>,
    /// Why it was done so, where it says so.
    pub(crate) rationale: Option<String>,
    /// More about what it waits for.
    pub(crate) blocker_details: Option<String>,
}

/// The states that a task can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    InProgress,
    Completed,
    Blocked,
    Failed,
    Cancelled,
}

impl State {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state that a status means.
    pub(crate) fn of(status: &str) -> Option<Self> {
        let status = status.to_lowercase();
        let starts = |words: &[&str]| {
            words.iter().any(|word| {
                status.trim_start_matches(|first: char| !first.is_alphanumeric()).starts_with(word)
            })
        };
        if starts(&["blocked", "waiting"]) {
            Some(Self::Blocked)
        } else if starts(&["fail", "halted", "unproven", "red"]) {
            Some(Self::Failed)
        } else if starts(&["cancel", "dropped", "abandoned"]) {
            Some(Self::Cancelled)
        } else if starts(&[
            "in progress",
            "in-progress",
            "in_progress",
            "wip",
            "started",
            "ongoing",
            "partial",
        ]) {
            Some(Self::InProgress)
        } else if starts(&["planned", "pending", "todo", "open", "not started", "ready for"]) {
            Some(Self::Pending)
        } else if claim::standing(&status) == Standing::Success {
            Some(Self::Completed)
        } else {
            None
        }
    }
}

/// Reads what an entry tells.
pub(crate) fn read(log: &Log, entry: &Entry) -> Summary {
    let mut summary = Summary {
        line: log.line(entry.heading.start),
        at: entry.stamp.at,
        precision: entry.stamp.precision.word(),
        title: entry.title.clone(),
        id: entry.id.clone(),
        ..Summary::default()
    };
    let mut section = Topic::Other;
    for (_, line) in claim::prose(&log.text[entry.heading.end..entry.range.end]) {
        if line.trim().is_empty() {
            continue;
        }
        let field = field::read(line);
        if let Some(field) =
            field.as_ref().filter(|field| !field.is_item || field.topic != Topic::Other)
        {
            let value = &line[field.value.clone()];
            section = if value.is_empty() { field.topic } else { Topic::Other };
            if !value.is_empty() {
                tell(&mut summary, field.topic, field.label, value);
            }
            continue;
        }
        let item = field::list_marker(line.trim_start());
        if item > 0 {
            tell(&mut summary, section, "", line.trim_start()[item..].trim());
        } else {
            section = Topic::Other;
        }
    }
    summary.blocked_by.retain(|blocker| !is_nothing(blocker));
    summary.state = summary.status.as_deref().and_then(State::of);
    if summary.state.is_none() && !summary.blocked_by.is_empty() {
        summary.state = Some(State::Blocked);
    }
    for citation in log.citations_of(entry).iter().filter(|citation| citation.is_evidence) {
        if !summary.evidence.contains(&citation.path) {
            summary.evidence.push(citation.path.clone());
        }
    }
    summary
}

fn tell(summary: &mut Summary, topic: Topic, label: &str, value: &str) {
    let value = value.trim_matches(['*', '_']).trim();
    let is = |labels: &[&str]| labels.iter().any(|known| label.eq_ignore_ascii_case(known));
    let place = match topic {
        Topic::Status => &mut summary.status,
        Topic::Next => return summary.next.push(value.to_owned()),
        Topic::Blocked if is(&["blocker details"]) => &mut summary.blocker_details,
        Topic::Blocked => return summary.blocked_by.push(value.to_owned()),
        Topic::Other if is(&["progress"]) => {
            summary.progress = percent(value).or(summary.progress);
            return;
        }
        Topic::Other if is(&["duration"]) => &mut summary.duration,
        Topic::Other if is(&["by"]) => &mut summary.by,
        Topic::Other if is(&["scope"]) => &mut summary.scope,
        Topic::Other if is(&["task", "task id", "taskid"]) => &mut summary.task,
        Topic::Other if is(&["rationale", "reason", "why"]) => &mut summary.rationale,
        _ => return,
    };
    if place.is_none() {
        *place = Some(value.to_owned());
    }
}

/// The number in `40 %`.
fn percent(text: &str) -> Option<u8> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_percent = text[digits..].trim_start().starts_with('%');
    text[..digits].parse().ok().filter(|percent| is_percent && *percent <= 100)
}

fn is_nothing(text: &str) -> bool {
    let text = text.trim_end_matches('.').to_lowercase();
    ["none", "no", "n/a", "nothing", "-", "—", "no blockers", "none at this time"]
        .contains(&text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citation::Roots;
    use std::path::Path;

    fn check(document: &str) -> String {
        let roots = Roots { evidence: vec!["artifacts".to_owned()], others: Vec::new() };
        let log = Log::read(Path::new("/r/a.md"), "a.md", document.as_bytes(), &roots);
        let Summary { status, state, next, blocked_by, evidence, duration, progress, .. } =
            read(&log, &log.entries.entries[0]);
        format!(
            "{status:?} {state:?} next {next:?} blocked {blocked_by:?} evidence {evidence:?} {duration:?} {progress:?}"
        )
    }

    #[test]
    fn the_tools_own_entries_are_understood() {
        insta::assert_snapshot!(
            check("## 2026-11-22T17:03:11Z — a\nStatus: blocked\n\ntext\n\nBlocked by: vault\nNext: x\nNext: y\nEvidence: artifacts/b/ (1 run, not sealed)\n"),
            @r#"Some("blocked") Some(Blocked) next ["x", "y"] blocked ["vault"] evidence ["artifacts/b/"] None None"#
        );
    }

    #[test]
    fn other_dialects_are_understood() {
        insta::assert_snapshot!(
            check("## 2025-10-11 — a\n**Status:** ✅ COMPLETE\n**Duration:** 5 min\nProgress: 40 %\n**Blockers:** None.\n\nPlanned next actions:\n1) one\n2) two\n\n- **Evidence:** artifacts/x.log\n"),
            @r#"Some("✅ COMPLETE") Some(Completed) next ["one", "two"] blocked [] evidence ["artifacts/x.log"] Some("5 min") Some(40)"#
        );
        let log = Log::plain(
            Path::new("/r/a.md"),
            "a.md",
            b"## 2025-10-11 \xe2\x80\x94 a\nScope: ops\nTask ID: T-7\nRationale: it was cheap\nBlocked by: vault\nBlocker details: no token yet\n");
        let told = read(&log, &log.entries.entries[0]);
        insta::assert_snapshot!(
            format!("{:?} {:?} {:?} {:?} {:?}", told.scope, told.task, told.rationale, told.blocked_by, told.blocker_details),
            @r#"Some("ops") Some("T-7") Some("it was cheap") ["vault"] Some("no token yet")"#
        );
        assert!(
            check("## 2025-10-11 — a\n```\nStatus: pending\n```\nStatus: done\n")
                .contains("Completed")
        );
        assert!(check("## 2025-10-11 — a\nBlockers:\n- the vault\n").contains("Some(Blocked)"));
    }
}
