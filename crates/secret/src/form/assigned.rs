//! Values after a label: headers, assignments and prose.

use super::placeholder::is_placeholder;
use super::{Place, Verdict, connection, is_word, password_file, reference, statement};

/// No header or assignment has a longer value; texts made of labels alone stay cheap.
pub(super) const LONGEST_VALUE: usize = 4096;
const LONGEST_LABEL_TAIL: usize = 32;
const LONGEST_SEPARATOR: usize = 16;
const SHORTEST_TOKEN: usize = 20;
/// Behind `X-…-Token:` or a scheme in a header nothing but a credential stands.
const SHORTEST_IN_HEADER: usize = 12;
pub(super) const SHORTEST_PASSWORD: usize = 6;

/// A label that goes on so is about a secret, and has none behind it.
const HARMLESS_TAILS: &[&str] = &[
    "hash",
    "digest",
    "sha",
    "md5",
    "fingerprint",
    "length",
    "min",
    "max",
    "policy",
    "field",
    "name",
    "path",
    "file",
    "type",
    "url",
    "uri",
    "count",
    "rotat",
    "expir",
    "chang",
    "reset",
    "updated",
    "created",
    "limit",
    "ttl",
    "used",
    "version",
    "arn",
    "ref",
    "endpoint",
    "protobuf",
    "_at",
    "_id",
    "-id",
];

/// A label that ends so names a setting; before another word it is one of a secret, as in `TOKEN_ENCRYPTION_KEY`.
const HARMLESS_ENDS: &[&str] = &[
    "encryption",
    "algorithm",
    "algo",
    "scheme",
    "method",
    "mechanism",
    "cipher",
    "format",
    "strength",
    "history",
    "rounds",
];

/// What may stand between `Authorization:` and the credential.
const SCHEMES: [&[u8]; 15] = [
    b"Bearer ",
    b"bearer ",
    b"Token ",
    b"token ",
    b"FlyV1 ",
    b"OAuth ",
    b"Basic ",
    b"basic ",
    b"ApiKey ",
    b"Apikey ",
    b"apikey ",
    b"Api-Key ",
    b"GenieKey ",
    b"SSWS ",
    b"Bot ",
];

/// `api_access_token: …`, `Authorization: Bearer …`, `Bearer …`: any long value.
pub(super) fn header(place: &Place<'_>) -> Verdict {
    let label_is_over = place.text[place.at..place.after()].ends_with(b" ");
    let Some(mut start) = (if label_is_over { Some(place.after()) } else { value_start(place) })
    else {
        return Verdict::Nothing;
    };
    let (mut shortest, mut is_basic) = (SHORTEST_TOKEN, false);
    for scheme in SCHEMES {
        if place.text[start..].starts_with(scheme) {
            start += scheme.len();
            is_basic = !label_is_over && scheme.eq_ignore_ascii_case(b"Basic ");
            shortest = if label_is_over { SHORTEST_TOKEN } else { SHORTEST_IN_HEADER };
        } else if !place.is_end && scheme.starts_with(&place.text[start..]) {
            return Verdict::Open(start);
        }
    }
    let Some(end) = place.run(start, LONGEST_VALUE, |byte| {
        byte.is_ascii_alphanumeric() || b"._~+/=-,:".contains(&byte)
    }) else {
        return Verdict::Open(start);
    };
    let value = trim_sentence(&place.text[start..end]);
    let is_credential = value.len() >= shortest && is_random(value) && !is_placeholder(value);
    if is_credential || (is_basic && is_login(value)) {
        Verdict::Found("auth-header", start..start + value.len())
    } else {
        Verdict::Nothing
    }
}

/// Whether a word is the Base64 of `user:password`, however little it looks like chance.
pub(super) fn is_login(value: &[u8]) -> bool {
    let value = value.trim_ascii_end();
    let text = value.strip_suffix(b"=").unwrap_or(value);
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let Ok(decoded) = data_encoding::BASE64_NOPAD.decode(text).map(zeroize::Zeroizing::new) else {
        return false;
    };
    let is_text = decoded.iter().all(|byte| (b' '..=b'~').contains(byte));
    let colon = memchr::memchr(b':', &decoded);
    is_text && colon.is_some_and(|at| at + 1 < decoded.len() && !is_placeholder(&decoded[at + 1..]))
}

/// `TOKEN=…`, `"client_secret": "…"`, `**API key**: …`: a long value that looks drawn by lot.
pub(super) fn token(place: &Place<'_>) -> Verdict {
    let Some(start) = value_start(place) else { return Verdict::Nothing };
    let Some(end) = place.run_before_next(start, LONGEST_VALUE, |byte| {
        byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte)
    }) else {
        return Verdict::Open(start);
    };
    let value = trim_sentence(&place.text[start..end]);
    // What a bracket follows is a call or an index, so the value is a name in a program.
    let is_code = place.text.get(end).is_some_and(|next| b"([{:@".contains(next))
        || is_member(value)
        || reference::is_name(place, value)
        || reference::is_of_request(place)
        || reference::is_in_address(place);
    let shortest = if is_header(place) { SHORTEST_IN_HEADER } else { SHORTEST_TOKEN };
    if value.len() >= shortest && !is_code && is_random(value) && !is_placeholder(value) {
        Verdict::Found("assigned-token", start..start + value.len())
    } else {
        Verdict::Nothing
    }
}

