//! The redactor against cases that other redactors leak, random chunks, and a plain search.

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::Secret;

fn set_of(secrets: &[(&str, &[u8])]) -> SecretSet {
    let mut builder = SecretSet::builder();
    for (name, value) in secrets {
        builder.add(name, &Secret::new(value.to_vec()));
    }
    builder.build()
}

/// Redacts `text` in pieces whose lengths repeat `lengths`.
fn redact(mut redactor: Redactor<'_>, text: &[u8], lengths: &[usize]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut rest = text;
    for len in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*len).clamp(1, rest.len()));
        redactor.push(piece, &mut output);
        rest = after;
    }
    redactor.finish(&mut output);
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

// The cases. ---------------------------------------------------------------------------------

/// One way to print a secret.
type Writer = fn(&str) -> Vec<u8>;

const RFC_3986: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const USERINFO: &AsciiSet = &RFC_3986
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

fn percent(value: &str) -> String {
    utf8_percent_encode(value, RFC_3986).to_string()
}

/// The two characters after each `%`, and only they, in lower case.
fn percent_lower(value: &str) -> String {
    let mut n_digits = 0;
    percent(value)
        .chars()
        .map(|char| {
            let is_digit = n_digits > 0;
            n_digits = if char == '%' { 2 } else { usize::saturating_sub(n_digits, 1) };
            if is_digit { char.to_ascii_lowercase() } else { char }
        })
        .collect()
}

fn json(value: &str, html: bool) -> String {
    value.chars().fold(String::new(), |out, char| match char {
        '"' | '\\' => format!("{out}\\{char}"),
        '\n' => out + "\\n",
        '<' | '>' | '&' if html => format!("{out}\\u{:04x}", u32::from(char)),
        _ => format!("{out}{char}"),
    })
}

fn bash_q(value: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./:@%+~#=".contains(char);
    value.chars().fold(String::new(), |out, char| {
        if plain(char) { format!("{out}{char}") } else { format!("{out}\\{char}") }
    })
}

fn utf16(value: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    value.encode_utf16().flat_map(to_bytes).collect()
}

