//! Dumps as programs print them: what they show is read, and a stream is redacted as the whole of it is.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;

mod numbers;
mod styles;

use self::styles::{STYLES, Style};
use super::cells::tests::octal;
use super::{goes_on_as_dump, looks_like_dump};
use crate::{Redactor, Secret, SecretSet};

/// A dump, in which the cells of `hidden` are replaced.
fn dump(style: &Style, bytes: &[u8], hidden: &Range<usize>, upper: bool) -> String {
    let marker = "[REDACTED:T]";
    let mut out = String::new();
    for (line_at, line) in (0..).step_by(style.per_line).zip(bytes.chunks(style.per_line)) {
        out += style.before;
        out += &(style.offset)(line_at);
        let hidden = hidden.start.max(line_at)..hidden.end.min(line_at + line.len());
        let (mut cells, mut places) = (String::new(), vec![0; line.len()]);
        for (index, group) in line.chunks(style.per_group).enumerate() {
            if index > 0 {
                let is_middle = index * style.per_group * 2 == style.per_line;
                cells += if is_middle { style.middle } else { style.between };
            }
            let mut order: Vec<usize> = (0..group.len()).collect();
            if style.is_turned {
                order.reverse();
            }
            for at in order {
                places[index * style.per_group + at] = cells.len();
                let digits = data_encoding::HEXLOWER.encode(&[group[at]]);
                cells += &if upper { digits.to_uppercase() } else { digits };
            }
        }
        let n_groups = style.per_line.div_ceil(style.per_group);
        let width = style.per_line * 2 + (n_groups - 1) * style.between.len() + style.middle.len()
            - style.between.len();
        let n_missing = width.saturating_sub(cells.chars().count());
        if !hidden.is_empty() {
            let shown = &places[hidden.start - line_at..hidden.end - line_at];
            let first = shown.iter().min().unwrap();
            let last = shown.iter().max().unwrap() + 2;
            cells.replace_range(*first..last, marker);
        }
        out += &cells;
        if let Some((open, close)) = style.column {
            out += &" ".repeat(if style.is_padded { n_missing } else { 0 });
            out += open;
            let shown: String = line
                .iter()
                .map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' })
                .collect();
            let (before, after) = if hidden.is_empty() {
                (shown.as_str(), None)
            } else {
                (&shown[..hidden.start - line_at], Some(&shown[hidden.end - line_at..]))
            };
            out += before;
            if let Some(after) = after {
                out += marker;
                out += after;
            }
            out += close;
        }
        out += "\n";
    }
    out
}

/// The same as `od -c` prints it, with an offset or without, and below digits as `od -tx1c` does.
fn cells(bytes: &[u8], hidden: &Range<usize>, has_offset: bool, has_digits: bool) -> String {
    let mut out = String::new();
    for (line_at, line) in (0..).step_by(16).zip(bytes.chunks(16)) {
        let show = |cell: fn(u8) -> String| {
            let cells: String = line.iter().map(|byte| cell(*byte)).collect();
            let hidden = hidden.start.max(line_at)..hidden.end.min(line_at + line.len());
            if hidden.is_empty() {
                return cells;
            }
            let (first, last) = ((hidden.start - line_at) * 4, (hidden.end - line_at) * 4);
            let first =
                first + cells[first..first + 3].len() - cells[first..first + 3].trim_start().len();
            [&cells[..first], "[REDACTED:T]", &cells[last..]].concat()
        };
        let offset = if has_offset { format!("{line_at:07o}") } else { String::new() };
        if has_digits {
            let digits = show(|byte| format!("  {byte:02x}"));
            out += &[&offset, &digits, "\n", &" ".repeat(offset.len())].concat();
        } else {
            out += &offset;
        }
        out += &show(|byte| match byte {
            b'\n' => "  \\n".to_owned(),
            b' '..=b'~' => format!("   {}", char::from(byte)),
            _ => format!(" {byte:03o}"),
        });
        out += "\n";
    }
    out
}