/// Whether a value begins with a member that is given the next, as built code numbers its constants: `e.HEX=e.MARK=…`.
fn is_member(value: &[u8]) -> bool {
    const LONGEST_OBJECT: usize = 3;
    let object = value.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let Some(member) = value[object..].strip_prefix(b".") else { return false };
    let n_letters = member.iter().take_while(|byte| is_word(**byte)).count();
    (1..=LONGEST_OBJECT).contains(&object) && member.get(n_letters) == Some(&b'=')
}

/// Whether the label is a header as `X-Auth-Token: ` or `X-Api-Key: `.
fn is_header(place: &Place<'_>) -> bool {
    let n_before = place.text[..place.at]
        .iter()
        .rev()
        .take(LONGEST_LABEL_TAIL)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count();
    let label = &place.text[place.at - n_before..place.at];
    place.text[place.after()..].starts_with(b": ")
        && label.first_chunk::<2>().is_some_and(|head| head.eq_ignore_ascii_case(b"x-"))
}

/// `**Password**: …`, `PASSWORD=…`, `--password …`: a word with letters and digits.
pub(super) fn password(place: &Place<'_>) -> Verdict {
    for other in [connection::parameter, statement::password, password_file::netrc] {
        match other(place) {
            Verdict::Nothing => {}
            verdict => return verdict,
        }
    }
    let is_option = place.at.checked_sub(3).is_some_and(|dashes| {
        place.text[dashes..].starts_with(b"--p") && place.text[place.after()..].starts_with(b" ")
    });
    let after_option = is_option.then(|| place.after() + 1);
    let Some(start) = after_option.or_else(|| value_start(place)) else { return Verdict::Nothing };
    let is_in_query = place.at.checked_sub(2).is_some_and(|mark| b"?&".contains(&place.text[mark]));
    let belongs = |byte: u8| {
        byte > b' ' && !b"\"'`<>\\\x7f".contains(&byte) && !(is_in_query && byte == b'&')
    };
    let Some(end) = place.run_before_next(start, LONGEST_VALUE, belongs) else {
        return Verdict::Open(start);
    };
    let value = trim_sentence(&place.text[start..end]);
    if is_password(value) && !place.is_end && b" =".starts_with(&place.text[end..]) {
        // It is a type if a value is given to it.
        return Verdict::Open(start);
    }
    let is_variable = |label: &&[u8]| place.text[..place.after()].ends_with(label);
    if is_password(value) && !reference::is_of_other_text(place, start, end) {
        Verdict::Found("assigned-password", start..start + value.len())
    } else if [&b"PGPASSWORD"[..], b"MYSQL_PWD"].iter().any(is_variable)
        && is_literal(place, value, start)
    {
        certain(place)
    } else {
        Verdict::Nothing
    }
}

/// `REDISCLI_AUTH=…`, `PGPASSWORD=…`: of letters alone too, as nothing but a password stands there.
pub(super) fn certain(place: &Place<'_>) -> Verdict {
    let Some(start) = value_start(place) else { return Verdict::Nothing };
    let belongs = |byte: u8| byte > b' ' && !b"\"'`<>\\;\x7f".contains(&byte);
    let Some(end) = place.run_before_next(start, LONGEST_VALUE, belongs) else {
        return Verdict::Open(start);
    };
    let value = trim_sentence(&place.text[start..end]);
    let is_code = memchr::memchr3(b'(', b'{', b'[', value).is_some();
    let is_secret = value.len() >= SHORTEST_PASSWORD && !is_code && !is_placeholder(value);
    if is_secret && !reference::is_reference(value) {
        Verdict::Found("assigned-password", start..start + value.len())
    } else {
        Verdict::Nothing
    }
}

/// Whether a value is given to a variable of the environment as it is: by a shell, or in quotes. In `${PGPASSWORD:-…}`
/// the variable is read, and a program has names, and strings that it puts together.
fn is_literal(place: &Place<'_>, value: &[u8], start: usize) -> bool {
    let before = &place.text[..place.at];
    let letters = before.iter().rev().take(LONGEST_LABEL_TAIL);
    let n_letters = letters.take_while(|byte| is_word(**byte)).count();
    let lead = &before[..before.len() - n_letters];
    let is_read = lead.ends_with(b"$") || lead.ends_with(b"${");
    let between = &place.text[place.after()..start];
    let is_given = between == b"=" || between.last().is_some_and(|byte| b"\"'".contains(byte));
    let says = |word: &[u8]| memchr::memmem::find(&value.to_ascii_lowercase(), word).is_some();
    let is_joined = value.first().is_some_and(|first| b"+.".contains(first));
    is_given && !is_read && !is_joined && !says(b"passw") && !says(b"secret")
}

