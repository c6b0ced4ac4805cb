//! Lists of numbers, words in fields, and dumps behind a prefix: found, and redacted as the whole stream is.

use std::fmt::Write as _;
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{AFTER, BEFORE, STYLES, cells, dump, redact, set_of};
use crate::SecretSet;

const SECRET: &str = "CANARYkq7Vw2xTzP@31";

/// How a program shows bytes as numbers.
type Writer = (&'static str, fn(&[u8]) -> String);

const WRITERS: &[Writer] = &[
    ("xxd -i", |bytes| rows(bytes, 12, "  ", |byte| format!("0x{byte:02x}"), ", ", ",")),
    ("xxd -i -u", |bytes| rows(bytes, 12, "  ", |byte| format!("0X{byte:02X}"), ", ", ",")),
    ("C in one line", |bytes| rows(bytes, 300, "{", |byte| format!("0x{byte:02x}"), ",", "};")),
    ("Go %#v", |bytes| rows(bytes, 300, "[]byte{", |byte| format!("0x{byte:x}"), ", ", "}")),
    ("C, unsigned", |bytes| rows(bytes, 8, "\t", |byte| format!("0x{byte:02x}U"), ", ", ",")),
    ("rustfmt", |bytes| rows(bytes, 16, "    ", |byte| byte.to_string(), ", ", ",")),
    ("Python", |bytes| rows(bytes, 300, "[", |byte| byte.to_string(), ", ", "]")),
    ("Go", |bytes| rows(bytes, 300, "[", |byte| byte.to_string(), " ", "]")),
    ("JSON", |bytes| rows(bytes, 300, "{\"data\":[", |byte| byte.to_string(), ",", "]}")),
    ("Java", |bytes| rows(bytes, 300, "[", |byte| byte.cast_signed().to_string(), ", ", "]")),
    ("Node", |bytes| rows(bytes, 12, "  ", |byte| format!("{byte:3}"), ", ", ",")),
    ("od -tu1", |bytes| words(bytes, 1, 16, |word| format!(" {word:3}"))),
    ("od", |bytes| words(bytes, 2, 16, |word| format!(" {word:06o}"))),
    ("od -An -tu1", |bytes| rows(bytes, 16, "", |byte| format!("{byte:3}"), " ", "")),
    ("od -d", |bytes| words(bytes, 2, 16, |word| format!(" {word:5}"))),
    ("od -i", |bytes| {
        words(bytes, 4, 16, |word| format!(" {:11}", u32::try_from(word).unwrap().cast_signed()))
    }),
    ("od -l", |bytes| words(bytes, 8, 16, |word| format!(" {:20}", word.cast_signed()))),
    ("od -to4", |bytes| words(bytes, 4, 16, |word| format!(" {word:011o}"))),
    ("hexdump -d", |bytes| words(bytes, 2, 16, |word| format!("   {word:05}"))),
    ("hexdump -o", |bytes| words(bytes, 2, 16, |word| format!("  {word:06o}"))),
    ("hexdump -x", |bytes| words(bytes, 2, 16, |word| format!("    {word:04x}"))),
    ("xxd -b", |bytes| {
        let mut out = String::new();
        for (at, line) in (0..).step_by(6).zip(bytes.chunks(6)) {
            let bits: Vec<_> = line.iter().map(|byte| format!("{byte:08b}")).collect();
            let bits = bits.join(" ");
            let shown: String = line
                .iter()
                .map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' })
                .collect();
            let _ = writeln!(out, "{at:08x}: {bits:53}  {shown}");
        }
        out
    }),
];

/// What stands before each line.
const PREFIXES: &[&str] = &[
    "",
    "web-1  | ",
    "[pod/web-7d9f/web] ",
    "+",
    "> ",
    ">> > ",
    "\t",
    "Nov 29 18:06:13 host app[123]: ",
    "2026-11-29T18:06:13.123456789Z ",
    "2026-11-29 18:06:13,123 INFO root: ",
    "web-1  | 2026-11-29T18:06:13.123456789Z ",
];

fn rows(
    bytes: &[u8],
    per_row: usize,
    open: &str,
    show: fn(u8) -> String,
    between: &str,
    close: &str,
) -> String {
    let row = |row: &[u8]| {
        let numbers: Vec<_> = row.iter().map(|byte| show(*byte)).collect();
        format!("{open}{}{close}\n", numbers.join(between))
    };
    bytes.chunks(per_row).map(row).collect()
}

fn words(bytes: &[u8], n_bytes: usize, per_line: usize, show: fn(u64) -> String) -> String {
    let mut out = String::new();
    for (at, line) in (0..).step_by(per_line).zip(bytes.chunks(per_line)) {
        let _ = write!(out, "{at:07o}");
        for word in line.chunks(n_bytes) {
            out += &show(word.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
        out += "\n";
    }
    out
}

fn behind(prefix: &str, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| [prefix, line, "\n"].concat()).collect();
    lines.concat()
}

/// A character that is a digit, by itself before a blank, stands first in the second line of `xxd -b`.
#[test]
fn characters_behind_bits_that_look_like_a_number_end_nothing() {
    let set = set_of(b"CANARYe horse");
    let text = "00000000: 01000011 01000001 01001110 01000001 01010010 01011001  CANARY\n\
                00000006: 01100101 00100000 01101000 01101111 01110010 01110011  e hors\n\
                0000000c: 01100101 00001010                                      e.\n";
    for lengths in [&[usize::MAX][..], &[1], &[7, 30]] {
        let output = redact(&set, true, text.as_bytes(), lengths);
        assert!(output.contains("[REDACTED:T]"), "{output}");
    }
}

/// The bytes of a file that has the value behind so many others.
fn file(n_before: usize) -> Vec<u8> {
    let before = "x: innocent text ".repeat(30);
    [&before.as_bytes()[..n_before], SECRET.as_bytes(), b"\nend of the file\n"].concat()
}

/// Where what shows the value differs from what shows a value of other bytes, nothing may be left.
fn check(set: &SecretSet, name: &str, show: &dyn Fn(&[u8]) -> String, n_before: usize) {
    let bytes = file(n_before);
    let text = format!("{BEFORE}{}{AFTER}", show(&bytes));
    let output = redact(set, true, text.as_bytes(), &[usize::MAX]);
    assert!(output.contains("[REDACTED:T]"), "{name} {n_before}: {output}");
    let other: Vec<u8> = bytes.iter().map(|byte| byte ^ 1).collect();
    let other = [&bytes[..n_before], &other[n_before..n_before + SECRET.len()]].concat();
    let other = [&other, &bytes[n_before + SECRET.len()..]].concat();
    let other = format!("{BEFORE}{}{AFTER}", show(&other));
    assert_eq!(redact(set, true, other.as_bytes(), &[usize::MAX]), other, "{name}");
    // What is left of each line are its beginning and its end, and these tell nothing of the value.
    for ((line, whole), other) in output.lines().zip(text.lines()).zip(other.lines()) {
        let (head, tail) = match line.split_once("[REDACTED:T]") {
            None => (line, ""),
            Some((head, rest)) => {
                (head, rest.rsplit_once("[REDACTED:T]").map_or(rest, |rest| rest.1))
            }
        };
        assert!(whole.starts_with(head) && whole.ends_with(tail), "{name}: {line}");
        assert!(other.starts_with(head) && other.ends_with(tail), "{name}: {line}");
    }
    for lengths in [&[1][..], &[7, 30], &[61]] {
        let cut = redact(set, true, text.as_bytes(), lengths);
        assert_eq!(cut, output, "{name} {lengths:?}");
    }
    let pieces = set.dumped_pieces(text.as_bytes());
    assert!(pieces.iter().any(|piece| !set.find(&piece.text).is_empty()), "{name}");
}

#[test]
fn numbers_of_every_program_are_redacted() {
    let set = set_of(SECRET.as_bytes());
    for (name, show) in WRITERS {
        for n_before in [0, 7, 31, 205] {
            check(&set, name, show, n_before);
        }
    }
}

#[test]
fn dumps_behind_a_prefix_are_redacted() {
    let set = set_of(SECRET.as_bytes());
    for prefix in PREFIXES {
        for (name, show) in WRITERS {
            check(&set, &format!("{prefix}{name}"), &|bytes| behind(prefix, &show(bytes)), 7);
        }
        for style in
            STYLES.iter().filter(|style| style.before.is_empty() && style.name != "wireshark")
        {
            let show = |bytes: &[u8]| behind(prefix, &dump(style, bytes, &(0..0), false));
            check(&set, &format!("{prefix}{}", style.name), &show, 31);
        }
        for has_offset in [true, false] {
            let show = |bytes: &[u8]| behind(prefix, &cells(bytes, &(0..0), has_offset, false));
            check(&set, &format!("{prefix}od -c"), &show, 31);
        }
    }
}

/// What the programs print that are installed here.
#[test]
#[expect(clippy::disallowed_methods, reason = "their output is what is tested")]
fn what_programs_print_is_redacted() {
    const COMMANDS: &[&str] = &[
        "xxd",
        "xxd -i",
        "xxd -i -u",
        "xxd -b",
        "xxd -e",
        "xxd -c 6",
        "xxd -c 7",
        "xxd -g 1",
        "xxd -g 4",
        "xxd -g 8",
        "od",
        "od -o",
        "od -An -o",
        "od -d",
        "od -i",
        "od -s",
        "od -l",
        "od -tu1",
        "od -td1",
        "od -tu4",
        "od -to4",
        "od -a",
        "od -b",
        "od -c",
        "od -x",
        "od --endian=big",
        "hexdump",
        "hexdump -b",
        "hexdump -c",
        "hexdump -C",
        "hexdump -d",
        "hexdump -o",
        "hexdump -x",
    ];
    let set = set_of(SECRET.as_bytes());
    let folder = std::env::temp_dir().join(format!("secret-dumps-{}", std::process::id()));
    std::fs::write(&folder, file(31)).unwrap();
    for command in COMMANDS {
        let mut words = command.split(' ');
        let mut program = Command::new(words.next().unwrap());
        let Ok(output) = program.args(words).arg(&folder).output() else { continue };
        let output = String::from_utf8(output.stdout).unwrap();
        for prefix in PREFIXES {
            let text = behind(prefix, &output);
            let redacted = redact(&set, true, text.as_bytes(), &[usize::MAX]);
            assert!(redacted.contains("[REDACTED:T]"), "{prefix}{command}: {redacted}");
            assert_eq!(redact(&set, true, text.as_bytes(), &[13]), redacted, "{prefix}{command}");
        }
    }
    let _ = std::fs::remove_file(folder);
}

proptest! {
    #![proptest_config(crate::redactor::tests::cases(48))]

    #[test]
    fn chunks_of_numbers_do_not_matter(
        secret in prop_oneof![
            proptest::string::bytes_regex("CANARY[a-c0-3 ]{3,12}[a-z]").unwrap(),
            vec(any::<u8>(), 8..20)
        ],
        parts in vec((0..8_usize, 0..WRITERS.len(), 0..PREFIXES.len(), 0..8_usize), 0..12),
        lengths in vec(1_usize..40, 1..5),
        with_forms in any::<bool>(),
    ) {
        let mut input = String::new();
        for (kind, writer, prefix, at) in parts {
            let more = [b"\x01ab\n", secret.as_slice(), &secret[..at]].concat();
            let text = match kind {
                0..=2 => WRITERS[writer].1(&more),
                3 => WRITERS[writer].1(&secret).trim_end().to_owned(),
                4 => dump(&STYLES[writer % STYLES.len()], &more, &(0..0), false),
                5 => {
                    let text: Vec<u8> = more.iter().map(|byte| b' ' + byte % 95).collect();
                    cells(&text, &(0..0), at % 2 == 0, false)
                }
                6 => WRITERS[writer].1(&secret[at..]),
                _ => [" 67, ", "0x43, 0x", "[67 6", "\n", ", 7", "0000000 041", "web-1 | ", "\t "][at].to_owned(),
            };
            input += &behind(PREFIXES[prefix], &text);
            if at == 3 {
                input.pop();
            }
        }
        let set = set_of(&secret);
        let whole = redact(&set, with_forms, input.as_bytes(), &[usize::MAX]);
        let cut = redact(&set, with_forms, input.as_bytes(), &lengths);
        prop_assert_eq!(cut, whole, "{:?}", input);
    }
}
