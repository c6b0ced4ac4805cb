//! Escaped forms: JSON, shells, C and its relatives, XML and HTML.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use zeroize::{Zeroize, Zeroizing};

use super::{Encoding, Form, LOWER_HEX, UPPER_HEX};

/// How a byte is written by its number, and what stands before and behind that.
type Put = (Encoding, &'static str, Digits, &'static str);

#[derive(Clone, Copy)]
enum Digits {
    Hex(&'static [u8; 16]),
    Octal,
    Decimal,
}

/// With each byte by its number, as byte strings, `strace -xx` and shell scripts have it.
pub(super) fn by_number(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    let puts: [Put; 8] = [
        (Encoding::CEscape, "\\x", Digits::Hex(LOWER_HEX), ""),
        (Encoding::CEscape, "\\x", Digits::Hex(UPPER_HEX), ""),
        (Encoding::CEscape, "\\", Digits::Octal, ""),
        (Encoding::Json, "\\u00", Digits::Hex(LOWER_HEX), ""),
        (Encoding::Json, "\\u00", Digits::Hex(UPPER_HEX), ""),
        (Encoding::Xml, "&#", Digits::Decimal, ";"),
        (Encoding::Xml, "&#x", Digits::Hex(LOWER_HEX), ";"),
        (Encoding::Xml, "&#x", Digits::Hex(UPPER_HEX), ";"),
    ];
    numbered(value, &puts, |_| false, take);
}

/// As Twig and OWASP's encoders write it in a script or a page: all but letters and digits by number.
fn cautious(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    let puts: [Put; 5] = [
        (Encoding::CEscape, "\\x", Digits::Hex(LOWER_HEX), ""),
        (Encoding::CEscape, "\\x", Digits::Hex(UPPER_HEX), ""),
        (Encoding::Xml, "&#x", Digits::Hex(LOWER_HEX), ";"),
        (Encoding::Xml, "&#x", Digits::Hex(UPPER_HEX), ";"),
        (Encoding::Xml, "&#", Digits::Decimal, ";"),
    ];
    numbered(value, &puts, |byte| byte.is_ascii_alphanumeric(), take);
}

/// With the bytes that are not kept by their number, in each of these ways.
fn numbered(
    value: &[u8],
    puts: &[Put],
    is_kept: fn(u8) -> bool,
    take: &mut dyn FnMut(Encoding, Form),
) {
    // In JSON and XML the number is that of a character, and not of a byte.
    let is_meant = |encoding| encoding == Encoding::CEscape || value.is_ascii();
    for &(encoding, before, digits, behind) in puts.iter().filter(|put| is_meant(put.0)) {
        let form = each_byte(value, |out, byte| {
            if is_kept(byte) {
                out.push(byte);
            } else {
                out.extend_from_slice(before.as_bytes());
                digits.put(out, byte);
                out.extend_from_slice(behind.as_bytes());
            }
        });
        take(encoding, form);
    }
}

impl Digits {
    /// A set of many credentials writes millions of these, for which the formatter is too slow.
    fn put(self, out: &mut Vec<u8>, byte: u8) {
        match self {
            Self::Hex(digits) => out.extend(super::hex_digits(byte, digits)),
            Self::Octal => {
                out.extend([byte >> 6, byte >> 3 & 7, byte & 7].map(|digit| b'0' + digit));
            }
            Self::Decimal => {
                let digits = [byte / 100, byte / 10 % 10, byte % 10];
                let n_zeros = usize::from(byte < 100) + usize::from(byte < 10);
                out.extend(digits[n_zeros..].iter().map(|digit| b'0' + digit));
            }
        }
    }
}

pub(super) fn forms(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    let text = String::from_utf8_lossy(value);
    let is_text = matches!(text, std::borrow::Cow::Borrowed(_));
    if is_text {
        for style in JSON_STYLES {
            let once = each_char(&text, |out, char| json(out, char, style));
            // JSON inside a string of other JSON, as log collectors write it, and that inside a third, as Docker does.
            let twice = quoted(&once);
            let thrice = quoted(&twice);
            for form in [once, twice, thrice] {
                take(Encoding::Json, form);
            }
        }
    }
    if is_text && !value.is_ascii() {
        foreign(&text, take);
    }
    shell(value, take);
    c_escapes(value, take);
    if value.is_ascii() {
        cautious(value, take);
    }
    // Quoted-printable of mail bodies (RFC 2045 §6.7).
    take(
        Encoding::Mail,
        each_byte(value, |out, byte| match byte {
            b'=' | 0x7f.. => out.extend(format!("={byte:02X}").into_bytes()),
            _ => out.push(byte),
        }),
    );
    for entities in ENTITIES {
        let once =
            each_byte(value, |out, byte| match entities.iter().find(|entity| entity.0 == byte) {
                Some((_, entity)) => out.extend_from_slice(entity.as_bytes()),
                None => out.push(byte),
            });
        // XML or HTML inside other XML, as SOAP, feeds and reports of tests have it.
        let twice = each_byte(&once, |out, byte| match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            _ => out.push(byte),
        });
        take(Encoding::Xml, once);
        take(Encoding::Xml, twice);
    }
}

