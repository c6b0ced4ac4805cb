//! The 32 cases by which redactors were compared, each with random secrets and random chunks.

use data_encoding::BASE64;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::writers::{PEM_WRITERS, WRITERS};
use super::{cases, redact, set_of, text};
use crate::{Redactor, refusal};

/// What is printed, piece by piece; it holds secrets, and nothing of any may be left.
#[derive(Debug)]
struct Printed {
    case: &'static str,
    secrets: Vec<String>,
    written: Vec<u8>,
    /// The same with other secrets: what stands in both is none of the secret.
    innocent: Vec<u8>,
}

impl Printed {
    fn new(case: &'static str, secret: String, write: fn(&str) -> Vec<u8>) -> Printed {
        let other: String = secret
            .split_inclusive('\n')
            .map(|line| {
                let is_armour = line.starts_with("-----");
                let other = |char: char| if char == '\n' || is_armour { char } else { '~' };
                line.chars().map(other).collect::<String>()
            })
            .collect();
        Printed { case, written: write(&secret), innocent: write(&other), secrets: vec![secret] }
    }
}

/// Redacts what is printed, between words that must stay, and looks at what is left.
fn check(printed: &Printed, lengths: &[usize], ends_at_once: bool) {
    let Printed { case, secrets, written, innocent } = printed;
    let named: Vec<(&str, &[u8])> =
        secrets.iter().map(|secret| ("TOKEN", secret.as_bytes())).collect();
    let set = set_of(&named);
    let after: &[u8] = if ends_at_once { b"" } else { b" after\n" };
    let line = [b"before ", written.as_slice(), after].concat();
    let output = redact(Redactor::new(&set), &line, lengths);
    let innocent = [b"before ", innocent.as_slice(), after].concat();
    // Neither the secret nor the way it was written.
    let raw = secrets.iter().flat_map(|secret| secret.as_bytes().windows(8));
    // The marker's first letter may be the secret's.
    let left = text(&output).replace("[REDACTED:TOKEN]", "\0").into_bytes();
    for window in raw.chain(written.windows(8)) {
        if memchr::memmem::find(&innocent, window).is_some() {
            continue;
        }
        let is_left = memchr::memmem::find(&left, window).is_some();
        assert!(!is_left, "{case}: {:?} is left in {:?}", text(window), text(&output));
    }
    assert!(memchr::memmem::find(&output, b"[REDACTED:TOKEN]").is_some(), "{case}");
    let is_kept = output.starts_with(b"before ") && output.ends_with(after);
    assert!(is_kept, "{case}: {:?}", text(&output));
    let whole = redact(Redactor::new(&set), &line, &[usize::MAX]);
    assert_eq!(text(&output), text(&whole), "{case}: chunks matter");
    assert_eq!(
        text(&redact(Redactor::new(&set), &output, lengths)),
        text(&output),
        "{case}: twice"
    );
}

/// The beginning of a marker at the end of a value is never replaced.
fn is_redactable(value: &str) -> bool {
    refusal::reason(value.as_bytes()).is_none() && !value.contains("://") && !value.ends_with("[R")
}

/// 22 to 40 characters as a password generator makes them, a space among them.
fn mixed() -> impl Strategy<Value = String> {
    "[A-Za-z0-9][!-~]{4,12} [!-~]{14,24}[A-Za-z0-9]"
        .prop_filter("must be redactable", |value| is_redactable(value))
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-]{40}".prop_filter("must be redactable", |value| is_redactable(value))
}

/// A value that begins as it ends.
fn same_ends() -> impl Strategy<Value = String> {
    ("[A-Za-z0-9]", "[!-~]{20}")
        .prop_map(|(end, middle)| format!("{end}{middle}{end}"))
        .prop_filter("must be redactable", |value| is_redactable(value))
}

/// A private key of six lines.
fn pem() -> impl Strategy<Value = String> {
    vec(any::<u8>(), 190..230).prop_map(|bytes| {
        let lines: Vec<String> = BASE64.encode(&bytes).as_bytes().chunks(64).map(text).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    })
}

/// Whether a line behind a break begins with a mark or a backslash and a blank.
fn has_mark(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').skip(1).any(
        |line| matches!(line.trim_ascii_start(), [mark, b' ', ..] if b"#>|+-*/\\".contains(mark)),
    )
}

/// A one-line secret in every way of writing; 23 of the 32 cases and more.
fn written() -> impl Strategy<Value = Printed> {
    (prop_oneof![mixed(), token(), same_ends()], 0..WRITERS.len())
        .prop_map(|(value, writer)| {
            let (case, write) = WRITERS[writer];
            Printed::new(case, value, write)
        })
        .prop_filter("a mark behind a line break is none of the value", |printed| {
            !has_mark(&printed.written) || has_mark(&printed.innocent)
        })
}

/// A key of several lines, whole, joined, indented, or one line of it.
fn written_key() -> impl Strategy<Value = Printed> {
    (pem(), 0..PEM_WRITERS.len()).prop_map(|(value, writer)| {
        let (case, write) = PEM_WRITERS[writer];
        Printed::new(case, value, write)
    })
}

