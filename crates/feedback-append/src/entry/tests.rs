//! Tests of reading entries: each dialect, their mixtures, and what must never be lost.

use super::*;
use crate::stamp;
use proptest::prelude::*;

fn check(document: &str) -> String {
    check_on(document, None)
}

fn check_on(document: &str, day: Option<NaiveDate>) -> String {
    let read = read(document, 0, day);
    let mut lines: Vec<String> = read
        .entries
        .iter()
        .map(|entry| {
            let at = entry.stamp.at.map_or("?".to_owned(), stamp::write);
            let canonical = if entry.canonical { " canonical" } else { "" };
            let id = entry.id.as_ref().map_or(String::new(), |id| format!(" id={id}"));
            format!("{at} [{}] {} bytes{canonical}{id}", entry.title, entry.range.len())
        })
        .collect();
    lines.extend(read.hidden.iter().map(|range| format!("hidden {}", &document[range.clone()])));
    lines.join("\n")
}

#[test]
fn labelled_and_titled_entries_are_not_merged() {
    insta::assert_snapshot!(check("# Log\n\n### Timestamp: 2025-10-11T01:12Z\none\n\n### Timestamp: 2025-10-11T02:12Z\ntwo\n"), @"
    2025-10-11T01:12:00Z [Log] 45 bytes
    2025-10-11T02:12:00Z [] 37 bytes
    ");
    insta::assert_snapshot!(check("# Log\n\n## 2025-10-21\n\n### A\n**Timestamp:** 2025-10-21T01:12Z\none\n\n### B\n**Timestamp:** 2025-10-21T02:12Z\ntwo\n"), @"
    2025-10-21T01:12:00Z [A] 44 bytes
    2025-10-21T02:12:00Z [B] 43 bytes
    ");
    insta::assert_snapshot!(check("# Status 2025-10-11\na\n# Status 2025-10-12\nb\n"), @"
    2025-10-11T00:00:00Z [Status] 22 bytes
    2025-10-12T00:00:00Z [Status] 22 bytes
    ");
    // The one title of a file with its day begins none.
    insta::assert_snapshot!(check("# Status 2025-10-11\n\n## 10:00 - a\nx\n"), @"2025-10-11T10:00:00Z [a] 15 bytes");
}

#[test]
fn a_mistyped_date_begins_an_entry_all_the_same() {
    insta::assert_snapshot!(check("## 2026-11-20T10:00:03Z — Real\nx\n## 3026-11-21T10:00:03Z — Year\n## 1970-01-01T00:00:07Z — Clock\n## 2026-11-2T10:00:03Z — Day\n### Timestamp: 2026-1-2\n## Ticket 4711-12-03\n## 0800-12-34-56\n"), @"
    2026-11-20T10:00:03Z [Real] 35 bytes canonical
    ? [Year] 33 bytes
    ? [Clock] 34 bytes
    ? [Day] 93 bytes
    ");
}

#[test]
fn what_viewers_show_as_a_dated_heading_begins_an_entry() {
    insta::assert_snapshot!(check("\u{feff}## 2026-11-27T10:00:03Z — First\nx\n\n## 2026-11-27T10:00:04Z — Second\n"), @"
    2026-11-27T10:00:03Z [First] 37 bytes canonical
    2026-11-27T10:00:04Z [Second] 35 bytes canonical
    ");
    insta::assert_snapshot!(check("# Log\n\n2026-11-27T10:00:03Z — First\n---------\nx\n\n2027-11-27 Second\n===\ny\n\nTitle\n---\n\nx\n2026-11-27 no\n---\n- 2026-11-27 no\n---\n```\n2026-11-27 no\n---\n```\n"), @"
    2026-11-27T10:00:03Z [First] 44 bytes
    2027-11-27T00:00:00Z [Second] 102 bytes
    ");
    insta::assert_snapshot!(check("# 2025-10-21 Chatwoot\n\n## Token asked for — 2025-10-21 09:00 UTC\n### Seen 2025-10-20 08:00 UTC\n## Smoke ✅ — 2027-10-21 10:00 UTC\n## Moved from 2025-10-20\n"), @"
    2025-10-21T09:00:00Z [Token asked for] 74 bytes
    2027-10-21T10:00:00Z [Smoke ✅] 38 bytes
    2025-10-20T00:00:00Z [Moved from] 25 bytes
    ");
}

#[test]
fn each_dialect_is_read() {
    insta::assert_snapshot!(
        check("# Log\n\n## 2026-11-22T17:03:11Z — Canonical\ntext\n<!-- entry 01JD -->\n\n\
            ## 2025-10-11T01:12:33Z - Dash\n## 2025-10-11T01:12Z — Minutes\n\
            ## 2025-10-11 01:12 UTC - Seed\n### Sub\n## 2025-10-11 (note)\n## 2025-10-11: colon\n\
            ## ✅ 2025-10-11T01:13:00Z — emoji\n## 🚀 Deploy (2025-10-11T02:00Z)\n\
            ## [2025-10-11 03:00 UTC] brackets\n## **2025-10-11 04:00** bold\n\
            ## 2025-10-11 Stand-up — Manager\n### Timestamp: 2025-10-11T05:00Z\n\
            ## Preflight\n**Timestamp:** 2025-10-11T06:00:00Z\nx\n## Other\n### Timestamp: 2025-10-11T07:00Z\ny\n"),
        @"
    2026-11-22T17:03:11Z [Canonical] 64 bytes canonical id=01JD
    2025-10-11T01:12:33Z [Dash] 31 bytes
    2025-10-11T01:12:00Z [Minutes] 33 bytes
    2025-10-11T01:12:00Z [Seed] 39 bytes
    2025-10-11T00:00:00Z [note] 21 bytes
    2025-10-11T00:00:00Z [colon] 21 bytes
    2025-10-11T01:13:00Z [emoji] 38 bytes
    2025-10-11T02:00:00Z [🚀 Deploy] 35 bytes
    2025-10-11T03:00:00Z [brackets] 35 bytes
    2025-10-11T04:00:00Z [bold] 29 bytes
    2025-10-11T00:00:00Z [Stand-up — Manager] 68 bytes
    2025-10-11T06:00:00Z [Preflight] 51 bytes
    2025-10-11T07:00:00Z [Other] 44 bytes
    "
    );
}

#[test]
fn headings_inside_an_entry_belong_to_it() {
    insta::assert_snapshot!(
        check("## 2025-10-11T01:12Z — A\n### Evidence for 2025-10-10\n## Evidence\n### 14:30 retry\n# Archive\n## loose\n## 2025-10-12 — B\n"),
        @"
    2025-10-11T01:12:00Z [A] 83 bytes
    2025-10-12T00:00:00Z [B] 20 bytes
    "
    );
}

#[test]
fn daily_files_have_clock_times() {
    let day = NaiveDate::from_ymd_opt(2025, 10, 21);
    insta::assert_snapshot!(check_on("# Chatwoot\n## 14:30 - a\n## 15:00 UTC — b\n### Notes\n", day), @"
    2025-10-21T14:30:00Z [a] 13 bytes
    2025-10-21T15:00:00Z [b] 29 bytes
    ");
    insta::assert_snapshot!(check("## 2025-10-21\n\n### 14:30 - a\n### 15:00 - b\n## 2025-10-22 — c\n### 16:00 - d\n"), @"
    2025-10-21T14:30:00Z [a] 14 bytes
    2025-10-21T15:00:00Z [b] 14 bytes
    2025-10-22T00:00:00Z [c] 20 bytes
    2025-10-22T16:00:00Z [d] 14 bytes
    ");
    insta::assert_snapshot!(check("## 14:30 - no day\n"), @"? [no day] 18 bytes");
}

#[test]
fn what_looks_like_an_entry_in_code_is_reported_and_not_read() {
    insta::assert_snapshot!(check("## 2025-10-11 — a\n```\n## 2025-10-12 — b\n```\n## 2025-10-13 — c\n```\n## 2025-10-14 — d\n"), @"
    2025-10-11T00:00:00Z [a] 48 bytes
    2025-10-13T00:00:00Z [c] 24 bytes
    2025-10-14T00:00:00Z [d] 20 bytes
    hidden ## 2025-10-12 — b
    ");
}

#[test]
fn the_seed_has_two_entries() {
    let seed = include_str!("../../tests/logs/chatwoot.md");
    let body = crate::front_matter::read(seed).unwrap().range.end;
    let entries = read(seed, body, None).entries;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].title, "Chatwoot Readiness Documentation Created");
    assert_eq!(entries[1].range.end, seed.len());
}

/// A heading in one of the dialects, for a number that makes it unique.
fn dialect(form: usize, number: u32) -> String {
    let (hour, minute) = (number / 60 % 24, number % 60);
    let time = format!("{hour:02}:{minute:02}");
    match form % 14 {
        0 => format!("## 2025-10-11T{time}:07Z — T{number}"),
        1 => format!("## 2025-10-11T{time}Z - T{number}"),
        2 => format!("## 2025-10-11 {time} UTC - T{number}"),
        3 => format!("## 2025-10-11 — T{number}"),
        4 => format!("### 2025-10-11 (T{number})"),
        5 => format!("## 2025-10-11: T{number}"),
        6 => format!("## ✅ 2025-10-11T{time}:00Z — T{number}"),
        7 => format!("## T{number} (2025-10-11 {time} UTC)"),
        8 => format!("## T{number}\n### Timestamp: 2025-10-11T{time}Z"),
        9 => format!("## T{number}\n\n**Timestamp:** 2025-10-11 {time} UTC"),
        10 => format!("## [2025-10-11T{time}:00.120Z] T{number}"),
        11 => format!("## 2025-10-11 {time}:09 UTC — T{number}"),
        12 => format!("## **2025-10-11 {time}** — T{number}"),
        _ => format!("## 20251011T{hour:02}{minute:02}00Z T{number}"),
    }
}

const BODIES: [&str; 9] = [
    "",
    "text\n",
    "### Evidence\n- `x` → artifacts/a.log\n",
    "```sh\n# not a heading\n```\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "---\n",
    "<!-- a comment\nof two lines -->\n",
    "- a\n  ```\n  ## code\n  ```\n",
    "**Status:** done\n\n> ## quoted\n",
];

#[test]
fn two_thousand_documents_in_all_dialects_lose_and_merge_nothing() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    for _ in 0..2_000 {
        let line_break = if next(4) == 0 { "\r\n" } else { "\n" };
        let mut document =
            ["", "# Log\n\n", "intro\n\n", "## Current objective\n\ntext\n\n"][next(4)].to_owned();
        let mut expected = Vec::new();
        for number in 0..next(30) {
            let form = next(14);
            let number = u32::try_from(number).unwrap();
            expected.push((format!("T{number}"), document.len()));
            document.extend([&dialect(form, number), "\n", BODIES[next(BODIES.len())], "\n"]);
        }
        let document = document.replace('\n', line_break);
        let entries = read(&document, 0, None).entries;
        let titles: Vec<_> = entries.iter().map(|entry| entry.title.clone()).collect();
        let wanted: Vec<_> = expected.iter().map(|(title, _)| title.clone()).collect();
        assert_eq!(titles, wanted, "{document}");
        assert!(
            entries.windows(2).all(|pair| pair[0].range.end == pair[1].range.start),
            "{document}"
        );
        assert_eq!(entries.last().map_or(document.len(), |last| last.range.end), document.len());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_and_ranges_are_in_order(document in "(#{1,3} ?|2025-10-1[0-9]|T?[0-9:]{2,8}|Z|\n|Timestamp: |```|[a-z—✅()]|<!-- entry x -->){0,60}") {
        let entries = read(&document, 0, None).entries;
        let mut reach = 0;
        for entry in entries {
            prop_assert!(entry.range.start >= reach && entry.range.end >= entry.heading.end);
            prop_assert!(document.get(entry.stamp_range.clone()).is_some_and(|text| !text.is_empty()));
            reach = entry.range.end;
        }
    }
}
