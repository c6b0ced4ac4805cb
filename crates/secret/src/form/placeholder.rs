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
}

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
    "sample",
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
    "newpassword",
    "new_password",
    "old_password",
    "password1",
    "password123",
    "passw0rd",
    "abc123",
    "secret123",
    "test1234",
    "changeit",
    "notasecret",
    "randompassword",
    "foobared",
    "tiger",
    "opensesame",
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
    "yourstrong",
    "yourtoken",
    "dummy",
    "xxxx",
    "****",
    "...",
    "…",
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
            "new_password",
            "…",
        ];
        for value in placeholders {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["kq7Vw2xTzP", "SYNTHpass1", "p/w!d", "tests-4k2"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }
}
