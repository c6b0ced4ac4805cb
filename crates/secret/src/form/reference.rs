//! What stands behind the label of a password and names something else: a variable of a program, a rule, a type, the
//! place of a secret.

use super::{Place, is_word};

/// What a name in a program begins with that leads to a setting.
const ROOTS: &[&str] = &[
    "process", "import", "config", "cfg", "conf", "settings", "self", "this", "os", "env", "vars",
    "var", "local", "data", "module", "params", "args", "options", "opts", "request", "req", "ctx",
    "app", "types", "secrets", "flags",
];

/// What begins the address of a secret that is kept elsewhere.
const ADDRESSES: &[&str] = &[
    "arn:",
    "vault:",
    "ssm:",
    "secretsmanager:",
    "op:",
    "sm:",
    "projects/",
    "aws:",
    "gcp:",
    "azure:",
];

/// Whether a value is a name that leads to one.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let Ok(value) = str::from_utf8(value) else { return false };
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let is_setting = value
        .split_once('.')
        .is_some_and(|(root, rest)| ROOTS.contains(&root) && rest.split('.').all(is_name));
    let is_template = value.len() > 2 && value.starts_with('@') && value.ends_with('@');
    is_setting
        || is_template
        || value.contains("::")
        // As gdb shows an argument of a function.
        || value.contains("@entry=0x")
        || ADDRESSES.iter().any(|head| value.starts_with(head))
        || is_rule(value)
        || is_number(value)
        || is_flag(value)
        || is_algorithm(value)
}

/// Whether a value names how passwords are hashed or kept, as `ARGON2I`, `SHA512-CRYPT` and `pbkdf2_sha256` do.
fn is_algorithm(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "", "aes", "argon", "argon2d", "argon2i", "argon2id", "bcrypt", "blf", "cbc", "crypt",
        "gcm", "hmac", "md", "pbkdf", "scram", "scrypt", "sha", "ssha",
    ];
    let is_word = |part: &str| {
        let part = part.to_ascii_lowercase();
        let word = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        WORDS.contains(&word)
    };
    value.split(['-', '_']).all(is_word) && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a value is `true` or `false` as built JavaScript has them, with what follows.
fn is_flag(value: &str) -> bool {
    let rest = value.strip_prefix("!0").or_else(|| value.strip_prefix("!1"));
    rest.is_some_and(|rest| rest.starts_with([',', '}']))
}

/// Whether a value is a choice of words, as `required|min:8` and `no|plain|sha1`, or of types.
fn is_rule(value: &str) -> bool {
    let is_word = |part: &str| {
        let word = part.split_once(':').map_or(part, |(word, _)| word);
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte))
    };
    value.contains('|')
        && (value.split('|').all(is_word) || value.split('|').any(|part| part == "string"))
}

/// Whether a value is a number with its type, as `1323u32`, or in hexadecimal digits, as `0x0B96`.
fn is_number(value: &str) -> bool {
    if value.len() <= 18
        && let Some(digits) = value.strip_prefix("0x")
    {
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let digits = value.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    let width = digits.strip_prefix(['i', 'u', 'f']).unwrap_or_default();
    digits.len() < value.len() && ["8", "16", "32", "64", "128", "size"].contains(&width)
}

/// Whether what stands around a value says that it is none: a path before its label, a type's name before the value
/// that is given to it, the columns of a table, the end of a function that sets a member.
pub(super) fn is_of_other_text(place: &Place<'_>, start: usize, end: usize) -> bool {
    let before = &place.text[..place.at.saturating_sub(1)];
    let between = &place.text[place.after()..start];
    let value = &place.text[start..end];
    before.ends_with(b"/etc/")
        || (between.contains(&b':') && place.text[end..].starts_with(b" = "))
        || (between.ends_with(b"|") && value.contains(&b'|'))
        || (before.ends_with(b".") && between == b"=" && is_name_at_end(value))
}

/// Whether a value is a name in a program and the bracket that closes a block, behind which the next begins, as in
/// `this.password=value1}get`. A map as Java prints it ends with its bracket.
fn is_name_at_end(value: &[u8]) -> bool {
    let n_letters = value.iter().take_while(|byte| is_word(**byte)).count();
    let next = value[n_letters..].strip_prefix(b"}").unwrap_or_default();
    n_letters > 0 && !next.is_empty() && next.iter().all(u8::is_ascii_lowercase)
}

/// Whether a value is the name of a variable: what its own label is called, one that leads to a setting, or a constant.
pub(super) fn is_name(place: &Place<'_>, value: &[u8]) -> bool {
    let letters = place.text[..place.at].iter().rev().take(LONGEST_WORD);
    let n_before = letters.take_while(|byte| is_word(**byte)).count();
    place.text[place.at - n_before..].starts_with(value)
        || is_reference(value)
        || is_constant(value)
}

/// Whether a value is the name of a constant of some words, as `D3D_ESCAPE_OPERATION`.
pub(super) fn is_constant(value: &[u8]) -> bool {
    let is_of_name =
        |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    value.iter().all(is_of_name) && value.split(|byte| *byte == b'_').count() > 2
}

/// Whether a token is called so and leads to the next page, or keeps a request from being done twice.
pub(super) fn is_of_request(place: &Place<'_>) -> bool {
    let (before, label) = (&place.text[..place.at], &place.text[place.at..place.after()]);
    // The first letter of the label is not in the anchor.
    let word = before.split_last().map_or(before, |(_, word)| word);
    let word = word[word.len().saturating_sub(LONGEST_WORD)..].to_ascii_lowercase();
    let word = word.strip_suffix(b"_").or_else(|| word.strip_suffix(b"-")).unwrap_or(&word);
    label.eq_ignore_ascii_case(b"oken")
        && (REQUESTS.iter().any(|request| word.ends_with(request.as_bytes()))
            || REQUESTS_OF_AWS
                .iter()
                .any(|request| before.ends_with(&[request, &b"T"[..]].concat())))
}

const LONGEST_WORD: usize = 16;
const REQUESTS: &[&str] = &[
    "next",
    "nextpage",
    "next_page",
    "next page ",
    "continuation",
    "clientrequest",
    "client_request",
    "idempotency",
    "lifecycleaction",
];

/// The same in answers of AWS, exactly so: another's `client_token` is a credential.
const REQUESTS_OF_AWS: &[&[u8]] =
    &[b"\"Change", b"\"Client", b"\"Lock", b"\"NextLock", b"\"Request"];

/// Whether a label is part of the address of a secret in AWS: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`.
pub(super) fn is_in_address(place: &Place<'_>) -> bool {
    const LONGEST: usize = 64;
    let before = &place.text[place.at.saturating_sub(LONGEST)..place.at];
    let is_outside = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`".contains(byte);
    let word = before.rsplit(is_outside).next().unwrap_or_default();
    memchr::memmem::find(word, b":secretsmanager:").is_some()
}
