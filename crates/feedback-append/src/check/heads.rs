//! The rules of headings and times: `heading timestamp order future-time`.

use chrono::{DateTime, TimeDelta, Utc};
use report::{Finding, Level};

use crate::blocks::{self, Concealed};
use crate::entry::Entry;
use crate::log::Log;
use crate::stamp::{self, Precision, Zone};

/// Clocks of two machines differ a little.
const TOLERANCE: TimeDelta = TimeDelta::minutes(2);

/// Applies the rules to one log.
pub(super) fn check(log: &Log, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Vec::new();
    concealed(log, &mut findings);
    for hidden in &log.entries.hidden {
        let message = "a dated heading inside a code block or comment is not read as an entry";
        let hint = "if it is one, close the block before it";
        findings.push(log.finding("heading", Level::Warning, hidden.start, message).hint(hint));
    }
    for entry in &log.entries.entries {
        heading(log, entry, &mut findings);
        time(log, entry, now, &mut findings);
    }
    order(log, now, &mut findings);
    invented(log, &mut findings);
    findings
}

/// Entries that viewers do not show as such, and the block that never ends.
fn concealed(log: &Log, findings: &mut Vec<Finding>) {
    let start = log.block.as_ref().map_or(0, |block| block.range.end);
    let (concealed, endless) = blocks::concealed(&log.text, start);
    let is_entry = |hidden: &&Concealed| {
        let entries = &log.entries.entries;
        entries.binary_search_by_key(&hidden.offset, |entry| entry.heading.start).is_ok()
    };
    let hidden: Vec<&Concealed> = concealed.iter().filter(is_entry).collect();
    if let Some(open) = endless {
        let n_entries = hidden.iter().filter(|hidden| hidden.open == open).count();
        let message = match n_entries {
            0 => format!("{} begins here and never ends", open.kind.word()),
            1 => format!(
                "{} begins here and never ends; viewers hide the entry behind it",
                open.kind.word()
            ),
            more => format!(
                "{} begins here and never ends; viewers hide the {more} entries behind it",
                open.kind.word()
            ),
        };
        let hint = format!("put a line `{}` where it should end", open.kind.closing_line());
        let finding = Finding::new("heading", Level::Warning, message).path(log.shown.clone());
        let line = u32::try_from(open.line).unwrap_or(u32::MAX);
        findings.push(finding.line(line).column(1).hint(hint));
    }
    for Concealed { offset, open } in
        hidden.into_iter().filter(|hidden| Some(hidden.open) != endless)
    {
        let message = format!(
            "viewers show the entry as part of {} that begins in line {}",
            open.kind.word(),
            open.line
        );
        let hint = match open.kind.closing_line().as_str() {
            "" => "put an empty line before the entry".to_owned(),
            closer => format!("put a line `{closer}` before the entry"),
        };
        findings.push(log.finding("heading", Level::Warning, *offset, message).hint(hint));
    }
}

fn heading(log: &Log, entry: &Entry, findings: &mut Vec<Finding>) {
    if entry.title.is_empty() {
        findings.push(log.finding(
            "heading",
            Level::Warning,
            entry.heading.start,
            "the entry has no title",
        ));
    } else if !entry.canonical && entry.stamp.canonical {
        let message = "the heading has a form of its own";
        let hint = "the tool writes `## TIME — Title`";
        findings.push(log.finding("heading", Level::Note, entry.heading.start, message).hint(hint));
    }
}

fn time(log: &Log, entry: &Entry, now: DateTime<Utc>, findings: &mut Vec<Finding>) {
    let offset = entry.stamp_range.start;
    let Some(at) = entry.stamp.at else {
        let is_clock = !log.text[entry.stamp_range.clone()].contains(['-', '/']);
        let (level, message) = if is_clock {
            (Level::Warning, "a clock time, and nothing says of which day")
        } else {
            (Level::Error, "there is no such time")
        };
        findings.push(log.finding("timestamp", level, offset, message));
        return;
    };
    let earliest = earliest(entry, at);
    if earliest > now {
        let message =
            format!("the entry lies ahead of this machine's clock by {}", length(at - now));
        findings.push(log.finding("future-time", Level::Error, offset, message));
    }
    let message = match (entry.stamp.precision, entry.stamp.zone) {
        (Precision::Day, _) => "the entry has a date and no time",
        (_, Zone::Unsaid) => "the time does not say its zone; it is read as UTC",
        (_, Zone::Other) => "the time is not in UTC",
        (Precision::Minute, Zone::Utc) => "the time has no seconds",
        (Precision::Second, Zone::Utc) => return,
    };
    let hint = format!("the tool writes {}", stamp::write(at));
    findings.push(log.finding("timestamp", Level::Note, offset, message).hint(hint));
}

