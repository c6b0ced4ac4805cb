//! The tamper matrix of a chain: every change to an intact file is found and placed.

use super::*;
use crate::record::{Body, Note};

fn intact(count: u64) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for index in 0..count {
        let record = Record {
            index,
            previous: lines.last().map(|line| Digest::of(line)),
            time: crate::time::parse("2026-11-22T17:00:00Z").unwrap(),
            body: Body::Note(Note { text: format!("note {index}") }),
        };
        lines.push(record.to_line().unwrap());
    }
    lines
}

fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
}

fn problems(bytes: &[u8]) -> String {
    Chain::read(bytes).problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_intact_chain_has_no_problem() {
    let lines = intact(5);
    let chain = Chain::read(&joined(&lines));
    assert_eq!((chain.problems.len(), chain.lines, chain.records.len()), (0, 5, 5));
    assert_eq!(chain.head, Some(Digest::of(&lines[4])));
    assert_eq!(Chain::read(b""), Chain::default());
}

#[test]
fn each_flipped_byte_is_found_at_its_line() {
    let lines = intact(4);
    let whole = joined(&lines);
    let last_line = whole.len() - lines[3].len() - 1;
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        let chain = Chain::read(&flipped);
        let line = whole[..at].split(|&byte| byte == b'\n').count() as u64;
        if at >= last_line && chain.problems.is_empty() {
            // Nothing follows the last line, so the manifest has to vouch for it.
            continue;
        }
        let first = chain
            .problems
            .first()
            .unwrap_or_else(|| panic!("byte {at} of line {line} was not missed"));
        let place = first.line.unwrap();
        assert!(
            place == line || place == line + 1,
            "byte {at} of line {line} was placed at {place}: {first}"
        );
    }
}

#[test]
fn each_dropped_line_is_found() {
    for dropped in 0..4 {
        let mut lines = intact(5);
        lines.remove(dropped);
        let found = problems(&joined(&lines));
        assert_eq!(
            found,
            format!("missing evidence.jsonl:{}: record {dropped} is gone", dropped + 1)
        );
    }
}

#[test]
fn a_cut_tail_is_not_seen_by_the_chain_alone() {
    assert_eq!(problems(&joined(&intact(5)[..3])), "");
}

#[test]
fn each_swap_and_each_copy_is_found() {
    for n in 0..4 {
        let mut swapped = intact(5);
        swapped.swap(n, n + 1);
        let chain = Chain::read(&joined(&swapped));
        assert_eq!(chain.problems[0].rule, Rule::Reordered, "{:?}", chain.problems);
        assert_eq!(chain.problems[0].line, Some(n as u64 + 1));

        let mut doubled = intact(5);
        let copy = doubled[n].clone();
        doubled.insert(n + 1, copy);
        let chain = Chain::read(&joined(&doubled));
        assert_eq!(chain.problems[0].rule, Rule::Added, "{:?}", chain.problems);
        assert_eq!(chain.problems[0].line, Some(n as u64 + 2));
    }
}

#[test]
fn problems_read_well() {
    let mut lines = intact(5);
    lines[2] =
        String::from_utf8(lines[2].clone()).unwrap().replace("note 2", "note X").into_bytes();
    insta::assert_snapshot!(problems(&joined(&lines)), @"altered evidence.jsonl:3: record 2 is not what record 3 was written after");
    let mut lines = intact(5);
    lines[2] = b"{}".to_vec();
    insta::assert_snapshot!(problems(&joined(&lines)), @"altered evidence.jsonl:3: the line is not a record (column 2)");
    let mut torn = joined(&intact(2));
    torn.extend_from_slice(b"{\"v\":1");
    insta::assert_snapshot!(problems(&torn), @"torn evidence.jsonl:3: the last line was never finished (6 bytes)");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_fall(bytes in proptest::collection::vec(0_u8.., 0..400)) {
        drop(Chain::read(&bytes));
    }
}

#[test]
fn the_tail_is_that_of_the_whole_chain() {
    for count in [0, 1, 5] {
        let bytes = joined(&intact(count));
        let (tail, chain) = (Tail::read(&bytes).unwrap(), Chain::read(&bytes));
        assert_eq!((tail.head, tail.lines), (chain.head, chain.lines));
        assert!(!tail.is_sealed && tail.last_run == 0);
    }
}

#[test]
fn each_flipped_byte_stops_what_would_add_to_it() {
    let whole = joined(&intact(4));
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x01;
        let problems = Chain::read(&bytes).problems;
        match Tail::read(&bytes) {
            Err(first) => assert!(problems.is_empty() || problems[0].to_string() == first),
            // The last line has no successor that holds it.
            Ok(_) => assert!(problems.is_empty(), "byte {at}"),
        }
    }
}

/// Each broken link once had all lines looked at.
#[test]
fn many_broken_links_are_read_in_time() {
    let line = |index: u64| {
        let time = crate::time::parse("2026-11-22T17:00:00Z").unwrap();
        let body = Body::Note(Note { text: String::new() });
        Record { index, previous: None, time, body }.to_line().unwrap()
    };
    let gaps: Vec<Vec<u8>> = (0..40_000).map(|n| line(n * 2)).collect();
    let back: Vec<Vec<u8>> = (0..40_000).map(|n| line(40_000 - n)).collect();
    for (lines, rule) in [(gaps, Rule::Missing), (back, Rule::Reordered)] {
        let bytes = joined(&lines);
        let started = std::time::Instant::now();
        let chain = Chain::read(&bytes);
        let spent = started.elapsed();
        assert!(spent.as_secs() < 5, "{rule:?}: {spent:?}");
        assert!(chain.problems.len() >= 39_999);
        assert_eq!(chain.problems.last().map(|problem| problem.rule), Some(rule));
    }
}
