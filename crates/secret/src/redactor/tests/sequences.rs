//! Values among the sequences with which programs colour a terminal, and such as only look like these.

use super::{redact, set_of, text};
use crate::Redactor;

/// A sequence that swallows a secret's first bytes on a terminal does not hide it in a file.
#[test]
fn secrets_are_found_behind_what_looks_like_a_sequence() {
    let set = set_of(&[("A", b"CANARY-9xTz-77"), ("B", b"12;34CANARY")]);
    for (input, expected) in [
        ("\x1b(CANARY-9xTz-77", "\x1b([REDACTED:A]"),
        ("\x1b[CANARY-9xTz-77", "\x1b[[REDACTED:A]"),
        ("\x1b[12;34CANARY", "\x1b[[REDACTED:B]"),
        ("\x1b[0m\x1b[12;34CANARY\x1b[0m", "\x1b[0m\x1b[[REDACTED:B]\x1b[0m"),
        ("\x1b[12;34CANAR", "\x1b[12;34CANAR"),
    ] {
        for lengths in [&[1][..], &[2, 3], &[7], &[1000]] {
            assert_eq!(text(&redact(Redactor::new(&set), input.as_bytes(), lengths)), expected);
        }
    }
}

/// Nor does a line break in it beside such a sequence.
#[test]
fn broken_secrets_are_found_behind_what_looks_like_a_sequence() {
    let set = set_of(&[("A", b"CANARY-9\x1b("), ("B", b"0!!00\"1CANARY"), ("C", b"00!00\"#$")]);
    for (input, expected) in [
        ("C\n  ANARY-9\x1b(CANARY-9\x1b(", "C\n  [REDACTED:A]"),
        ("\x1b[00!00\"#$0\\\n0!00\"#$", "\x1b[[REDACTED:C]0\\\n[REDACTED:C]"),
        ("CANA\n  RY-9\x1b(x", "[REDACTED:A]x"),
        ("\x1b[0!!00\"1\\\r\n\t CANARY", "\x1b[[REDACTED:B]"),
        ("\x1b[0!!00\"1CANARY0\\\r\n\t !!00\"1CANARY", "\x1b[[REDACTED:B]0\\\r\n\t [REDACTED:B]"),
    ] {
        for lengths in [&[1000][..], &[1], &[2, 3], &[7]] {
            let once = redact(Redactor::new(&set), input.as_bytes(), lengths);
            assert_eq!(text(&once), expected, "{input:?} {lengths:?}");
            assert_eq!(redact(Redactor::new(&set), &once, lengths), once, "twice");
        }
    }
}

/// What leads up to a credential was said already, with titles and links of the terminal in it.
#[test]
fn what_was_said_is_seen_through_sequences_too() {
    let set = set_of(&[]);
    for (input, expected) in [
        (
            "password\x1b]0;t\x07=kq7Vw2xTzP81\n",
            "password\x1b]0;t\x07=[REDACTED:assigned-password]\n",
        ),
        (
            "--password \x1b]8;;http://x\x1b\\kq7Vw2xTzP81!x\n",
            "--password \x1b]8;;http://x\x1b\\[REDACTED:assigned-password]\n",
        ),
    ] {
        for lengths in [&[1][..], &[2, 3], &[7], &[1000]] {
            assert_eq!(
                text(&redact(Redactor::with_forms(&set), input.as_bytes(), lengths)),
                expected
            );
        }
    }
}

/// Redacted text that is redacted again: a marker's first letters may complete what stands before it.
#[test]
fn a_marker_does_not_complete_a_secret() {
    let set = set_of(&[("A", b"CANARY-9xTz-7R")]);
    for sequence in ["\x1b[", "\x1b(", "\x1b[1;"] {
        let input = format!("CANARY-9xTz-7{sequence}CANARY-9xTz-7R");
        let once = redact(Redactor::new(&set), input.as_bytes(), &[usize::MAX]);
        assert_eq!(text(&once), format!("CANARY-9xTz-7{sequence}[REDACTED:A]"));
        assert_eq!(text(&redact(Redactor::new(&set), &once, &[3])), text(&once));
    }
}