/// When an entry with this time may have been written at the earliest.
fn earliest(entry: &Entry, at: DateTime<Utc>) -> DateTime<Utc> {
    if entry.stamp.precision == Precision::Day { at } else { at - TOLERANCE }
}

/// An entry with a time after that of the first commit that has it; ahead of the clock it is told already.
pub(super) fn after_commit(
    log: &Log,
    entry: &Entry,
    added: Option<(DateTime<Utc>, &str)>,
    now: DateTime<Utc>,
) -> Option<Finding> {
    let (at, (committed, commit)) = (entry.stamp.at?, added?);
    let earliest = earliest(entry, at);
    if earliest > now || earliest <= committed {
        return None;
    }
    let message = format!(
        "the entry is dated {} after {}, when commit {commit} had it already",
        length(at - committed),
        stamp::write(committed)
    );
    Some(log.finding("future-time", Level::Error, entry.stamp_range.start, message))
}

/// A log may run in either direction, but in one.
fn order(log: &Log, now: DateTime<Utc>, findings: &mut Vec<Finding>) {
    // A time ahead is told already, and no measure for the entries behind it.
    let timed: Vec<(&Entry, DateTime<Utc>)> = log
        .entries
        .entries
        .iter()
        .filter_map(|entry| entry.stamp.at.map(|at| (entry, at)))
        .filter(|(_, at)| *at - TOLERANCE <= now)
        .collect();
    let is_before = |a: &(&Entry, DateTime<Utc>), b: &(&Entry, DateTime<Utc>)| {
        let has_day =
            a.0.stamp.precision == Precision::Day || b.0.stamp.precision == Precision::Day;
        if has_day { a.1.date_naive() < b.1.date_naive() } else { a.1 < b.1 }
    };
    // What the tool appended behind a log that runs backwards begins its own stretch.
    let turn = timed.windows(2).position(|pair| is_before(&pair[0], &pair[1]));
    let (backward, forward) = timed.split_at(turn.map_or(timed.len(), |at| at + 1));
    let falls = |timed: &[(&Entry, DateTime<Utc>)]| {
        timed.windows(2).filter(|pair| is_before(&pair[1], &pair[0])).count()
    };
    let newest =
        timed.first().is_some_and(|first| forward.iter().all(|next| !is_before(next, first)));
    if falls(backward) > 1 && falls(forward) == 0 && (forward.is_empty() || newest) {
        let message = "the newest entry stands first; the tool appends at the end";
        findings.push(log.finding("order", Level::Note, timed[0].0.heading.start, message));
        return;
    }
    for pair in timed.windows(2).filter(|pair| is_before(&pair[1], &pair[0])) {
        let message = format!(
            "the entry is older than the one before it, by {}",
            length(pair[0].1 - pair[1].1)
        );
        findings.push(log.finding("order", Level::Warning, pair[1].0.heading.start, message));
    }
}

/// Real clocks show `:00` once in sixty times. Entries that a script wrote within one second tell that once.
fn invented(log: &Log, findings: &mut Vec<Finding>) {
    let mut with_seconds: Vec<&Entry> = log
        .entries
        .entries
        .iter()
        .filter(|entry| entry.stamp.precision == Precision::Second)
        .collect();
    with_seconds.dedup_by(|next, last| next.stamp.at.is_some() && next.stamp.at == last.stamp.at);
    let is_round = |entry: &&&Entry| entry.stamp.at.is_some_and(|at| at.timestamp() % 60 == 0);
    let n_round = with_seconds.iter().filter(is_round).count();
    if n_round >= 4 && n_round * 4 > with_seconds.len() {
        let offset = with_seconds
            .iter()
            .find(|entry| is_round(entry))
            .map_or(0, |entry| entry.stamp_range.start);
        let message = format!(
            "{n_round} of {} times with seconds end in :00; they look invented",
            with_seconds.len()
        );
        findings.push(log.finding("timestamp", Level::Warning, offset, message));
    }
}

