//! The secrets of a credential in JSON, each judged as a value of its own: a template of it has all its members,
//! and nothing in those that count.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::placeholder::placeholder;

/// Says what is wrong with the members that hold a secret, as "it …", or nothing where all may be real or the text
/// is no JSON.
pub(crate) fn fault(value: &[u8]) -> Option<&'static str> {
    // All others are told by one byte.
    if !matches!(value.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut found = Found::default();
    let mut json = serde_json::Deserializer::from_slice(value);
    Member { name: "", found: &mut found }.deserialize(&mut json).ok()?;
    if found.has_stand_in {
        Some("has a stand-in where a member holds a secret")
    } else if found.lacks_needed || (found.lacks_any && !found.has_real) {
        Some("has nothing where a member holds a secret")
    } else {
        None
    }
}

/// Whether a text is JSON without a member or an item.
pub(crate) fn is_without_any(value: &[u8]) -> bool {
    let text = value.trim_ascii();
    let inner = text.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
    let inner = inner.or_else(|| text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")));
    inner.is_some_and(|inner| inner.trim_ascii().is_empty())
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one answer, in order of weight")]
struct Found {
    has_real: bool,
    has_stand_in: bool,
    /// A member that no credential goes without says nothing.
    lacks_needed: bool,
    /// A token says nothing, which is right where another is yet to be exchanged for it.
    lacks_any: bool,
}

/// How the names of secrets end, without what joins their words; the first ones are never empty.
const SECRETS: [&str; 14] = [
    "secret",
    "refreshtoken",
    "password",
    "passwd",
    "apikey",
    "privatekey",
    "secretkey",
    "secretaccesskey",
    "token",
    "accesskey",
    "accountkey",
    "encryptionkey",
    "signingkey",
    "pwd",
];
const N_NEEDED: usize = 8;

/// Where in [`SECRETS`] a name is; `clientSecret` and `client-secret` are one.
fn which(name: &str) -> Option<usize> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric();
    SECRETS.iter().position(|end| {
        let mut written = name.bytes().rev().filter(is_letter);
        end.bytes()
            .rev()
            .all(|byte| written.next().is_some_and(|had| had.eq_ignore_ascii_case(&byte)))
    })
}

/// The value of a member, under its name; items of a list stand under that of the list.
struct Member<'a> {
    name: &'a str,
    found: &'a mut Found,
}

impl Member<'_> {
    fn nothing(self) {
        if let Some(which) = which(self.name) {
            self.found.lacks_needed |= which < N_NEEDED;
            self.found.lacks_any = true;
        }
    }

    fn text(self, text: &str) {
        if text.trim().is_empty() {
            self.nothing();
        } else if which(self.name).is_some() {
            if placeholder(self.name, text.as_bytes()).is_some() {
                self.found.has_stand_in = true;
            } else {
                self.found.has_real = true;
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.nothing();
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Member { name: self.name, found: self.found })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            members.next_value_seed(Member { name: &name, found: self.found })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Option<&str> = Some("has nothing where a member holds a secret");
    const STAND_IN: Option<&str> = Some("has a stand-in where a member holds a secret");

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(fault(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn an_empty_secret_is_told() {
        check(r#"{"client_secret":"","refresh_token":""}"#, NOTHING);
        check(r#"{"client_secret":null}"#, NOTHING);
        check(r#"{"web":{"clientSecret":"  ","id":"x"}}"#, NOTHING);
        check(r#"[{"refresh-token":"CANARYkq7Vw2x"},{"refresh-token":""}]"#, NOTHING);
        check(r#"{"accounts":[{"password":""}]}"#, NOTHING);
        check(r#"{"token":""}"#, NOTHING);
    }

    #[test]
    fn a_stand_in_is_told_as_under_a_key() {
        check(
            r#"{"client_secret":"YOUR_CLIENT_SECRET","refresh_token":"CANARY//0gKq7Vw2xTzP"}"#,
            STAND_IN,
        );
        check(r#"{"client_secret":"todo","api_key":"none"}"#, STAND_IN);
        check(r#"{"clientSecret":"client_secret"}"#, None);
        check(r#"{"client_secret":"client_secret"}"#, STAND_IN);
        check(r#"{"tokens":["CANARYkq7Vw2x"],"db_password":"password"}"#, STAND_IN);
    }

    #[test]
    fn what_is_no_secret_or_may_be_left_open_is_spared() {
        check(
            r#"{"type":"service_account","private_key_id":"c0ffee","private_key":"-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n","token_uri":"https://oauth2.googleapis.com/token","auth_provider_x509_cert_url":""}"#,
            None,
        );
        check(r#"{"AccessKeyId":"x","SecretAccessKey":"CANARYkq7Vw2x","SessionToken":null}"#, None);
        check(r#"{"client_secret":"CANARYkq7Vw2x","access_token":""}"#, None);
        check(r#"{"token_endpoint_auth_method":"none","key":"token","passphrase":""}"#, None);
        check(r#"{"primary_key":"id","public_key":"","auths":{"ghcr.io":{}}}"#, None);
        check(r#"{"name":""}"#, None);
        check("{\"client_secret\":", None);
        check("word", None);
        check(&"[".repeat(10_000), None);
    }

    #[test]
    fn nothing_at_all_is_told_apart() {
        for text in ["{}", " [ ]\n", "{\n}"] {
            assert!(is_without_any(text.as_bytes()), "{text}");
        }
        for text in ["", "{\"a\":1}", "[[]]", "{]"] {
            assert!(!is_without_any(text.as_bytes()), "{text}");
        }
    }
}
