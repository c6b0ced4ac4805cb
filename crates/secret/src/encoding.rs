//! The ways in which a value may be written down.

mod base64;
mod escape;
mod percent;

use std::fmt;

use zeroize::Zeroizing;

/// How a found value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// As it is.
    Raw,
    /// Percent-encoded, as in URLs and forms.
    Percent,
    /// Inside a JSON string.
    Json,
    /// Quoted for a shell or for Markdown, or doubled signs as in SQL, CSV and INI files.
    Shell,
    /// With the escapes of C and its relatives.
    CEscape,
    /// With the entities of XML or HTML.
    Xml,
    /// Quoted-printable, as in the body of a mail.
    Mail,
    /// Base64, at any alignment.
    Base64,
    /// Base64 with `-` and `_`.
    Base64Url,
    /// Hexadecimal digits.
    Hex,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

impl Encoding {
    /// Whether white space put into the written form leaves the value readable, as when a
    /// terminal wraps a line; in UTF-16 a space is two bytes, so there it does not.
    pub(crate) fn survives_wrapping(self) -> bool {
        !matches!(self, Self::Utf16Le | Self::Utf16Be)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Raw => "raw",
            Self::Percent => "percent",
            Self::Json => "json",
            Self::Shell => "shell",
            Self::CEscape => "c-escape",
            Self::Xml => "xml",
            Self::Mail => "quoted-printable",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        })
    }
}

/// One written form of a value.
pub(crate) type Form = Zeroizing<Vec<u8>>;

/// Hands every form of `value` to `take`, the plainest first; the same bytes may come twice.
///
/// A form may be a little shorter than what an encoder prints: characters that also depend on
/// what stands next to the value are left away.
pub(crate) fn forms(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    take(Encoding::Raw, Zeroizing::new(value.to_vec()));
    if value.iter().any(|byte| !byte.is_ascii_alphanumeric()) {
        percent::forms(value, take);
        escape::forms(value, take);
    }
    escape::by_number(value, take);
    base64::forms(value, take);
    take(Encoding::Hex, hex(value, LOWER_HEX));
    take(Encoding::Hex, hex(value, UPPER_HEX));
    if let Ok(text) = std::str::from_utf8(value) {
        let little = utf16(text, u16::to_le_bytes);
        base64::of_utf16(&little, take);
        take(Encoding::Utf16Le, little);
        take(Encoding::Utf16Be, utf16(text, u16::to_be_bytes));
    }
}

const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";

fn hex_digits(byte: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}