#[test]
fn characters_in_cells_are_redacted() {
    let secret = "CANARYkq7Vw2xTzP@31 a";
    let set = set_of(secret.as_bytes());
    for n_before in [0, 7, 31, 300] {
        let before = "x: innocent text ".repeat(30);
        let bytes =
            [&before.as_bytes()[..n_before], secret.as_bytes(), b"\nend of the file\n"].concat();
        let hidden = n_before..n_before + secret.len();
        for (has_offset, has_digits) in [(true, false), (false, false), (true, true)] {
            let text = |hidden| {
                format!("{BEFORE}{}{AFTER}", cells(&bytes, hidden, has_offset, has_digits))
            };
            for lengths in [&[usize::MAX][..], &[1], &[7, 3], &[61]] {
                let output = redact(&set, true, text(&(0..0)).as_bytes(), lengths);
                assert_eq!(output, text(&hidden), "{n_before} {lengths:?}");
            }
            let pieces = set.dumped_pieces(text(&(0..0)).as_bytes());
            assert!(pieces.iter().any(|piece| !set.find(&piece.text).is_empty()));
        }
    }
}

fn redact(set: &SecretSet, with_forms: bool, input: &[u8], lengths: &[usize]) -> String {
    let redactor = if with_forms { Redactor::with_forms(set) } else { Redactor::new(set) };
    let output = crate::redactor::tests::redact(redactor, input, lengths);
    String::from_utf8_lossy(&output).into_owned()
}

fn set_of(secret: &[u8]) -> SecretSet {
    let mut builder = SecretSet::builder();
    builder.add("T", &Secret::new(secret.to_vec()));
    builder.build()
}

/// What stands before the dump and after it.
const BEFORE: &str = "2026-11-29 10:22:33,123 INFO 550e8400-e29b-41d4-a716-446655440000\n$ cat\n";
const AFTER: &str = "done at 10:22:33\n";

#[test]
fn what_begins_in_the_midst_of_a_dump_goes_on_as_one() {
    let check = |text: &str, expected: bool| {
        assert_eq!(goes_on_as_dump(text.as_bytes()), expected, "{text:?}");
    };
    check("43  |ANARY|\n00010020  41 52 59\n", true);
    check("56 37\n00010020: 4152 592f\n", true);
    check("\nweb-1  | 0200040 101 122 131\n", true);
    check("00010020  41 52 59", false);
    check("a\nb\n", false);
    check("x\n12:30 up\n", false);
    check("", false);
}

#[test]
fn whole_dumps_are_known_by_a_few_places() {
    let check = |text: &str, expected: bool| {
        assert_eq!(looks_like_dump(text.as_bytes()), expected, "{}", &text[..40]);
    };
    check(&" 43 41 4e 41 52 59 43 41 4e 41 52 59\n".repeat(1000), true);
    check(&"43:41:4E:41:52:59:".repeat(1000), true);
    check(&"4341 4e41 5259 4341 4e41 5259\n".repeat(1000), true);
    check(&"   C   A   N   A   R   Y   .   .   .   .   .\n".repeat(1000), true);
    check(&format!("x\n{}", " 43 41 4e 41 52 59 43 41 4e\n".repeat(1000)), true);
    check(&"  0x43, 0x41, 0x4e, 0x41, 0x52, 0x59, 0x20,\n".repeat(1000), true);
    check(&"67, 65, 78, 65, 82, 89, 32, ".repeat(1000), true);
    check(&"9746\n9748\n9750\n9752\n9753\n9757\n9758\n".repeat(1000), false);
    check(&"51dd 61c9 81ba 9df9 4f9d 501a 5100\n63b0 64d8 6822 767e 767d\n".repeat(1000), false);
    check(&"                 indented text\n".repeat(1000), false);
    check(&"                                                        \n".repeat(1000), false);
    check(&"let added = 0xface; // dead beef\n".repeat(1000), false);
    check(&"2026-11-29 10:22:33,123 INFO x\n".repeat(1000), false);
}

#[test]
fn dumps_of_every_program_are_redacted() {
    let secret = "CANARYkq7Vw2xTzP@31";
    let set = set_of(secret.as_bytes());
    for style in STYLES {
        for n_before in [0, 7, 31, 300] {
            let before = "x: innocent text ".repeat(30);
            let bytes = [&before.as_bytes()[..n_before], secret.as_bytes(), b"\nend of the file\n"]
                .concat();
            let hidden = n_before..n_before + secret.len();
            for upper in [n_before == 7] {
                let text =
                    |hidden| format!("{BEFORE}{}{AFTER}", dump(style, &bytes, hidden, upper));
                let output = redact(&set, true, text(&(0..0)).as_bytes(), &[usize::MAX]);
                if style.name == "hexyl" {
                    let is_hidden = !output.contains("4b71")
                        && !output.contains("41 4e 41")
                        && !output.contains("CANAR");
                    assert!(is_hidden, "{output}");
                } else {
                    assert_eq!(output, text(&hidden), "{} {n_before}", style.name);
                }
                for lengths in [if n_before < 300 { &[1][..] } else { &[17] }, &[7, 30], &[61]] {
                    assert_eq!(
                        redact(&set, true, text(&(0..0)).as_bytes(), lengths),
                        output,
                        "{}",
                        style.name
                    );
                }
                assert_eq!(
                    redact(&set, true, output.as_bytes(), &[usize::MAX]),
                    output,
                    "{} twice",
                    style.name
                );
            }
        }
    }
}