fn length(span: TimeDelta) -> String {
    let minutes = span.num_minutes().abs();
    match (minutes / 1440, minutes / 60, minutes) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn check_text(document: &str) -> String {
        let log = Log::plain(Path::new("/r/a.md"), "a.md", document.as_bytes());
        let line = |finding: &Finding| {
            format!(
                "{} {:?} {} {}",
                finding.subject.line.unwrap(),
                finding.level,
                finding.rule,
                finding.message
            )
        };
        let now = DateTime::from_timestamp(1_795_366_991, 0).unwrap();
        check(&log, now).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_tools_own_entries_are_clean() {
        assert_eq!(check_text("## 2026-11-22T17:03:11Z — a\n\n## 2026-11-22T17:03:11Z — b\n"), "");
    }

    #[test]
    fn each_fault_of_a_time_is_named() {
        insta::assert_snapshot!(
            check_text("## 2025-10-11 01:12 UTC - a\n## 2025-10-11 01:13 — b\n## 2025-10-11\n## 2025-13-40T00:00:00Z — d\n## 2026-11-23T12:04:00Z — ahead\n## 2025-10-12T09:00:00-06:00 — late\n"),
            @"
        1 Note timestamp the time has no seconds
        2 Note timestamp the time does not say its zone; it is read as UTC
        3 Warning heading the entry has no title
        3 Note timestamp the entry has a date and no time
        4 Error timestamp there is no such time
        5 Error future-time the entry lies ahead of this machine's clock by 19 h 0 min
        6 Note timestamp the time is not in UTC
        "
        );
    }

    #[test]
    fn a_log_may_run_either_way_but_one() {
        insta::assert_snapshot!(check_text("## 2025-10-13T01:00:01Z — c\n## 2025-10-12 — b\n## 2025-10-11T01:00:01Z — a\n"), @"
        2 Note timestamp the entry has a date and no time
        1 Note order the newest entry stands first; the tool appends at the end
        ");
        insta::assert_snapshot!(check_text("## 2025-10-11T22:12:01Z — a\n## 2025-10-12T02:44:01Z — b\n## 2025-10-11T21:31:01Z — c\n"), @"3 Warning order the entry is older than the one before it, by 5 h 13 min");
    }

    #[test]
    fn an_honest_entry_is_in_order_behind_any_log() {
        insta::assert_snapshot!(check_text("## 2027-05-01T10:00:01Z — wrong\n## 2026-11-22T17:00:01Z — a\n"), @"1 Error future-time the entry lies ahead of this machine's clock by 159 d 16 h");
        insta::assert_snapshot!(check_text("## 2026-11-13T01:00:01Z — c\n## 2026-11-12T01:00:01Z — b\n## 2026-11-11T01:00:01Z — a\n## 2026-11-22T01:00:01Z — d\n"), @"1 Note order the newest entry stands first; the tool appends at the end");
    }

    #[test]
    fn rounded_seconds_look_invented() {
        let log: Vec<String> =
            (0..8).map(|minute| format!("## 2025-10-11T01:0{minute}:00Z — a")).collect();
        insta::assert_snapshot!(check_text(&log.join("\n")), @"1 Warning timestamp 8 of 8 times with seconds end in :00; they look invented");
        let script = "## 2025-10-11T01:00:00Z — a\n".repeat(8) + "## 2025-10-11T01:00:01Z — a\n";
        insta::assert_snapshot!(check_text(&script), @"");
    }

    #[test]
    fn what_a_block_hides_is_told() {
        insta::assert_snapshot!(check_text("```\n## 2025-10-11T01:00:01Z — a\n```\n```\n## 2025-10-11T01:00:02Z — b\n"), @"
        4 Warning heading a code block begins here and never ends; viewers hide the entry behind it
        2 Warning heading a dated heading inside a code block or comment is not read as an entry
        ");
    }
}
