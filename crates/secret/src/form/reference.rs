//! What stands behind the label of a password and names something else: a variable of a program, a rule, a type, the
//! place of a secret.

use super::Place;

/// What a name in a program begins with that leads to a setting.
const ROOTS: &[&str] = &[
    "process", "import", "config", "cfg", "conf", "settings", "self", "this", "os", "env", "vars",
    "var", "local", "data", "module", "params", "args", "options", "opts", "request", "req", "ctx",
    "app", "types", "secrets",
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
        || ADDRESSES.iter().any(|head| value.starts_with(head))
        || is_rule(value)
        || is_number(value)
}

/// Whether a value is a choice of words, as `required|min:8` and `no|plain|sha1`.
fn is_rule(value: &str) -> bool {
    let is_word = |part: &str| {
        let word = part.split_once(':').map_or(part, |(word, _)| word);
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte))
    };
    value.contains('|') && value.split('|').all(is_word)
}

/// Whether a value is a number with its type, as `1323u32`.
fn is_number(value: &str) -> bool {
    let digits = value.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    let width = digits.strip_prefix(['i', 'u', 'f']).unwrap_or_default();
    digits.len() < value.len() && ["8", "16", "32", "64", "128", "size"].contains(&width)
}

/// Whether what stands around a value says that it is none: a path before its label, a type's name before the value
/// that is given to it, the columns of a table.
pub(super) fn is_of_other_text(place: &Place<'_>, start: usize, end: usize) -> bool {
    let before = &place.text[..place.at.saturating_sub(1)];
    let between = &place.text[place.after()..start];
    let value = &place.text[start..end];
    before.ends_with(b"/etc/")
        || (between.contains(&b':') && place.text[end..].starts_with(b" = "))
        || (between == b"|" && value.contains(&b'|'))
}