#[test]
fn dumps_with_offsets_are_found_in_long_texts() {
    let secret = "CANARYkq7Vw2xTzP@31";
    let set = set_of(secret.as_bytes());
    let long = "one innocent line of a log\n".repeat(1000);
    let check = |name: &str, dump: &str| {
        for shift in ["", "1", "22"] {
            let (values, _) = set.search(format!("{shift}{long}{dump}{long}").as_bytes());
            assert_eq!(values.len(), 1, "{name} {shift:?}");
        }
    };
    let has_offset = |style: &&Style| (style.offset)(0).starts_with("0000") && style.per_line <= 16;
    for style in STYLES.iter().filter(has_offset) {
        check(style.name, &dump(style, secret.as_bytes(), &(0..0), false));
    }
    check(
        "tcpdump -X",
        "\t0x0000:  4341 4e41 5259 6b71 3756 7732 7854 7a50  CANARYkq7Vw2xTzP\n\t0x0010:  4033 31                                  @31\n",
    );
}

#[test]
fn a_short_value_is_found_in_words_that_have_other_bytes_too() {
    let set = set_of(b"CANARYk^");
    for n_before in 0..8 {
        let bytes = [&[1].repeat(n_before), &b"CANARYk^"[..], &[1; 16]].concat();
        let hidden = n_before..n_before + 8;
        for style in STYLES.iter().filter(|style| style.is_turned) {
            let text = |hidden| format!("{BEFORE}{}{AFTER}", dump(style, &bytes, hidden, false));
            let output = redact(&set, false, text(&(0..0)).as_bytes(), &[7]);
            assert_eq!(output, text(&hidden), "{} {n_before}", style.name);
        }
    }
}

/// As PowerShell writes what a program prints into a file, and the registry editor what it exports.
#[test]
fn dumps_are_found_in_utf_16_too() {
    let secret = "CANARYkq7Vw2xTzP@31";
    let set = set_of(secret.as_bytes());
    let dumps = STYLES.iter().map(|style| dump(style, secret.as_bytes(), &(0..0), false));
    let digits: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x},00")).collect();
    let registry =
        format!("\"K\"=hex(2):{},\\\r\n  {}\r\n", digits[..8].join(","), digits[8..].join(","));
    for dump in dumps.chain([registry]).filter(|dump| dump.is_ascii()) {
        let wide: Vec<u8> = dump.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (values, _) = set.search(&wide);
        assert!(!values.is_empty(), "{dump}");
    }
}

/// Lines as they may come, with the digits of a value, of its parts and of others.
fn soup() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let secret = prop_oneof![
        proptest::string::bytes_regex("CANARY[a-c0-3 ]{3,12}[a-z]").unwrap(),
        vec(any::<u8>(), 8..20)
    ];
    secret.prop_flat_map(|secret| {
        let len = secret.len();
        let piece = (0..16_u8, 0..len, 0..len, 0..STYLES.len());
        vec(piece, 0..24).prop_map(move |pieces| {
            let mut out = Vec::new();
            for (kind, one, other, style) in pieces {
                let part = &secret[one.min(other)..=one.max(other)];
                let more = [b"\x01ab\n", secret.as_slice(), &secret[..one]].concat();
                match kind {
                    0..=2 => out
                        .extend(dump(&STYLES[style], &secret, &(0..0), one % 2 == 0).into_bytes()),
                    3 => {
                        out.extend(dump(&STYLES[style], &more, &(0..0), one % 2 == 0).into_bytes());
                    }
                    4 => out.extend(
                        dump(&STYLES[style], part, &(0..0), one % 2 == 0).trim_end().bytes(),
                    ),
                    5 => out.extend(
                        dump(&STYLES[style], &more, &(0..0), false)
                            .replace(' ', "\x1b[1m ")
                            .into_bytes(),
                    ),
                    6 => out.extend_from_slice(part),
                    7 => out.extend(secret.iter().flat_map(|byte| [*byte, 0])),
                    9 => {
                        out.extend(
                            cells(&more, &(0..0), one % 2 == 0, other % 2 == 0).into_bytes(),
                        );
                    }
                    10 => out.extend(
                        cells(part, &(0..0), one % 2 == 0, other % 2 == 0).trim_end().bytes(),
                    ),
                    8 => out.extend(part.iter().flat_map(|byte| [0, *byte])),
                    11 => out.extend(octal(&more).bytes()),
                    _ => out.extend_from_slice(
                        [
                            "\n",
                            "  ",
                            " 0",
                            "|",
                            "00000000: 43 41 ",
                            "12 34 56 78 90",
                            "\r\n",
                            "\x1b[",
                            "4143 ",
                        ][one % 9]
                            .as_bytes(),
                    ),
                }
            }
            (secret.clone(), out)
        })
    })
}