/// Whether a word in the place of a password can be one: letters and digits, no code, no time.
pub(super) fn is_password(value: &[u8]) -> bool {
    let has = |wanted: fn(&u8) -> bool| value.iter().any(wanted);
    let is_code = memchr::memchr3(b'(', b'{', b'[', value).is_some()
        || memchr::memmem::find(value, b"://").is_some();
    let is_word = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    value.len() >= SHORTEST_PASSWORD
        && is_word
        && !is_code
        && !is_time(value)
        && !is_placeholder(value)
        && !reference::is_reference(value)
}

/// Where the value after the label begins; `None` where no `:` or `=` leads to one, nor the label is a tag.
pub(super) fn value_start(place: &Place<'_>) -> Option<usize> {
    let text = place.text;
    let is_label = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let tail_len =
        text[place.after()..].iter().take(LONGEST_LABEL_TAIL).take_while(is_label).count();
    let tail_end = place.after() + tail_len;
    let tail = text[place.after()..tail_end].to_ascii_lowercase();
    // Most labels end at once.
    if tail_len > 0
        && (HARMLESS_TAILS
            .iter()
            .any(|harmless| memchr::memmem::find(&tail, harmless.as_bytes()).is_some())
            || HARMLESS_ENDS.iter().any(|end| tail.ends_with(end.as_bytes())))
    {
        return None;
    }
    let is_separator = |byte: &&u8| b" \t\"'`*\\:=>|]".contains(byte);
    let separator_len =
        text[tail_end..].iter().take(LONGEST_SEPARATOR).take_while(is_separator).count();
    let separator = &text[tail_end..tail_end + separator_len];
    // `password=password=…`: what follows is for the next label to judge, and a text of labels stays cheap.
    // Of some labels the first letter is left away.
    let label = &text[place.at..place.after()];
    let is_next = |next: &[u8]| {
        next.starts_with(label) && next.get(label.len()).is_some_and(|byte| b":=".contains(byte))
    };
    let next = &text[tail_end + separator_len..];
    if is_next(next) || next.get(1..).is_some_and(is_next) {
        return None;
    }
    if next.starts_with(b"value=\"") && separator == b"\" " && is_setting(&text[..place.at]) {
        return Some(tail_end + separator_len + b"value=\"".len());
    }
    let leads_to_value = memchr::memchr3(b':', b'=', b'|', separator).is_some()
        || (separator == b">" && is_in_tag(&text[..place.at]));
    // `token 0123…`: hexadecimal digits alone may follow without a sign.
    let is_hex_word = separator == b" " && is_hex_word(&text[tail_end + 1..], place.is_end);
    (leads_to_value || is_hex_word).then_some(tail_end + separator_len)
}

/// Whether a text ends in the tag with which an element of XML begins.
fn is_in_tag(text: &[u8]) -> bool {
    before_name(text).ends_with(b"<")
}

/// Whether a text ends in the name of a setting, as .NET and Spring have it: `<add key="DbPassword" value="…"/>`.
fn is_setting(text: &[u8]) -> bool {
    let before = before_name(text);
    before.ends_with(b"<add key=\"") || before.ends_with(b"<property name=\"")
}

/// What stands before the name of XML in which a text ends.
fn before_name(text: &[u8]) -> &[u8] {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(byte);
    let n_letters = text.iter().rev().take(LONGEST_LABEL_TAIL).take_while(is_name).count();
    &text[..text.len() - n_letters]
}

/// Whether a word of 32 hexadecimal digits begins here, or may yet turn out to.
fn is_hex_word(text: &[u8], is_end: bool) -> bool {
    let len = text.iter().take(33).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let may_grow = len == text.len() && !is_end && len > 0;
    may_grow || (len == 32 && text.get(len).is_none_or(|next| !next.is_ascii_alphanumeric()))
}

/// Whether `value` looks drawn by lot: hexadecimal digits with letters among them, or letters
/// and digits whose kind changes as often as no name in a program does.
pub(super) fn is_random(value: &[u8]) -> bool {
    let n_digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let n_letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if n_digits == 0 || n_letters == 0 || is_time(value) || looks_like_path(value) {
        return false;
    }
    if value.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-') {
        return n_digits > 3 && n_letters > 3;
    }
    n_changes(value) * 5 >= value.len() * 2
}

/// How often small letters, capitals, digits and signs take turns.
pub(super) fn n_changes(value: &[u8]) -> usize {
    let kind = |byte: &u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    value.windows(2).filter(|pair| kind(&pair[0]) != kind(&pair[1])).count()
}

fn is_time(value: &[u8]) -> bool {
    value
        .first_chunk::<5>()
        .is_some_and(|head| head[..4].iter().all(u8::is_ascii_digit) && head[4] == b'-')
}

pub(super) fn looks_like_path(value: &[u8]) -> bool {
    let words = value.split(|&byte| byte == b'/');
    let n_words = words
        .clone()
        .filter(|word| word.len() > 2 && word.iter().all(u8::is_ascii_lowercase))
        .count();
    n_words >= 2
}

/// Without the full stop, comma or bracket that closes the sentence around it.
fn trim_sentence(value: &[u8]) -> &[u8] {
    let len = value.iter().rposition(|byte| !b".,;:)*".contains(byte)).map_or(0, |last| last + 1);
    &value[..len]
}