fn xml(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn wrap(value: &str, width: usize, between: &str) -> String {
    let chars: Vec<char> = value.chars().collect();
    chars
        .chunks(width)
        .map(|line| line.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(between)
}

/// Every way that a one-line secret is printed in the comparison of redactors, and a few more.
const WRITERS: &[(&str, Writer)] = &[
    ("raw", |value| value.into()),
    ("single-quoted", |value| format!("'{}'", value.replace('\'', "'\\''")).into()),
    ("after invalid UTF-8", |value| [b"\xff\xfe\x80", value.as_bytes(), b"\xc3"].concat()),
    ("base64", |value| BASE64.encode(value.as_bytes()).into()),
    ("base64 of user:pass", |value| BASE64.encode(format!("user:{value}").as_bytes()).into()),
    ("base64 at one byte", |value| BASE64.encode(format!("x{value}").as_bytes()).into()),
    ("base64 at two bytes", |value| BASE64.encode(format!("xy{value}z").as_bytes()).into()),
    ("base64 with newline", |value| BASE64.encode(format!("{value}\n").as_bytes()).into()),
    ("base64url", |value| BASE64URL.encode(value.as_bytes()).into()),
    ("percent", |value| percent(value).into()),
    ("percent, lower case", |value| percent_lower(value).into()),
    ("form", |value| percent(value).replace("%20", "+").into()),
    ("userinfo", |value| utf8_percent_encode(value, USERINFO).to_string().into()),
    ("json", |value| json(value, false).into()),
    ("json, html safe", |value| json(value, true).into()),
    ("json in json", |value| json(&json(value, false), false).into()),
    ("bash %q", |value| bash_q(value).into()),
    ("hex", |value| HEXLOWER.encode(value.as_bytes()).into()),
    ("hex, upper case", |value| HEXUPPER.encode(value.as_bytes()).into()),
    ("utf-16le", |value| utf16(value, u16::to_le_bytes)),
    ("utf-16be", |value| utf16(value, u16::to_be_bytes)),
    ("xml", |value| xml(value).into()),
    ("colour inside", |value| {
        format!("{}\x1b[1;31m{}\x1b[0m{}", &value[..3], &value[3..9], &value[9..]).into()
    }),
    ("colour at each byte", |value| wrap(value, 1, "\x1b[0;33m").into()),
    ("wrapped at 20", |value| wrap(value, 20, "\n").into()),
    ("wrapped at 12, indented", |value| wrap(value, 12, "\r\n        ").into()),
    ("base64 wrapped at 76", |value| {
        wrap(
            &BASE64.encode(format!("{{\"k\":\"{value}\",\"l\":\"{value}\"}}").as_bytes()),
            76,
            "\n",
        )
        .into()
    }),
];

const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    Q0FOQVJZL2tleStsaW5lL29uZS9vZi9zaXgvaW4vdGhpcy9mYWtlL2tleS8wMQ==\n\
    Q0FOQVJZL2tleStsaW5lL3R3by9vZi9zaXgvaW4vdGhpcy9mYWtlL2tleS8wMg==\n\
    Q0FOQVJZL2tleStsaW5lL3RyaS9vZi9zaXgvaW4vdGhpcy9mYWtlL2tleS8wMw==\n\
    Q0FOQVJZL2tleStsaW5lLzQ0NC9v\n\
    -----END PRIVATE KEY-----\n";

const PEM_WRITERS: &[(&str, Writer)] = &[
    ("lf", |value| value.into()),
    ("crlf", |value| value.replace('\n', "\r\n").into()),
    ("joined by spaces", |value| value.replace('\n', " ").into()),
    ("json", |value| json(value, false).into()),
    ("yaml", |value| format!("key: |\n    {}", value.replace('\n', "\n    ")).into()),
    ("one line alone", |value| value.lines().nth(2).unwrap_or_default().into()),
    ("base64 of all", |value| wrap(&BASE64.encode(value.as_bytes()), 76, "\n").into()),
];

/// No eight bytes in a row of the secret itself or of its written form are left.
fn assert_gone(case: &str, value: &str, written: &[u8], output: &[u8]) {
    for window in value.as_bytes().windows(8).filter(|window| !window.starts_with(b"-----")) {
        assert!(memchr::memmem::find(output, window).is_none(), "{case}: {}", text(output));
    }
    assert!(memchr::memmem::find(output, written).is_none(), "{case}");
    assert!(
        memchr::memmem::find(output, b"[REDACTED:TOKEN]").is_some(),
        "{case}: {}",
        text(output)
    );
}

fn check_case(case: &str, value: &str, written: &[u8], lengths: &[usize]) {
    let set = set_of(&[("TOKEN", value.as_bytes())]);
    let line = [b"before ", written, b" after\n"].concat();
    let output = redact(Redactor::new(&set), &line, lengths);
    assert_gone(case, value, written, &output);
    assert!(
        output.starts_with(b"before ") && output.ends_with(b" after\n"),
        "{case}: {}",
        text(&output)
    );
    assert_eq!(redact(Redactor::new(&set), &output, lengths), output, "{case}: redacted twice");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A value of 22 to 40 characters with anything in it that a password generator uses.
    #[test]
    fn no_way_of_printing_leaks(
        value in "[A-Za-z0-9][ -~]{20,38}[A-Za-z0-9]",
        lengths in vec(1_usize..70, 1..6),
    ) {
        prop_assume!(crate::refusal::reason(value.as_bytes()).is_none() && !value.contains("://"));
        for (case, write) in WRITERS {
            check_case(case, &value, &write(&value), &lengths);
        }
    }

    #[test]
    fn no_way_of_printing_a_key_leaks(lengths in vec(1_usize..200, 1..6)) {
        for (case, write) in PEM_WRITERS {
            check_case(case, PEM, &write(PEM), &lengths);
        }
    }
}

// What happens at borders. -------------------------------------------------------------------

#[test]
fn prompts_appear_at_once() {
    let value = "kq7Vw2 xTzP'CANARY/31";
    let set = set_of(&[("TOKEN", value.as_bytes()), ("OTHER", b"CANARYother-y/n]-value")]);
    for prompt in ["Password: ", "Continue? [y/N] ", "$ ", "\x1b[1mName:\x1b[0m ", "50%\r", "> "] {
        let mut output = Vec::new();
        Redactor::with_forms(&set).push(prompt.as_bytes(), &mut output);
        assert_eq!(text(&output), prompt);
    }
}

#[test]
fn holds_back_only_what_may_become_a_secret() {
    let set = set_of(&[("TOKEN", b"kq7Vw2xTzPCANARY")]);
    let mut redactor = Redactor::new(&set);
    let mut check = |input: &str, expected: &str| {
        let mut output = Vec::new();
        redactor.push(input.as_bytes(), &mut output);
        assert_eq!(text(&output), expected);
    };
    check("a kq7", "a ");
    check("V", "");
    check("!", "kq7V!");
    check("kq7Vw2xTzPCANAR", "");
    check("Y", "[REDACTED:TOKEN]");
    check("k", "");
    check("\n", "k\n");
    check("kq7Vw2\n  x", "");
    check("TzPCANARY\n", "[REDACTED:TOKEN]\n");
}

#[test]
fn secrets_that_overlap_or_extend_one_another_get_one_marker() {
    let check = |secrets: &[(&str, &[u8])], input: &str, expected: &str| {
        let set = set_of(secrets);
        for lengths in [&[1][..], &[2, 3], &[7], &[1000]] {
            assert_eq!(text(&redact(Redactor::new(&set), input.as_bytes(), lengths)), expected);
        }
    };
    let pair: [(&str, &[u8]); 2] = [("SHORT", b"CANARY-9x"), ("LONG", b"CANARY-9xTz-77")];
    check(
        &pair,
        "CANARY-9xTz-77 CANARY-9x CANARY-9xTz",
        "[REDACTED:LONG] [REDACTED:SHORT] [REDACTED:SHORT]Tz",
    );
    let overlap: [(&str, &[u8]); 2] = [("A", b"CANARY-9xTz-77"), ("B", b"Tz-77q0Pw")];
    check(&overlap, "CANARY-9xTz-77q0Pw.CANARY-9xTz-77q0", "[REDACTED:A].[REDACTED:A]q0");
    check(&overlap, "CANARY-9xTz-77Tz-77q0Pw", "[REDACTED:A][REDACTED:B]");
    check(&[("X", b"aCANARY1a")], "aCANARY1aCANARY1a", "[REDACTED:X]");
}

#[test]
fn secrets_inside_secrets() {
    let url = "postgresql://postgres.ref:CAN%2FARY%21d9@db.example.com:5432/postgres";
    let set = set_of(&[("URL", url.as_bytes())]);
    let redacted = |input: &str| text(&redact(Redactor::new(&set), input.as_bytes(), &[5]));
    assert_eq!(redacted(url), "[REDACTED:URL]");
    assert_eq!(redacted("password CAN/ARY!d9."), "password [REDACTED:URL].");
    assert_eq!(redacted("password CAN%2FARY%21d9."), "password [REDACTED:URL].");
    assert_eq!(redacted("user postgres.ref"), "user postgres.ref");
    let basic = BASE64.encode(b"postgres.ref:CAN/ARY!d9");
    assert_eq!(redacted(&format!("Basic {basic}")), "Basic [REDACTED:URL]k=");
}

#[test]
fn refused_values_and_markers_stay() {
    let set = set_of(&[
        ("PORT", b"5432"),
        ("database_url", b"REDACTED:"),
        ("X", b"database"),
        ("Y", b"CANARY-ab["),
    ]);
    assert_eq!(
        set.refused().iter().map(|refused| refused.name.as_str()).collect::<Vec<_>>(),
        ["PORT", "X", "database_url"]
    );
    let once =
        redact(Redactor::new(&set), b"5432 CANARY-ab[CANARY-ab[ [REDACTED:database_url]", &[3]);
    assert_eq!(text(&once), "5432 [REDACTED:Y][[REDACTED:Y][ [REDACTED:database_url]");
    assert_eq!(redact(Redactor::new(&set), &once, &[3]), once);
}

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

#[test]
fn counts_by_name() {
    let set = set_of(&[("A", b"CANARY-9xTz-77"), ("B", b"CANARY:0Pw")]);
    let mut redactor = Redactor::with_forms(&set);
    redactor
        .push(b"CANARY-9xTz-77 CANARY:0Pw CANARY-9xTz-77 redis://u:pw8%21xyz@h", &mut Vec::new());
    redactor.finish(&mut Vec::new());
    let counts: Vec<_> =
        redactor.counts().iter().map(|(name, n_markers)| (*name, *n_markers)).collect();
    assert_eq!(counts, [("A", 2), ("B", 1), ("connection-string", 1)]);
}

// Against plain searches. --------------------------------------------------------------------

/// The union of all plain occurrences, by trying every needle at every place.
fn plain_places(set: &SecretSet, input: &[u8]) -> Vec<bool> {
    let mut covered = vec![false; input.len()];
    for needle in &set.search.needles {
        for start in 0..input.len() {
            if input[start..].starts_with(&needle.bytes) {
                covered[start..start + needle.bytes.len()].fill(true);
            }
        }
    }
    covered
}

/// A text in which secrets, their beginnings and noise alternate.
fn texts(secrets: Vec<Vec<u8>>) -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let n_secrets = secrets.len();
    let piece = (0..n_secrets, 0_u8..8, vec(any::<u8>(), 0..12), 0_usize..40);
    vec(piece, 0..12).prop_map(move |pieces| {
        let mut out = Vec::new();
        for (secret, kind, noise, at) in pieces {
            let value = &secrets[secret];
            let at = at % value.len();
            match kind {
                0 | 1 => out.extend_from_slice(value),
                2 => out.extend_from_slice(&value[..at]),
                3 => out.extend([&value[..at], b"\n  ", &value[at..]].concat()),
                4 => out.extend([&value[..at], b"\x1b[0m", &value[at..]].concat()),
                5 if at < 9 => out.extend([b"\x1b[".as_slice(), value].concat()),
                5 => out.extend(BASE64.encode(&[&noise, value.as_slice()].concat()).into_bytes()),
                6 => out.extend_from_slice(&noise),
                _ => out.extend(std::iter::repeat_n(b"ab \n"[at % 4], at)),
            }
        }
        (secrets.clone(), out)
    })
}

/// Secrets over a small alphabet overlap, repeat and begin one another.
fn secrets_and_text() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let small = proptest::string::bytes_regex("[abc12]{8,20}").unwrap();
    let large = proptest::string::bytes_regex("[!-~]{8,40}").unwrap();
    let binary = vec(any::<u8>(), 8..40);
    vec(prop_oneof![small, large, binary], 1..5).prop_flat_map(texts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn chunks_do_not_matter(
        (secrets, input) in secrets_and_text(),
        lengths in vec(1_usize..30, 1..6),
        with_forms in any::<bool>(),
    ) {
        let secrets: Vec<_> = secrets.iter().map(|value| ("S", value.as_slice())).collect();
        let set = set_of(&secrets);
        let new = if with_forms { Redactor::with_forms } else { Redactor::new };
        let whole = redact(new(&set), &input, &[usize::MAX]);
        prop_assert_eq!(text(&redact(new(&set), &input, &lengths)), text(&whole));
        prop_assert_eq!(text(&redact(new(&set), &whole, &lengths)), text(&whole), "redacted twice");
    }

    #[test]
    fn all_that_a_plain_search_finds_is_covered_and_the_rest_stays((secrets, input) in secrets_and_text()) {
        let secrets: Vec<_> = secrets.iter().map(|value| ("S", value.as_slice())).collect();
        let set = set_of(&secrets);
        let found = set.find(&input);
        let mut covered = vec![false; input.len()];
        for found in &found {
            covered[found.range.clone()].fill(true);
        }
        for (at, plain) in plain_places(&set, &input).into_iter().enumerate() {
            prop_assert!(covered[at] || !plain, "byte {} of {:?}", at, text(&input));
        }
        let mut expected = Vec::new();
        let mut said = 0;
        for found in &found {
            expected.extend_from_slice(&input[said..found.range.start]);
            expected.extend_from_slice(b"[REDACTED:S]");
            said = found.range.end;
        }
        expected.extend_from_slice(&input[said..]);
        prop_assert_eq!(text(&redact(Redactor::new(&set), &input, &[usize::MAX])), text(&expected));
    }
}