/// What stands around a value and is part of no way to write it.
fn around() -> impl Strategy<Value = u8> {
    prop::sample::select(b"\0\x01\x7f\xff abz\n".to_vec())
}

proptest! {
    #![proptest_config(crate::redactor::tests::cases(64))]

    #[test]
    fn chunks_of_dumps_do_not_matter((secret, input) in soup(), lengths in vec(1_usize..40, 1..5), with_forms in any::<bool>()) {
        let set = set_of(&secret);
        let whole = redact(&set, with_forms, &input, &[usize::MAX]);
        prop_assert_eq!(redact(&set, with_forms, &input, &lengths), whole, "{:?}", String::from_utf8_lossy(&input));
    }

    /// A dump of a value among other bytes is redacted cell by cell and character by character. A value of ten bytes that
    /// stands alone, in words of four without an offset, is not wide enough to begin one, and the zero of an offset behind
    /// the characters may be a value's last letter.
    #[test]
    fn no_dump_leaks(
        secret in "[!-;?-Z^-{}~]{8}[ -;?-Z^-{}~]{0,30}[!-;?-Z^-{}~]",
        style in 0..STYLES.len() - 1,
        (before, after) in (vec(around(), 0..70), vec(around(), 0..70)),
        upper in any::<bool>(),
        lengths in vec(1_usize..200, 1..5),
    ) {
        prop_assume!(crate::refusal::reason(secret.as_bytes()).is_none());
        let mut builder = SecretSet::builder();
        builder.add("T", &Secret::from(secret.clone()));
        let set = builder.build();
        prop_assume!(set.refused().is_empty() && !secret.contains("://"));
        let bytes = [&before, secret.as_bytes(), &after].concat();
        let style = &STYLES[style];
        prop_assume!(secret.len() > 10 || !["od -An -tx4", "od -An -tx8"].contains(&style.name));
        prop_assume!(style.column.is_none() || !secret.ends_with('0'));
        let text = |hidden| format!("{BEFORE}{}{AFTER}", dump(style, &bytes, hidden, upper));
        let hidden = before.len()..before.len() + secret.len();
        let output = redact(&set, false, text(&(0..0)).as_bytes(), &lengths);
        prop_assert_eq!(output, text(&hidden), "{}", style.name);
    }
}

/// The first word of a line may be an offset or not, as what follows tells, and is not said before that is known.
#[test]
fn what_may_be_an_offset_is_held_back() {
    let set = set_of(b"CANARY a2cabb 0 3g");
    let input = "00000000: 4341 4e41 5259 2061 3263 6162 6220 3020  CANARY a2cabb 0 \n00000010: 3367  3g\n4143  430000000 01 61\n0000006 4e 41 52 59 20 61\n0000014 32 63 61 62 62 20\n0000022 30 20 33 67\n";
    let whole = redact(&set, true, input.as_bytes(), &[usize::MAX]);
    for len in 1..20 {
        assert_eq!(redact(&set, true, input.as_bytes(), &[len]), whole, "{len}");
    }
}