/// A secret that begins with another one, and two that share an end and a beginning.
fn pair() -> impl Strategy<Value = Printed> {
    ("[A-Za-z0-9]{10,20}", "[A-Za-z0-9]{8,20}", "[A-Za-z0-9]{8,20}", any::<bool>())
        .prop_filter("must be redactable", |(one, two, three, _)| {
            [one, two, three].iter().all(|value| is_redactable(value))
        })
        .prop_map(|(one, two, three, overlap)| {
            let long = format!("{one}{two}");
            let (case, other) = if overlap {
                ("overlapping", format!("{two}{three}"))
            } else {
                ("prefix", one.clone())
            };
            let written = if overlap { format!("{one}{two}{three}") } else { long.clone() };
            Printed {
                case,
                secrets: vec![long, other],
                written: written.into(),
                innocent: Vec::new(),
            }
        })
}

/// Chunks of one byte, of a few, of a line, of a pipe's buffer.
fn lengths() -> impl Strategy<Value = Vec<usize>> {
    let one = Union::new_weighted(vec![(1, 1_usize..2), (4, 1..70), (1, 1000..65_536)]);
    vec(one, 1..6)
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn no_way_of_printing_leaks(printed in written(), lengths in lengths(), at_once in any::<bool>()) {
        check(&printed, &lengths, at_once);
    }

    #[test]
    fn no_way_of_printing_a_key_leaks(printed in written_key(), lengths in lengths()) {
        check(&printed, &lengths, false);
    }

    #[test]
    fn no_pair_leaks(printed in pair(), lengths in lengths(), at_once in any::<bool>()) {
        check(&printed, &lengths, at_once);
    }
}

/// Each case is met in every run, by chance or not.
#[test]
fn each_of_the_cases_is_met() {
    let value = "kq7Vw2 xTzP'CANARY/31&";
    for (case, write) in WRITERS {
        let printed = Printed::new(case, value.to_owned(), *write);
        for lengths in [&[1][..], &[7, 2], &[usize::MAX]] {
            check(&printed, lengths, false);
            check(&printed, lengths, true);
        }
    }
}

/// The `=` at the end of a line is one of the value here.
#[test]
fn what_joins_lines_may_be_of_the_value() {
    let value = "A!0a0!aA!0Aa !Aa!aA00aa=a00A";
    let (case, write) =
        WRITERS.iter().find(|(case, _)| *case == "wrapped at 12, indented").unwrap();
    check(&Printed::new(case, value.to_owned(), *write), &[1], false);
}

/// Behind an offset stands then `[`, as it does where a marker begins.
#[test]
fn a_value_may_begin_as_a_marker_does() {
    for (case, write) in WRITERS {
        check(&Printed::new(case, "A!0!AA!aa!aAAa[0aa!!!A".to_owned(), *write), &[1], false);
    }
}

/// A title, a link or a correction in the midst of a value is not shown by any terminal or page.
#[test]
fn what_no_terminal_shows_hides_no_value() {
    let set = set_of(&[("A", b"CANARY-9xTz-77aB3")]);
    for (input, expected) in [
        ("x CANARY-9\x1b]0;t\x07xTz-77aB3 y", "x [REDACTED:A] y"),
        (
            "\x1b]8;;http://x\x1b\\CANARY-9\x1b]8;;\x1b\\xTz-77aB3\n",
            "\x1b]8;;http://x\x1b\\[REDACTED:A]\n",
        ),
        ("CANARY\x1bPq1\x1b\\-9\x1b[0mx\x1b7Tz-\x1b%G77aB3", "[REDACTED:A]"),
        ("\x1b]52;c;CANARY-9xTz-77aB3\x07", "\x1b]52;c;[REDACTED:A]\x07"),
        ("CANARY-9\x1b]0;CANARY-9xTz-77aB3\x07xTz-77aB3.", "[REDACTED:A]."),
        (
            "\x1b]0;https://me:pw8%21xyz@h\x07.",
            "\x1b]0;https://me:[REDACTED:connection-string]@h\x07.",
        ),
        ("CANARY-9\x1b]0;open\nxTz-77aB3", "CANARY-9\x1b]0;open\nxTz-77aB3"),
    ] {
        for lengths in [&[1][..], &[2, 3], &[7], &[1000]] {
            let redacted = redact(Redactor::with_forms(&set), input.as_bytes(), lengths);
            assert_eq!(text(&redacted), expected, "{input:?} {lengths:?}");
        }
    }
    for input in ["CANARY-9xQ\x08\x1b[KTz-77aB3", "CANARY-9xQZ\x08 \x08\x08 \x08Tz-77aB3"] {
        let whole = redact(Redactor::new(&set), input.as_bytes(), &[1000]);
        assert_eq!(text(&whole), "[REDACTED:A]");
        assert_eq!(set.find(input.as_bytes())[0].range, 0..input.len());
    }
}