/// A string of JSON, quotes and backslashes alone escaped.
fn quoted(text: &[u8]) -> Form {
    each_byte(text, |out, byte| {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    })
}

#[derive(Clone, Copy)]
struct JsonStyle {
    /// What is written by its number although JSON does not ask for it.
    escaped: &'static str,
    /// Nothing but ASCII.
    ascii: bool,
    /// Which numbers have the digits `A` to `F`, where others have `a` to `f`.
    upper: Upper,
    /// `/` as `\/`.
    slashed: bool,
}

/// Which numbers are written in capitals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Upper {
    None,
    /// Those of [`JsonStyle::escaped`] alone.
    Escaped,
    All,
}

const PLAIN: JsonStyle =
    JsonStyle { escaped: "", ascii: false, upper: Upper::None, slashed: false };
const JSON_STYLES: [JsonStyle; 11] = [
    PLAIN,
    // Go and Rails.
    JsonStyle { escaped: "<>&", ..PLAIN },
    // Python.
    JsonStyle { ascii: true, ..PLAIN },
    // PHP.
    JsonStyle { ascii: true, slashed: true, ..PLAIN },
    // Gson.
    JsonStyle { escaped: "<>&='", ..PLAIN },
    // Flask, in a page.
    JsonStyle { escaped: "<>&'", ascii: true, ..PLAIN },
    // Django, in a page: Python's JSON, in which three characters are then replaced.
    JsonStyle { escaped: "<>&", ascii: true, upper: Upper::Escaped, ..PLAIN },
    // System.Text.Json.
    JsonStyle { escaped: "<>&'+`\"", ascii: true, upper: Upper::All, ..PLAIN },
    // A string in a script of Go's html/template.
    JsonStyle { escaped: "<>&'+`\"", slashed: true, ..PLAIN },
    // Django's escapejs, and Gson's with capitals.
    JsonStyle { escaped: "<>&='\"`;-", upper: Upper::All, ..PLAIN },
    JsonStyle { escaped: "<>&='", upper: Upper::All, ..PLAIN },
];

fn json(out: &mut String, char: char, style: JsonStyle) {
    let is_upper = style.upper == Upper::All;
    match char {
        _ if style.escaped.contains(char) => {
            unicode_escape(out, char, style.upper != Upper::None);
        }
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '/' if style.slashed => out.push_str("\\/"),
        '\0'..'\u{20}' => unicode_escape(out, char, is_upper),
        '\u{7f}'.. if style.ascii => unicode_escape(out, char, is_upper),
        _ => out.push(char),
    }
}

fn unicode_escape(out: &mut String, char: char, upper: bool) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        let _ = if upper { write!(out, "\\u{unit:04X}") } else { write!(out, "\\u{unit:04x}") };
    }
}

/// How a character is written by its number.
type PutChar = fn(&mut String, u32) -> fmt::Result;

