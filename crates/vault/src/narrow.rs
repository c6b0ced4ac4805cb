//! Values that stand in innocent text too, and are searched for only next to their key.

use envfile::Entry;
use opsfile::Shape;
use secret::{Part, Reason, Refusal};

use crate::disguise::disguised;
use crate::vault::{Content, File, Vault};

impl Vault {
    /// The values that are too short or too plain to be searched for everywhere, and say something all the
    /// same, by their names `FILE:KEY`; of those that a set refused.
    pub fn narrow(&self, refused: &[Refusal]) -> Vec<(String, &Entry)> {
        let is_narrow = |name: &str| {
            refused.iter().any(|refusal| {
                refusal.name == name
                    && refusal.part == Part::Whole
                    && matches!(
                        refusal.reason,
                        Reason::TooShort | Reason::LowVariety | Reason::CommonWord
                    )
            })
        };
        let hidden = self.values_as_names();
        let mut narrow = Vec::new();
        for file in &self.files {
            let Content::Env(env) = &file.content else { continue };
            for entry in env.entries() {
                let name = format!("{}:{}", file.path, disguised(&entry.key, &hidden));
                let says_something = || says_something(&entry.key, entry.value.expose());
                if is_typed(file, entry) || (is_narrow(&name) && says_something()) {
                    narrow.push((name, entry));
                }
            }
        }
        narrow
    }
}

/// Whether a value is a PIN. Of whole numbers a set takes longer ones alone, for most are counts.
fn is_typed(file: &File, entry: &Entry) -> bool {
    file.shape(&entry.key) == Some(&Shape::Integer)
        && entry.value.len() < 6
        && is_pin(&entry.key, entry.value.expose())
}

/// What a key that holds a secret is called.
const TELLING: [&str; 9] =
    ["AUTH", "CODE", "CRED", "KEY", "PASS", "PWD", "SALT", "SECRET", "TOKEN"];

/// Settings that stand next to any key: what to do, how much to say, and by which means.
const SETTINGS: [&[u8]; 38] = [
    b"allow",
    b"always",
    b"auto",
    b"cram_md5",
    b"dark",
    b"debug",
    b"default",
    b"dev",
    b"disable",
    b"enable",
    b"enabled",
    b"error",
    b"false",
    b"fatal",
    b"http",
    b"https",
    b"imap",
    b"info",
    b"light",
    b"local",
    b"login",
    b"never",
    b"no",
    b"none",
    b"null",
    b"off",
    b"on",
    b"plain",
    b"prefer",
    b"prod",
    b"require",
    b"smtp",
    b"ssl",
    b"staging",
    b"test",
    b"tls",
    b"true",
    b"warn",
];

/// Flags and small numbers stand next to their key in every example, and so does a plain word under a key
/// that names no secret, as a user, a database or a region.
fn says_something(key: &str, value: &[u8]) -> bool {
    let key = key.to_ascii_uppercase();
    let mut words = key.split('_').map(without_number);
    // `SHIPPING` holds none.
    let is_telling = TELLING.iter().any(|word| key.contains(word))
        || words.any(|word| word == "PW" || word.ends_with("PIN"));
    let is_setting = SETTINGS.iter().any(|setting| value.eq_ignore_ascii_case(setting));
    let is_word = value.iter().all(u8::is_ascii_lowercase)
        || value.iter().all(u8::is_ascii_uppercase)
        || secret::reason(value) == Some(Reason::CommonWord);
    value.len() >= 3
        && !is_setting
        && (is_telling || !is_word)
        && (value.len() >= 5 || !value.iter().all(u8::is_ascii_digit) || is_pin(&key, value))
}

/// Words that stand behind what a key is called.
const WHERE: [&str; 9] =
    ["DEV", "DEVELOPMENT", "LIVE", "PRD", "PROD", "PRODUCTION", "STAGE", "STAGING", "TEST"];

/// Whether a value is a small number that a person types: under a key whose last word asks for one, which that of
/// `PASSWORD_MIN_LENGTH` does not.
fn is_pin(key: &str, value: &[u8]) -> bool {
    let key = key.to_ascii_uppercase();
    let mut words =
        key.split('_').map(without_number).filter(|word| !word.is_empty() && !WHERE.contains(word));
    let last = words.next_back().unwrap_or_default();
    let is_password = ["OTP", "PASS", "PIN", "PUK", "PW", "PWD"].contains(&last)
        || ["PASSCODE", "PASSWD", "PASSWORD"].iter().any(|word| last.ends_with(word));
    let is_code = ["KEY", "SALT"].contains(&last)
        || ["CODE", "SECRET", "TOKEN"].iter().any(|word| last.ends_with(word));
    // Three digits are the answer of a server, too.
    let shortest = if is_password { 3 } else { 4 };
    (is_password || is_code) && value.len() >= shortest && value.iter().all(u8::is_ascii_digit)
}

fn without_number(word: &str) -> &str {
    word.trim_end_matches(|end: char| end.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_no_secret_and_a_short_password_is_one() {
        let check = |key: &str, value: &str, expected: bool| {
            assert_eq!(says_something(key, value.as_bytes()), expected, "{key}={value}");
        };
        check("PGSSLMODE", "require", false);
        check("SMTP_AUTHENTICATION", "plain", false);
        check("POSTGRES_USERNAME", "app", false);
        check("LOG_LEVEL", "DEBUG", false);
        check("PORT", "5432", false);
        check("AWS_REGION", "us-east-1", false);
        check("PGSSLMODE", "verify-full", false);
        check("DB_PASS", "passw0rd", true);
        check("DB_PW", "sunshine", true);
        check("DB_PASSWORD", "dragon", true);
        check("DB_PASSWORD", "sunshine", true);
        check("POSTGRES_DATABASE", "chatwoot", false);
        check("PIN", "zq19x", true);
        check("SHIPPING", "fast", false);
        check("DOOR_PIN2", "fast", true);
        check("CODE", "48213", true);
        check("USER_PASS", "hunter2", true);
        check("PIN", "4829", true);
        check("ADMIN_PASS", "4829", true);
        check("SIM_PIN_PROD", "482", true);
        check("DOOR_CODE_2", "4829", true);
        check("STATUS_CODE", "404", false);
        check("PASSWORD_MIN_LENGTH", "128", false);
        check("PIN_TIMEOUT", "3600", false);
        check("TOKEN_TTL", "3600", false);
        check("SHIPPING_COST", "4829", false);
        check("MAX_TOKENS", "4096", false);
    }
}