/// A bar behind the first word of a line makes an offset of it if a number follows, in which bytes may be turned round.
#[test]
fn what_may_be_an_offset_before_a_bar_is_held_back() {
    let set = set_of(b"CANARY ca0 1 0 3  m");
    let input = "0000000000000000 43 41 4E 41 52 59 20 63 61 30 20 31 20 30 20 33 CANARY ca0 1 0 3\n0000000000000010 20 20 6D  m\n 414e41| 63205952414E4143 3320302031203061\n 6D2020\n";
    let whole = redact(&set, true, input.as_bytes(), &[usize::MAX]);
    for len in 1..20 {
        assert_eq!(redact(&set, true, input.as_bytes(), &[len]), whole, "{len}");
    }
}

/// Characters behind the digits of two values have one name, however the stream is cut.
#[test]
fn characters_of_two_values_have_one_name() {
    let mut builder = SecretSet::builder();
    builder.add("A", &Secret::from("00A CANARY!!".to_owned()));
    builder.add("B", &Secret::from("CANARY!!!A!a!a0A000".to_owned()));
    let set = builder.build();
    let input = "0000000 0000 0000 3000 4130 4320 4e41 5241 2159\n0000020 0a21 7801 7a7900000000: 4341 4e41 5259  CANARY\n00000006: 2121 2141 2161  !!!A!a\n0000000c: 2161 3041 3030  !a0A00\n00000012: 300a 0178 797a  0..xyz\n";
    let whole = redact(&set, false, input.as_bytes(), &[usize::MAX]);
    for len in 1..40 {
        assert_eq!(redact(&set, false, input.as_bytes(), &[len]), whole, "{len}");
    }
}

/// A line of blanks may be the cells of blanks that a value begins with.
#[test]
fn a_cell_of_a_blank_is_held_back() {
    let set = set_of(b" \xba\xcd\xa0\xfb\x98~\x8d");
    let check = |offset: &str, expected: &str| {
        let line = format!("{offset}     272 315 240 373 230   ~ 215 001   a   b\n");
        for len in [&[usize::MAX][..], &[1], &[4], &[7, 30]] {
            assert_eq!(redact(&set, false, line.as_bytes(), len), expected, "{offset:?} {len:?}");
        }
    };
    check("", "   [REDACTED:T] 001   a   b\n");
    check("0000000", "0000000   [REDACTED:T] 001   a   b\n");
    check("       ", "          [REDACTED:T] 001   a   b\n");
}

/// Five cells behind an offset are found wherever the line stands in what is looked at together.
#[test]
fn a_narrow_dump_of_cells_is_found() {
    let set = set_of(b"CANARYkq7V");
    let cells = "0000000   C   A   N   A   R\n0000005   Y   k   q   7   V\n";
    for blanks in 0..16 {
        let text = format!("{}\n{cells}", "x".repeat(blanks));
        for lengths in [&[usize::MAX][..], &[1], &[7, 30]] {
            let output = redact(&set, false, text.as_bytes(), lengths);
            assert_eq!(output.matches("[REDACTED:T]").count(), 2, "{blanks} {lengths:?}: {output}");
        }
    }
}

/// What a line shows does not depend on the lines around it.
#[test]
fn a_line_is_read_whatever_stands_around_it() {
    let check = |secret: &[u8], text: &str, expected: &str| {
        for lengths in [&[usize::MAX][..], &[1], &[7, 30], &[61]] {
            let output = redact(&set_of(secret), false, text.as_bytes(), lengths);
            assert_eq!(output, expected, "{lengths:?}");
        }
    };
    check(
        b"CANARYk^",
        " 362 145 233\n\n 43 41 4e 41 52 59 6b 5e\n0000000000000000 67 65 78 65\n",
        " 362 145 233\n\n [REDACTED:T]\n0000000000000000 67 65 78 65\n",
    );
    check(
        b"\xccq\xaaj\x8f\xb4:\xcaCANARYkq7V",
        "x\n0000000 001   a   q  \\n 001   q 314   q 252   j 217 264   : 312   C   A\n0000020   N   A   R   Y   k   q   7   V\n",
        "x\n0000000 001   a   q  \\n 001   q [REDACTED:T]\n0000020   [REDACTED:T]\n",
    );
    // As `od -a` prints words.
    check(
        b"CANARYkq7Vw2xTzP@31",
        "0000000   a  sp   b   e  nl   t   o  sp   m   y  sp   C   A   N   A   R\n0000020   Y   k   q   7   V   w   2   x   T   z   P   @   3   1  nl\n",
        "0000000   a  sp   b   e  nl   t   o  sp   m   y  sp   [REDACTED:T]\n0000020   [REDACTED:T]  nl\n",
    );
}