/// Text with letters beyond ASCII, by number: Python's `ascii`, `PyYAML` in double quotes, ES6 and Rust, and XML.
fn foreign(text: &str, take: &mut dyn FnMut(Encoding, Form)) {
    let small: PutChar = |out, number| match number {
        0..=0xff => write!(out, "\\x{number:02x}"),
        0x100..=0xffff => write!(out, "\\u{number:04x}"),
        _ => write!(out, "\\U{number:08x}"),
    };
    let capital: PutChar = |out, number| match number {
        0..=0xff => write!(out, "\\x{number:02X}"),
        0x100..=0xffff => write!(out, "\\u{number:04X}"),
        _ => write!(out, "\\U{number:08X}"),
    };
    let in_braces: PutChar = |out, number| write!(out, "\\u{{{number:x}}}");
    let capital_in_braces: PutChar = |out, number| write!(out, "\\u{{{number:X}}}");
    for (quote, put) in [
        ('\'', small),
        ('"', small),
        ('"', capital),
        ('\'', in_braces),
        ('"', in_braces),
        ('"', capital_in_braces),
    ] {
        let form = each_char(text, |out, char| {
            let _ = match char {
                '\\' => out.write_str("\\\\"),
                _ if char == quote => write!(out, "\\{char}"),
                '\0'..='\u{7e}' => out.write_char(char),
                _ => put(out, u32::from(char)),
            };
        });
        take(Encoding::CEscape, form);
    }
    let references: [PutChar; 3] = [
        |out, number| write!(out, "&#{number};"),
        |out, number| write!(out, "&#x{number:x};"),
        |out, number| write!(out, "&#x{number:X};"),
    ];
    for put in references {
        let form = each_char(text, |out, char| {
            let _ = match char {
                '&' => out.write_str("&amp;"),
                '<' => out.write_str("&lt;"),
                '>' => out.write_str("&gt;"),
                '\0'..='\u{7e}' => out.write_char(char),
                _ => put(out, u32::from(char)),
            };
        });
        take(Encoding::Xml, form);
        let form = each_char(text, |out, char| {
            let _ = put(out, u32::from(char));
        });
        take(Encoding::Xml, form);
    }
    for upper in [false, true] {
        take(Encoding::Json, each_char(text, |out, char| unicode_escape(out, char, upper)));
    }
}

fn shell(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    let replacing = |from: &[u8], to: &[u8]| {
        each_byte(value, |out, byte| {
            if from.contains(&byte) {
                out.extend(to.iter().map(|&part| if part == 0 { byte } else { part }));
            } else {
                out.push(byte);
            }
        })
    };
    // In `to`, a NUL stands for the character itself.
    for (from, to) in [
        (&b"'"[..], &b"'\\''"[..]),
        (b"'", b"'\"'\"'"),
        (b"'", b"''"),
        (b"\"", b"\"\""),
        // A `$` in a compose file.
        (b"$", b"$$"),
        // A `%` in the files of systemd and of Python's configparser, as alembic.ini.
        (b"%", b"%%"),
        // Markdown, as converters write it.
        (b"\\`*_[]", b"\\\0"),
        // Java's properties.
        (b"=:#!\\", b"\\\0"),
        // PowerShell, in double quotes.
        (b"$`\"", b"`\0"),
        // cmd: where it has to be, and as Node's cross-spawn does it.
        (b"&|<>^", b"^\0"),
        (b"&|<>^()", b"^\0"),
        (b" !\"%&()*,;<>?[]^`|", b"^\0"),
        (b"$`\"\\", b"\\\0"),
        (b"$`\"\\!", b"\\\0"),
        // bash's printf %q, 5.2 and before; `#` and `~` stay but at the start, where the backslash
        // stands before the match.
        (b" !\"$&'()*,;<>?[\\]^`{|}", b"\\\0"),
        (b" !\"$&'()*;<>?[\\]^`{|}", b"\\\0"),
        // Escapers that trust letters, digits and little else, as Ruby's Shellwords.
        (b" !\"#$&'()*,;<=>?[\\]^`{|}~", b"\\\0"),
        (b" !\"#$%&'()*:;<=>?[\\]^`{|}~", b"\\\0"),
        (b" !\"#$%&'()*,:;<=>?@[\\]^`{|}~+", b"\\\0"),
        // Perl's quotemeta, which trusts letters, digits and `_` alone.
        (b" !\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~", b"\\\0"),
    ] {
        take(Encoding::Shell, replacing(from, to));
    }
    // A file of cmd's.
    take(
        Encoding::Shell,
        each_byte(value, |out, byte| match byte {
            b'%' => out.extend(b"%%"),
            b'&' | b'|' | b'<' | b'>' | b'^' => out.extend([b'^', byte]),
            _ => out.push(byte),
        }),
    );
}