fn hex(value: &[u8], digits: &[u8; 16]) -> Form {
    let mut form = Form::new(Vec::with_capacity(value.len() * 2));
    for byte in value {
        form.extend(hex_digits(*byte, digits));
    }
    form
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Form {
    let mut form = Form::new(Vec::with_capacity(text.len() * 2));
    form.extend(text.encode_utf16().flat_map(to_bytes));
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn all(value: &str) -> Vec<(Encoding, String)> {
        let mut all = Vec::new();
        forms(value.as_bytes(), &mut |encoding, form| {
            let found = (encoding, String::from_utf8_lossy(&form).into_owned());
            if !all.contains(&found) {
                all.push(found);
            }
        });
        all
    }

    fn check(value: &str, encoding: Encoding, expected: &[&str]) {
        let forms: Vec<_> =
            all(value).into_iter().filter(|form| form.0 == encoding).map(|form| form.1).collect();
        for form in expected {
            assert!(forms.iter().any(|found| found == form), "{form} is not among {forms:?}");
        }
    }

    #[test]
    fn plain_values_have_few_forms() {
        let mut forms: Vec<_> = all("Abcdefgho12").into_iter().map(|form| form.1).collect();
        forms.sort();
        forms.dedup();
        assert_eq!(forms.len(), 1 + 9 + 3 + 3 + 2 + 2);
    }

    #[test]
    fn hex_and_utf16() {
        check("pw/Z", Encoding::Hex, &["70772f5a", "70772F5A"]);
        check("pw", Encoding::Utf16Le, &["p\0w\0"]);
        check("pw", Encoding::Utf16Be, &["\0p\0w"]);
    }

    #[test]
    fn base64_in_urls_and_json() {
        let forms = ["Pz4+Pz8/", "Pz4%2BPz8%2F", "Pz4%2bPz8%2f", "Pz4+Pz8\\/", "Pz4\\u002BPz8/"];
        check("?>>???", Encoding::Base64, &forms);
    }

    #[test]
    fn base64_of_utf16_as_powershell_takes_it() {
        let text: Vec<u8> = "k=CANARYpw;".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for n_before in 0..4 {
            let text = data_encoding::BASE64.encode(&text[n_before..]);
            let mut is_found = false;
            forms(b"CANARYpw", &mut |encoding, form| {
                let form = std::str::from_utf8(&form).unwrap_or("no text");
                is_found |= encoding == Encoding::Base64 && text.contains(form);
            });
            assert!(is_found, "{text}");
        }
    }

    #[test]
    fn percent() {
        let forms = [
            "a%20b%26c%2Fd%21%7E",
            "a%20b%26c%2fd%21%7e",
            "a+b%26c%2Fd%21%7E",
            "a%20b&c%2Fd!~",
            "a%20b%26c%2Fd!~",
            "a%20b%26c/d%21~",
        ];
        check("a b&c/d!~", Encoding::Percent, &forms);
        check("a@b/c", Encoding::Percent, &["a%%40b%%2Fc", "a%%40b%%2fc"]);
        check("q+x/=", Encoding::Percent, &["q%252Bx%252F%253D", "q%252bx%252f%253d"]);
        check("a-b_c.d~", Encoding::Percent, &["a%2Db%5Fc%2Ed%7E", "a%2db%5fc%2ed%7e"]);
    }

    #[test]
    fn json() {
        let forms = [
            "q\\\"\\\\&<é\\n",
            "q\\\"\\\\\\u0026\\u003cé\\n",
            "q\\\"\\\\&<\\u00e9\\n",
            "q\\\\\\\"\\\\\\\\&<é\\\\n",
            r#"q\\\\\\\"\\\\\\\\&<é\\\\n"#,
        ];
        check("q\"\\&<é\n", Encoding::Json, &forms);
        check("a/b", Encoding::Json, &["a\\/b"]);
        check("a+b=='", Encoding::Json, &["a+b\\u003d\\u003d\\u0027", "a\\u002Bb==\\u0027"]);
        check("é&", Encoding::Json, &["\\u00e9\\u0026", "\\u00E9\\u0026"]);
        // Django: capitals in what it escapes itself, none in what Python does.
        check("é<", Encoding::Json, &["\\u00e9\\u003C", "\\u00E9\\u003C"]);
    }

    #[test]
    fn shell() {
        check(
            "a'b c$",
            Encoding::Shell,
            &["a'\\''b c$", "a'\"'\"'b c$", "a\\'b\\ c\\$", "a''b c$"],
        );
        check("a\"b`", Encoding::Shell, &["a\\\"b\\`", "a\"\"b`"]);
        check("a$b", Encoding::Shell, &["a$$b"]);
        check("a=b:c#d!\\", Encoding::Shell, &["a\\=b\\:c\\#d\\!\\\\"]);
        check("a-b_c/", Encoding::Shell, &["a\\-b_c\\/"]);
        check("a_b*c%40", Encoding::Shell, &["a\\_b\\*c%40", "a_b*c%%40"]);
        check("a$b`c\"d'", Encoding::Shell, &["a`$b``c`\"d'"]);
        check("a&b|c^d(e)!", Encoding::Shell, &["a^&b^|c^^d(e)!", "a^&b^|c^^d^(e^)!"]);
        check("a%b&c!d e", Encoding::Shell, &["a%%b^&c!d e", "a^%b^&c^!d^ e"]);
    }

    #[test]
    fn c_escapes() {
        check("a'\n\u{1}é", Encoding::CEscape, &["a\\'\\n\\x01é", "a'\\n\\001é"]);
        check("é#$a#@b#{c#d#", Encoding::CEscape, &["é\\#$a\\#@b\\#{c#d#"]);
        check("a\n\u{1}é", Encoding::CEscape, &["a\\n\\x01\\xc3\\xa9", "a\\n\\001\\303\\251"]);
    }

    #[test]
    fn each_byte_by_number() {
        check("pZ", Encoding::CEscape, &["\\x70\\x5a", "\\x70\\x5A", "\\160\\132"]);
        check("pZ", Encoding::Json, &["\\u0070\\u005a", "\\u0070\\u005A"]);
        check("pZ", Encoding::Xml, &["&#112;&#90;", "&#x70;&#x5a;", "&#x70;&#x5A;"]);
    }

    #[test]
    fn cautious_and_of_scripts() {
        check("a+b/c==", Encoding::Xml, &["a&#43;b/c==", "a&#x2b;b&#x2f;c&#x3d;&#x3d;"]);
        check("a+b=", Encoding::Xml, &["a&#x2B;b&#x3D;", "a&#43;b&#61;"]);
        check("a+", Encoding::Xml, &["&#97;&#43;"]);
        check(
            "a+b/c==",
            Encoding::CEscape,
            &["a\\x2bb\\x2fc\\x3d\\x3d", "a\\x2Bb\\x2Fc\\x3D\\x3D"],
        );
        check("a+b/c==", Encoding::Json, &["a\\u002bb\\/c==", "a+b/c\\u003D\\u003D"]);
        check("a+b/c==", Encoding::Percent, &["a+b/c%3D%3D", "a%2Bb%2Fc=="]);
    }

    #[test]
    fn letters_by_number() {
        let forms = ["a\\xe9\\u20ac\\U0001f511'", "a\\xE9\\u20AC\\U0001F511'"];
        check("aé€🔑'", Encoding::CEscape, &forms);
        check("é'", Encoding::CEscape, &["\\xe9\\'"]);
        check("a&é€", Encoding::Xml, &["a&amp;&#233;&#8364;", "a&amp;&#xe9;&#x20ac;"]);
        check("é€", Encoding::Xml, &["&#xE9;&#x20AC;"]);
        check("a🔑", Encoding::Xml, &["&#97;&#128273;", "&#x61;&#x1f511;", "&#x61;&#x1F511;"]);
        check("a🔑", Encoding::Json, &["\\u0061\\ud83d\\udd11", "\\u0061\\uD83D\\uDD11"]);
        check("a\"é🔑", Encoding::CEscape, &["a\\\"\\u{e9}\\u{1f511}", "a\\\"\\u{E9}\\u{1F511}"]);
    }

    #[test]
    fn nginx_and_mail() {
        check("a\"\\é", Encoding::CEscape, &["a\\x22\\x5C\\xC3\\xA9"]);
        check("a=b/é", Encoding::Mail, &["a=3Db/=C3=A9"]);
        check("a/b==`", Encoding::Xml, &["a&#x2F;b&#x3D;&#x3D;&#x60;", "a/b&#x3D;&#x3D;&#x60;"]);
    }

    #[test]
    fn xml() {
        let forms = [
            "a&amp;&lt;&quot;&#39;",
            "a&amp;&lt;\"'",
            "a&amp;&lt;&#34;&#39;",
            "a&amp;&lt;&quot;&#x27;",
            "a&amp;amp;&amp;lt;&amp;quot;&amp;#39;",
        ];
        check("a&<\"'", Encoding::Xml, &forms);
    }
}
