//! Values that stand where a secret would, and are none.

/// Whether `value` is a mask, a variable, a marker or a word that people write for a secret.
pub fn is_placeholder(value: &[u8]) -> bool {
    let starts_variable = value.first().is_none_or(|first| b"<$%{[(*".contains(first));
    let is_mask = value.iter().all(|byte| b"*xX.-_#?\xe2\x80\xa2".contains(byte));
    let lower = value.to_ascii_lowercase();
    let contains = |part: &&str| memchr::memmem::find(&lower, part.as_bytes()).is_some();
    starts_variable
        || is_mask
        || WORDS.iter().any(|word| word.as_bytes() == lower)
        || PARTS.iter().any(contains)
        || is_published(value)
}

/// Whether `value` is the sample that a manual prints, which looks drawn by lot.
pub(super) fn is_published(value: &[u8]) -> bool {
    PUBLISHED.iter().any(|sample| value.ends_with(sample.as_bytes()))
}

/// Of Stripe, Django REST framework and jwt.io.
const PUBLISHED: &[&str] = &[
    "4eC39HqLyjWDarjtT1zdp7dc",
    "BQokikJOvBiI2HlWgH4olfQ2",
    "401f7ac837da42b97f613d789819ff93537bee6a",
    "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b",
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
];

const WORDS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "user",
    "username",
    "root",
    "admin",
    "postgres",
    "mysql",
    "redis",
    "guest",
    "test",
    "foo",
    "bar",
    "null",
    "none",
    "undefined",
    "required",
    "string",
    "true",
    "false",
    "default",
    "hidden",
    "masked",
    "filtered",
    "omitted",
    "removed",
    "incorrect",
    "invalid",
    "wrong",
    "mypass",
    "mypassword",
    "mysecret",
    "mytoken",
    "my_password",
    "password1",
    "password123",
    "passw0rd",
    "abc123",
    "secret123",
    "test1234",
    "p4ssw0rd",
    "randompassword",
    "foobared",
    "tiger",
    "key_1234",
    "xyz",
];

const PARTS: &[&str] = &[
    "redacted",
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "your-",
    "your_",
    "yourpass",
    "yourtoken",
    "dummy",
    "xxxx",
    "****",
    "...",
    "${",
    "{{",
    "<",
    "%s",
    "replace-",
    "replace_",
    "-here",
    "_here",
    "0000000000",
    "1234567890",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spares_masks_and_variables() {
        let placeholders = [
            "",
            "***",
            "xxxxxxxx",
            "<password>",
            "[YOUR-PASSWORD]",
            "[REDACTED:TOKEN]",
            "$VAR",
            "${VAR}",
            "%s",
            "{{x}}",
            "password",
            "PASS",
            "ghp_xxxxxxxxxxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "your-token-here",
        ];
        for value in placeholders {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["kq7Vw2xTzP", "SYNTHpass1", "p/w!d", "tests-4k2"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }
}
