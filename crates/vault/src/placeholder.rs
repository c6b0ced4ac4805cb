//! Telling a stand-in from a value: by what only a stand-in says, never by a word a token may hold.

mod template;

use secret::Secret;

use crate::shape;

/// Words that are nobody's credential when they are the whole value.
const WHOLE: [&str; 46] = [
    "-",
    "--",
    "?",
    "??",
    "???",
    "bar",
    "change-it",
    "changeit",
    "changeme",
    "dummy",
    "empty",
    "example",
    "fake",
    "filtered",
    "fixme",
    "foo",
    "foobar",
    "here",
    "invalid",
    "key",
    "mykey",
    "mysecret",
    "mytoken",
    "n/a",
    "na",
    "nil",
    "none",
    "null",
    "pass",
    "passwd",
    "password",
    "pending",
    "redacted",
    "sample",
    "secret",
    "string",
    "tbd",
    "test",
    "todo",
    "token",
    "undefined",
    "yourapikey",
    "yourkey",
    "yourpassword",
    "yoursecret",
    "yourtoken",
];

/// Those of them that are settings too: `SMTP_OPENSSL_VERIFY_MODE=none`, `NODE_ENV=test`.
const SETTINGS: [&str; 9] =
    ["empty", "na", "nil", "none", "null", "password", "string", "test", "token"];

/// Words that no random token spells by chance, so that they give a stand-in away anywhere.
const ANYWHERE: [&str; 25] = [
    "placeholder",
    "32 characters",
    "32-characters",
    "32_characters",
    "changeme",
    "changethis",
    "change me",
    "change this",
    "change-me",
    "change_me",
    "change-this",
    "change_this",
    "replaceme",
    "replace me",
    "replace with",
    "replace-me",
    "replace-this",
    "replace_me",
    "replace_this",
    "replace-with",
    "replace_with",
    "insert-your",
    "insert_your",
    "your-password",
    "your_password",
];

/// The payload of the token that introduces JWT everywhere, in parts so that no scanner takes it for a leak.
const DOCUMENTED: [&str; 2] = ["eyjzdwiioiixmjm0nty3odkwiiwibmftzsi6", "ikpvag4grg9liiwi"];

/// Says why a value is a stand-in, as "it …", or nothing where it may be real.
pub fn placeholder(key: &str, value: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(value) else { return None };
    let text = text.trim();
    let traits = Traits::of(text.as_bytes());
    let plain = without_around(text);
    if plain.len() <= LONGEST_WHOLE && (is_whole(plain) || is_numbered(plain)) {
        return Some("is a word that stands for a value");
    }
    // Most values are looked at as they are, for nothing below asks for small letters then.
    let folded = traits.has_any().then(|| Secret::from(text.to_ascii_lowercase()));
    let folded = folded.as_ref().and_then(Secret::expose_text).unwrap_or(text);
    let plain = without_around(folded);
    if plain.eq_ignore_ascii_case(key) {
        return Some("is the key's own name");
    }
    if template::is_spelt_out(plain) {
        return Some("is spelt out of words that stand for a value");
    }
    if template::is_crossed_out(plain) || is_one_character(text) {
        return Some("is one character again and again");
    }
    if traits.has_word && ANYWHERE.iter().any(|word| says(plain, word)) {
        return Some("says so itself");
    }
    if traits.has_word && is_your_something(plain) {
        return Some("asks for your own value");
    }
    if traits.has_documented && (template::is_of_aws(plain) || plain.contains(&DOCUMENTED.concat()))
    {
        return Some("is the example from a documentation");
    }
    if traits.has_bracket && folded.contains("[redacted:") {
        return Some("is masked: it was copied from where the value is hidden");
    }
    if traits.may_be_masked && is_masked(text) {
        return Some("is masked: it was copied from where the value is hidden");
    }
    if traits.has_bracket && has_brackets(folded) {
        return Some("has a name in brackets where a value belongs");
    }
    if traits.has_reference && has_reference(text) {
        return Some("refers to a value that was never filled in");
    }
    let may_have_marks = traits.has_bracket || traits.has_reference;
    if (may_have_marks || text.starts_with("__") || text.starts_with("@@"))
        && template::has_marks(text)
    {
        return Some("refers to a value that was never filled in");
    }
    if text.starts_with("ENC[AES256_GCM,") || text.starts_with("encrypted:B") {
        return Some("is encrypted by sops or dotenvx, and whoever reads it gets no value");
    }
    let (scheme, rest) = shape::split_scheme(text)?;
    if template::is_elsewhere(scheme) {
        return Some("says where a value lies, and is none");
    }
    if let Some(password) = url_password(rest)
        && placeholder("password", password.as_bytes()).is_some()
    {
        return Some("has a stand-in for its password");
    }
    None
}

/// Whether a value that is taken for a stand-in may be a setting, or a text of several words, where it is no secret.
pub fn may_be_setting(value: &Secret) -> bool {
    // Looked at here, and sent nowhere.
    let bytes = value.expose().trim_ascii();
    bytes.contains(&b' ') || SETTINGS.iter().any(|word| bytes.eq_ignore_ascii_case(word.as_bytes()))
}

