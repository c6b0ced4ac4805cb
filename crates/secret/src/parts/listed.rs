//! Secrets in values that are nothing but secrets: keys in a list, `user:password`, both in base64, and elements of XML.
//!
//! Each value is looked at once a run, so that this is compiled to be small and not to be quick (`#[cold]`).

use data_encoding::{BASE64, BASE64_NOPAD};
use zeroize::Zeroizing;

use super::Part;
use super::inside::{is_telling, json_members};

/// Shorter words are names and numbers.
const SHORTEST: usize = 12;

/// No element with a secret is longer.
const LONGEST_ELEMENT: usize = 4096;

/// Takes each key of a list, the password of a login, and what `Basic …` and JSON in base64 hold.
#[cold]
pub(super) fn listed(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    if let Some(login) = value.strip_prefix(b"Basic ").and_then(decoded) {
        if let Some(at) = memchr::memchr(b':', &login) {
            take(Part::UserAndPassword, &login);
            take(Part::Password, &login[at + 1..]);
        }
        return;
    }
    // So begins `{` in base64.
    if value.starts_with(b"e")
        && let Some(json) = decoded(value)
    {
        json_members(&json, take);
    }
    elements(value, take);
    let value = value.trim_ascii();
    let items = || value.split(|byte| b",; ".contains(byte)).filter(|item| !item.is_empty());
    if items().all(|item| key_of(item).is_some()) {
        // Of one key alone the value is all there is.
        for key in items().filter_map(key_of).filter(|key| key.len() < value.len()) {
            take(Part::Token, key);
        }
    }
}

/// The key of `v1:key` or `user:password`, or the key itself.
#[cold]
fn key_of(item: &[u8]) -> Option<&[u8]> {
    let (name, key) = item.split_at(memchr::memchr(b':', item).map_or(0, |at| at + 1));
    (is_key(key) && is_name(name)).then_some(key)
}

/// Takes the text of each element with a telling name: `<password>…</password>`.
#[cold]
fn elements(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    for at in memchr::memmem::find_iter(value, b"</") {
        let before = &value[at.saturating_sub(LONGEST_ELEMENT)..at];
        let Some(end) = memchr::memrchr(b'>', before) else { continue };
        let Some(start) = memchr::memrchr(b'<', &before[..end]) else { continue };
        let text = before[end + 1..].trim_ascii();
        if text.len() >= crate::SHORTEST
            && is_telling(&before[start..end])
            && !text.contains(&b'\n')
        {
            take(Part::Token, text);
        }
    }
}

/// The text that base64 holds.
#[cold]
fn decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim_ascii();
    let decoded = BASE64.decode(text).or_else(|_| BASE64_NOPAD.decode(text)).ok()?;
    let decoded = Zeroizing::new(decoded);
    std::str::from_utf8(&decoded).is_ok().then_some(decoded)
}

/// Small letters, capitals and digits mixed, as no name has them, or many hexadecimal digits.
#[cold]
fn is_key(item: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| item.iter().any(is);
    let is_hex = item.len() >= 32 && item.iter().all(u8::is_ascii_hexdigit);
    item.len() >= SHORTEST
        && !item.starts_with(b"//")
        && item.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_.~!*".contains(byte))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && (is_hex || has(u8::is_ascii_uppercase))
}

/// What may stand before the `:`: a version, a name or an address, and no digest's.
#[cold]
fn is_name(name: &[u8]) -> bool {
    name.len() <= 64
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-@:".contains(byte))
        && !name.starts_with(b"sha")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &[&str]) {
        let mut found = Vec::new();
        listed(value.as_bytes(), &mut |_, bytes| {
            found.push(String::from_utf8_lossy(bytes).into_owned());
        });
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn keys_in_a_list_and_logins() {
        let (one, two) = ("CANARY1w2xTzP991zz", "CANARY2w2xTzP991zz");
        check(&format!("{one},{two}"), &[one, two]);
        check(&format!("v1:{one};v2:{two}"), &[one, two]);
        check(&format!("admin:{one}\n"), &[one]);
        check(one, &[]);
        for text in [
            "redis:7.2-alpine",
            "db.example.com:5432,db2.example.com:5432",
            "https://a.example,https://b.example",
            "sha256:CANARY1w2xTzP991zz",
            "one two three",
            "postgres://h/CANARY1w2xTzP991zz",
            "eu-west-1,eu-west-2",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn what_base64_holds() {
        let packed = BASE64.encode(b"admin:CANARYq7Vw2x");
        check(&format!("Basic {packed}"), &["admin:CANARYq7Vw2x", "CANARYq7Vw2x"]);
        let json = BASE64.encode(br#"{"client_secret":"CANARYkq7Vw2xTz","x":1}"#);
        check(&json, &["CANARYkq7Vw2xTz"]);
        check("Basic plan", &[]);
    }

    #[test]
    fn elements_of_xml() {
        check(
            "<server><user>deployer</user><password>CANARYkq7V</password></server>",
            &["CANARYkq7V"],
        );
        check("<name>CANARYkq7Vw2xTz</name></password>", &[]);
        check("</", &[]);
    }
}
