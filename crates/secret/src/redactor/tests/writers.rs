//! The ways in which programs print a secret.

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// One way to print a secret.
pub(super) type Writer = fn(&str) -> Vec<u8>;

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

pub(super) fn percent(value: &str) -> String {
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

pub(super) fn json(value: &str, html: bool) -> String {
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

pub(super) fn wrap(value: &str, width: usize, between: &str) -> String {
    let chars: Vec<char> = value.chars().collect();
    chars
        .chunks(width)
        .map(|line| line.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(between)
}

/// Every way that a one-line secret is printed in the comparison of redactors, and a few more.
pub(super) const WRITERS: &[(&str, Writer)] = &[
    ("raw", |value| value.into()),
    ("base64 in lines, in a string", |value| {
        format!("{{\"content\":\"{}\\n\"}}", wrap(&BASE64.encode(value.as_bytes()), 20, "\\n"))
            .into()
    }),
    ("base64 in lines, in a string in a string", |value| {
        wrap(&BASE64.encode(value.as_bytes()), 16, "\\\\r\\\\n").into()
    }),
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
    ("powershell", |value| escaped(value, "$`\"", '`').into()),
    ("cmd", |value| escaped(value, "&|<>^", '^').into()),
    ("percent in a unit of systemd", |value| percent(value).replace('%', "%%").into()),
    ("hex", |value| HEXLOWER.encode(value.as_bytes()).into()),
    ("hex, upper case", |value| HEXUPPER.encode(value.as_bytes()).into()),
    ("utf-16le", |value| utf16(value, u16::to_le_bytes)),
    ("utf-16be", |value| utf16(value, u16::to_be_bytes)),
    ("xml", |value| xml(value).into()),
    ("colour inside", |value| {
        format!("{}\x1b[1;31m{}\x1b[0m{}", &value[..3], &value[3..9], &value[9..]).into()
    }),
    ("colour at each byte", |value| wrap(value, 1, "\x1b[0;33m").into()),
    ("title inside", |value| format!("{}\x1b]0;t\x07{}", &value[..5], &value[5..]).into()),
    ("link at each fourth byte", |value| wrap(value, 4, "\x1b]8;;https://h/x\x1b\\").into()),
    ("wrapped at 20", |value| wrap(value, 20, "\n").into()),
    // Who writes so escapes such characters of the value, and splits no escape.
    ("continued with backslashes", |value| {
        if value.contains('\\') { value.into() } else { wrap(value, 18, "\\\n      ").into() }
    }),
    ("continued in mail", |value| {
        if value.contains('=') { value.into() } else { wrap(value, 18, "=\r\n").into() }
    }),
    // A value of words is looked for without white space alone.
    ("in a comment", |value| {
        if value.contains(' ') { value.into() } else { wrap(value, 20, "\n# ").into() }
    }),
    ("in quoted mail", |value| {
        if value.contains(' ') { value.into() } else { wrap(value, 24, "\r\n> ").into() }
    }),
    ("wrapped at 12, indented", |value| wrap(value, 12, "\r\n        ").into()),
    ("xxd", |value| dump(value, 2, [": ", "  ", ""])),
    ("xxd of hex", |value| dump(&HEXLOWER.encode(value.as_bytes()), 2, [": ", "  ", ""])),
    ("hexdump -C", |value| dump(value, 1, ["  ", "  |", "|"])),
    ("hex with colons", |value| {
        wrap(&wrap(&HEXUPPER.encode(value.as_bytes()), 2, ":"), 45, "\n    ").into()
    }),
    ("od -An -tx1", |value| {
        format!("\n {}\n", wrap(&wrap(&HEXLOWER.encode(value.as_bytes()), 2, " "), 48, "\n "))
            .into()
    }),
    ("od -c", |value| {
        let cell = |char| if char == '\n' { "\n".to_owned() } else { format!("   {char}") };
        format!("\n{}\n", wrap(value, 16, "\n").chars().map(cell).collect::<String>()).into()
    }),
    ("base64, utf-16le", |value| utf16(&BASE64.encode(value.as_bytes()), u16::to_le_bytes)),
    ("base64, utf-16be", |value| utf16(&BASE64.encode(value.as_bytes()), u16::to_be_bytes)),
    ("json, utf-16le", |value| utf16(&format!("\"{}\"", json(value, true)), u16::to_le_bytes)),
    ("percent, utf-16be", |value| utf16(&format!("\r\n{}\r\n", percent(value)), u16::to_be_bytes)),
    ("hex, utf-16le", |value| utf16(&HEXLOWER.encode(value.as_bytes()), u16::to_le_bytes)),
    ("wrapped, utf-16le", |value| utf16(&wrap(value, 20, "\r\n"), u16::to_le_bytes)),
    ("base64 in a comment of Rust", |value| {
        wrap(&BASE64.encode(format!("xy{value}").as_bytes()), 40, "\n    // ").into()
    }),
    ("hex in a diff", |value| wrap(&HEXLOWER.encode(value.as_bytes()), 24, "\n+").into()),
    ("base64 wrapped at 30", |value| {
        wrap(&BASE64.encode(format!("{{\"k\":\"{value}\"}}").as_bytes()), 30, "\n").into()
    }),
];

/// With a sign before each of some characters.
fn escaped(value: &str, special: &str, sign: char) -> String {
    let write = |char: char| {
        let sign = special.contains(char).then_some(sign);
        sign.into_iter().chain([char])
    };
    value.chars().flat_map(write).collect()
}

/// A dump of two lines or more, as `xxd` prints it, or as `hexdump -C` does.
fn dump(value: &str, per_group: usize, ends: [&str; 3]) -> Vec<u8> {
    let bytes = format!("x {value}\n");
    let mut out = "\n".to_owned();
    for (line, at) in bytes.as_bytes().chunks(16).zip((0..).step_by(16)) {
        let groups: Vec<String> =
            line.chunks(per_group).map(|group| HEXLOWER.encode(group)).collect();
        let shown: String = line
            .iter()
            .map(|byte| if byte.is_ascii_control() { '.' } else { char::from(*byte) })
            .collect();
        let width = 16 * 2 + 16 / per_group - 1;
        let [offset, open, close] = ends;
        let digits = format!("{:width$}", groups.join(" "));
        out += &[&format!("{at:08x}"), offset, &digits, open, &shown, close, "\n"].concat();
    }
    out.into()
}

pub(super) const PEM_WRITERS: &[(&str, Writer)] = &[
    ("lf", |value| value.into()),
    ("crlf", |value| value.replace('\n', "\r\n").into()),
    ("joined by spaces", |value| value.replace('\n', " ").into()),
    ("json", |value| json(value, false).into()),
    ("yaml", |value| format!("key: |\n    {}", value.replace('\n', "\n    ")).into()),
    ("one line alone", |value| value.lines().nth(2).unwrap_or_default().into()),
    ("base64 of all", |value| wrap(&BASE64.encode(value.as_bytes()), 76, "\n").into()),
];