/// What people write around a stand-in.
const AROUND: &[u8; 7] = b"\"'` []%";

/// The value itself. All that stands around is of single bytes.
fn without_around(text: &str) -> &str {
    let is_in = |byte: &u8| !AROUND.contains(byte);
    let Some(start) = text.bytes().position(|byte| is_in(&byte)) else { return "" };
    let end = text.bytes().rposition(|byte| is_in(&byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Whether it is one of [`WHOLE`], in capitals or not.
fn is_whole(plain: &str) -> bool {
    WHOLE.iter().any(|word| word.eq_ignore_ascii_case(plain))
}

/// Whether a word stands in a value; `changement` is another word.
fn says(plain: &str, word: &str) -> bool {
    plain.match_indices(word).any(|(at, _)| !plain[at + word.len()..].starts_with("nt"))
}

/// The password of a URL behind its scheme, as it is written.
fn url_password(rest: &str) -> Option<&str> {
    let authority = &rest[..shape::authority_end(rest)];
    let at = memchr::memrchr(b'@', authority.as_bytes())?;
    let colon = memchr::memchr(b':', &authority.as_bytes()[..at])?;
    authority.get(colon + 1..at).filter(|password| !password.is_empty())
}

/// The longest of [`WHOLE`], with room for the tail of [`is_numbered`].
const LONGEST_WHOLE: usize = 24;

/// What one look at the bytes says of what may be in them, so that most values are not searched.
#[derive(Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is the condition of one search")]
struct Traits {
    has_word: bool,
    has_documented: bool,
    may_be_masked: bool,
    has_bracket: bool,
    has_reference: bool,
}

impl Traits {
    fn of(text: &[u8]) -> Traits {
        let mut traits = Traits::default();
        // Three bytes in a row say where there may be anything.
        let class = |at: usize| text.get(at).map_or(0, |byte| TELLING[usize::from(*byte)]);
        let (mut first, mut second) = (class(0), class(1));
        for (at, byte) in text.iter().skip(2).enumerate() {
            let third = TELLING[usize::from(*byte)];
            if ((first & (second >> 8) & (third >> 16) & 0xff) | (first & ALONE)) != 0 {
                traits.look(text, at);
            }
            (first, second) = (second, third);
        }
        for at in text.len().saturating_sub(2)..text.len() {
            traits.look(text, at);
        }
        traits
    }

    /// Looks closer at what begins at a place.
    fn look(&mut self, text: &[u8], at: usize) {
        let rest = &text[at..];
        let Some(byte) = rest.first() else { return };
        match byte.to_ascii_lowercase() {
            b'p' | b'c' | b'r' | b'i' | b'y' => {
                self.has_word |=
                    [&b"placeh"[..], b"change", b"charac", b"replac", b"insert", b"your"]
                        .iter()
                        .any(|root| begins(rest, root));
            }
            b'e' => {
                // Hosts are called `example` too, so what stands around it counts.
                let is_example = begins(rest, b"example")
                    && (begins(rest, b"examplekey")
                        || begins(text, b"akia")
                        || begins(text, b"asia"));
                self.has_documented |= is_example || begins(rest, b"eyjzdw");
            }
            b'x' => self.may_be_masked |= begins(rest, b"xxxxxx"),
            mark @ (b'*' | b'.') => self.may_be_masked |= rest.starts_with(&[mark; 3]),
            b'<' | b'[' => self.has_bracket = true,
            b'%' => {
                self.has_bracket = true;
                self.has_reference = true;
            }
            b'$' | b'{' | b'`' => self.has_reference = true,
            // Bullets and the ellipsis.
            0x80.. => self.may_be_masked = true,
            _ => {}
        }
    }

    fn has_any(&self) -> bool {
        self.has_word
            || self.has_documented
            || self.may_be_masked
            || self.has_bracket
            || self.has_reference
    }
}

/// A byte that tells something by itself.
const ALONE: u32 = 1 << 24;

/// Of each byte: in which of the beginnings below it may be the first, the second and the third, as bits.
const TELLING: [u32; 256] = {
    // The roots of `has_word`, those of `has_documented`, and the runs.
    let beginnings: [&[u8; 3]; 8] =
        [b"pla", b"cha", b"rep", b"ins", b"you", b"exa", b"eyj", b"xxx"];
    let mut table = [0; 256];
    let mut which = 0;
    while which < beginnings.len() {
        let mut at = 0;
        while at < 3 {
            let byte = beginnings[which][at];
            table[byte as usize] |= 1 << (which + 8 * at);
            table[byte.to_ascii_uppercase() as usize] |= 1 << (which + 8 * at);
            at += 1;
        }
        which += 1;
    }
    let alone = b"*<[%${`";
    let mut at = 0;
    while at < alone.len() {
        table[alone[at] as usize] |= ALONE;
        at += 1;
    }
    // Three points share the place of the three crosses.
    table[b'.' as usize] |= 0x0001_0101 << 7;
    let mut at = 0x80;
    while at < table.len() {
        table[at] |= ALONE;
        at += 1;
    }
    table
};

/// Whether a text begins with a word, in capitals or not.
fn begins(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// `changeme123`, `test1`, `password!`: a word with a tail that people add to please a form.
fn is_numbered(plain: &str) -> bool {
    let word = plain.trim_end_matches(|tail: char| tail.is_ascii_digit() || tail == '!');
    word.len() < plain.len() && NUMBERED.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// The words that people add a tail to.
const NUMBERED: [&str; 9] =
    ["changeme", "test", "password", "passwd", "secret", "example", "dummy", "foobar", "token"];

/// `0000`, and `00000000-0000-0000-0000-000000000000`, the UUID of nothing.
fn is_one_character(text: &str) -> bool {
    let is_same = |text: &str, fewest: usize| {
        let first = text.chars().next();
        text.chars().count() >= fewest && text.chars().all(|character| Some(character) == first)
    };
    // Two of a kind may be a real number: 11, 22.
    is_same(text, 3) || (text.contains('-') && is_same(&text.replace('-', ""), 8))
}

/// `your-token-here`, `your_api_key`, `<prefix>_your_key`.
fn is_your_something(plain: &str) -> bool {
    let separator = |byte: Option<&u8>| byte.is_some_and(|byte| b"-_ ".contains(byte));
    let bytes = plain.as_bytes();
    let starts = plain.starts_with("your") && separator(bytes.get(4)) && plain.len() < 64;
    let ends = plain.ends_with("here") && plain.len() > 4 && separator(bytes.get(bytes.len() - 5));
    let inside = ["_your_", "-your-", "_your-"].iter().any(|word| plain.contains(word));
    starts || inside || (ends && plain.contains("your"))
}

/// A run of stars, bullets or crosses, or an ellipsis at the end.
fn is_masked(text: &str) -> bool {
    let run = |wanted: fn(char) -> bool, least: usize| {
        let mut length = 0;
        text.chars().any(|character| {
            length = if wanted(character) { length + 1 } else { 0 };
            length >= least
        })
    };
    run(|character| matches!(character, '*' | '\u{2022}' | '\u{25cf}'), 3)
        || run(|character| matches!(character, 'x' | 'X'), 6)
        || text.ends_with('\u{2026}')
        || text.ends_with("...")
        || text.split_once("...").or_else(|| text.split_once('\u{2026}')).is_some_and(|ends| {
            // Its two ends alone, as lists of tokens show them.
            let is_end = |end: &str| {
                (2..=10).contains(&end.len())
                    && end.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            };
            is_end(ends.0) && is_end(ends.1)
        })
}

/// Words of which one stands in the brackets of a template.
const ASKED_FOR: [&str; 16] = [
    "api", "database", "host", "insert", "key", "name", "pass", "project", "ref", "region",
    "replace", "secret", "token", "url", "user", "your",
];

/// `<password>`, `[YOUR-PASSWORD]`, and both percent-encoded inside a URL.
///
/// A random password may hold `<k>` by chance, so a part in brackets must also name something.
fn has_brackets(folded: &str) -> bool {
    let whole = |open: &str, close: &str| {
        folded.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(is_name)
    };
    let inside = |open, close| {
        between(folded, open, close).any(|(inner, behind)| {
            is_name(inner)
                && ASKED_FOR.iter().any(|word| inner.contains(word))
                && !template::is_index(behind)
                && !(inner.contains('.') && template::is_port(behind))
        })
    };
    whole("<", ">")
        || template::has_tag(folded)
        || inside("%3c", "%3e")
        || inside("[", "]") && !template::is_of_sections(folded)
        || inside("%5b", "%5d")
}

/// `${NAME}`, `{{name}}`, `$(command)`: what a template or a shell would have filled in.
fn has_reference(text: &str) -> bool {
    let whole = |open: &str, close: &str| {
        text.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .filter(|inner| !inner.is_empty())
    };
    between(text, "${", "}")
        .any(|(inner, _)| is_variable(inner.split(":-").next().unwrap_or(inner)))
        || between(text, "{{", "}}")
            .any(|(inner, _)| !inner.is_empty() && !inner.contains(['"', '{']))
        || whole("$(", ")").is_some()
        || whole("`", "`").is_some()
        || whole("%", "%").is_some_and(is_variable)
        || text.strip_prefix('$').is_some_and(is_variable)
}

fn is_name(inner: &str) -> bool {
    (1..=64).contains(&inner.len())
        && inner.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte))
}

/// A variable's name of three letters or more, in capitals, as templates write it.
fn is_variable(inner: &str) -> bool {
    inner.len() >= 3
        && inner.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && inner
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Every shortest stretch between two marks, and what stands behind it.
fn between<'a>(
    text: &'a str,
    open: &'static str,
    close: &'static str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(open)? + open.len();
        rest = &rest[start..];
        rest.split_once(close)
    })
}

#[cfg(test)]
mod tests;