fn c_escapes(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    // Ruby's `inspect` writes bytes in capitals, and `#` so that nothing begins there.
    for ascii in [true, false] {
        let mut next = value.iter().skip(1).chain([&0]);
        take(
            Encoding::CEscape,
            each_byte(value, |out, byte| {
                let next = next.next();
                match byte {
                    b'"' | b'\\' => out.extend([b'\\', byte]),
                    b'#' if matches!(next, Some(b'{' | b'$' | b'@')) => out.extend(b"\\#"),
                    b'\n' => out.extend(b"\\n"),
                    b'\r' => out.extend(b"\\r"),
                    b'\t' => out.extend(b"\\t"),
                    0x80.. if !ascii => out.push(byte),
                    0..0x20 | 0x7f.. => out.extend(format!("\\x{byte:02X}").into_bytes()),
                    _ => out.push(byte),
                }
            }),
        );
    }
    // nginx in its logs, which escapes quotes and backslashes by number too.
    take(
        Encoding::CEscape,
        each_byte(value, |out, byte| match byte {
            b'"' | b'\\' | 0..0x20 | 0x7f.. => out.extend(format!("\\x{byte:02X}").into_bytes()),
            _ => out.push(byte),
        }),
    );
    for (quotes, octal, ascii) in [
        (&b"\""[..], false, false),
        (b"'", false, false),
        (b"\"'", false, false),
        (b"\"", false, true),
        (b"'", false, true),
        (b"\"", true, true),
        (b"'", true, true),
        (b"", true, false),
        (b"", true, true),
    ] {
        take(
            Encoding::CEscape,
            each_byte(value, |out, byte| match byte {
                b'\n' => out.extend(b"\\n"),
                b'\r' => out.extend(b"\\r"),
                b'\t' => out.extend(b"\\t"),
                b'\\' => out.extend(b"\\\\"),
                _ if quotes.contains(&byte) => out.extend([b'\\', byte]),
                0..0x20 | 0x7f => control(out, byte, octal),
                0x80.. if ascii => control(out, byte, octal),
                _ => out.push(byte),
            }),
        );
    }
}

fn control(out: &mut Vec<u8>, byte: u8, octal: bool) {
    let _ = if octal { write!(out, "\\{byte:03o}") } else { write!(out, "\\x{byte:02x}") };
}

/// What each writer of XML or HTML puts for the five special characters.
const ENTITIES: &[&[(u8, &str)]] = &[
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;"), (b'"', "&quot;"), (b'\'', "&#39;")],
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;")],
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;"), (b'"', "&quot;")],
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;"), (b'"', "&quot;"), (b'\'', "&apos;")],
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;"), (b'"', "&#34;"), (b'\'', "&#39;")],
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;"), (b'"', "&quot;"), (b'\'', "&#x27;")],
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;"), (b'"', "&quot;"), (b'\'', "&#039;")],
    &[(b'&', "&amp;"), (b'<', "&lt;")],
    // Go's html/template.
    &[
        (b'&', "&amp;"),
        (b'<', "&lt;"),
        (b'>', "&gt;"),
        (b'"', "&#34;"),
        (b'\'', "&#39;"),
        (b'+', "&#43;"),
    ],
    // Handlebars, and mustache.js, which escapes `/` too.
    &[
        (b'&', "&amp;"),
        (b'<', "&lt;"),
        (b'>', "&gt;"),
        (b'"', "&quot;"),
        (b'\'', "&#x27;"),
        (b'`', "&#x60;"),
        (b'=', "&#x3D;"),
    ],
    &[
        (b'&', "&amp;"),
        (b'<', "&lt;"),
        (b'>', "&gt;"),
        (b'"', "&quot;"),
        (b'\'', "&#39;"),
        (b'/', "&#x2F;"),
        (b'`', "&#x60;"),
        (b'=', "&#x3D;"),
    ],
];

fn each_byte(value: &[u8], mut write: impl FnMut(&mut Vec<u8>, u8)) -> Form {
    // Six bytes for one is the longest form, so the buffer never moves and leaves a copy behind.
    let mut form = Zeroizing::new(Vec::with_capacity(value.len() * 6));
    for &byte in value {
        write(&mut form, byte);
    }
    form
}

fn each_char(text: &str, mut write: impl FnMut(&mut String, char)) -> Form {
    let mut form = String::with_capacity(text.len() * 6);
    for char in text.chars() {
        write(&mut form, char);
    }
    let bytes = Zeroizing::new(form.as_bytes().to_vec());
    form.zeroize();
    bytes
}
