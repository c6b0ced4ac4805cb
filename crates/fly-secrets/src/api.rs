//! Fly's API, as far as secrets need it; the one module that speaks HTTP.
//!
//! The calls and their bodies are those of fly-go's `flaps` client and of flyctl's `uiex` client.

mod base;
mod problem;
mod releases;
mod send;

use chrono::{DateTime, Utc};
use secret::Secret;
use serde_json::{Value, json};
use vault::Vault;
use zeroize::Zeroizing;

pub use base::Bases;
pub use problem::{CallError, NoAnswer, Problem, Unaccepted};
pub(crate) use send::repeats;

use crate::deployed::{Machine, Release};
use crate::listing::{self, Listed};
use send::{Call, Line, Method};

/// A connection to Fly with one token.
pub struct Client<'a> {
    bases: Bases,
    line: Line<'a>,
}

/// What a change of secrets answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The names that were set, with the digest that Fly now shows.
    pub listed: Vec<Listed>,
    /// The version of the app's secrets that has the change.
    pub version: u64,
}

/// Whom a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// `User` or `Macaroon`.
    pub kind: String,
    /// The person's address, or the words that Fly has for a token without one.
    pub email: String,
}

impl<'a> Client<'a> {
    /// Prepares calls; `None` where the token cannot stand in a header. What the vault holds is never repeated in
    /// errors. `unauthorized` is what it means where Fly does not accept the token.
    pub fn new(
        bases: Bases,
        token: &Secret,
        unauthorized: Unaccepted,
        vault: &'a Vault,
    ) -> Option<Self> {
        Some(Self { bases, line: Line::new(token, unauthorized, vault)? })
    }

    /// Lists an app's secrets: names, digests and times.
    pub fn secrets(&self, app: &str) -> Result<Vec<Listed>, CallError> {
        let doing = "listing the secrets of";
        let answer = self.get(doing, app, format!("{}/v1/apps/{app}/secrets", self.bases.flaps))?;
        listing::from_api(&answer).map_err(|what| bad(doing, app, what))
    }

    /// Sets and unsets names in one version; a value goes into the request's body and is wiped after.
    pub fn change_secrets(
        &self,
        app: &str,
        set: &[(&str, &Secret)],
        unset: &[&str],
    ) -> Result<Changed, CallError> {
        let doing = "setting the secrets of";
        let answer = self.line.send(&Call {
            doing,
            app,
            method: Method::Post,
            url: format!("{}/v1/apps/{app}/secrets", self.bases.flaps),
            body: Some(change_body(set, unset)),
            lease: None,
            values: set,
        })?;
        let listed = listing::from_api(&answer).map_err(|what| bad(doing, app, what))?;
        let version = answer.get("version").and_then(Value::as_u64).unwrap_or(0);
        Ok(Changed { listed, version })
    }

    /// The app's machines that are there to stay.
    pub fn machines(&self, app: &str) -> Result<Vec<Machine>, CallError> {
        let doing = "listing the machines of";
        let answer =
            self.get(doing, app, format!("{}/v1/apps/{app}/machines", self.bases.flaps))?;
        let machines = answer.as_array().ok_or_else(|| bad(doing, app, "it is no list"))?;
        Ok(machines.iter().filter_map(Machine::from_api).collect())
    }

    /// The app's last releases.
    pub fn releases(&self, app: &str) -> Result<Vec<Release>, CallError> {
        let url = format!("{}/api/v1/apps/{app}/releases?limit=20", self.bases.uiex);
        let answer = self.get("listing the releases of", app, url)?;
        let releases = answer.get("releases").and_then(Value::as_array);
        Ok(releases.into_iter().flatten().filter_map(Release::from_api).collect())
    }

    /// Asks whom the token speaks for.
    pub fn viewer(&self, app: &str) -> Result<Viewer, CallError> {
        let doing = "asking whom the token speaks for, to reach";
        let query =
            "query { viewer { __typename ... on User { email } ... on Macaroon { email } } }";
        let answer = self.graphql(doing, app, query, &json!({}))?;
        let viewer = answer.get("viewer").ok_or_else(|| bad(doing, app, "it names nobody"))?;
        let text =
            |key: &str| viewer.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Viewer { kind: text("__typename"), email: text("email") })
    }

    fn get(&self, doing: &'static str, app: &str, url: String) -> Result<Value, CallError> {
        self.line.send(&Call {
            doing,
            app,
            method: Method::Get,
            url,
            body: None,
            lease: None,
            values: &[],
        })
    }

    fn graphql(
        &self,
        doing: &'static str,
        app: &str,
        query: &str,
        variables: &Value,
    ) -> Result<Value, CallError> {
        let body = json!({"query": query, "variables": variables}).to_string().into_bytes();
        let answer = self.line.send(&Call {
            doing,
            app,
            method: Method::Post,
            url: format!("{}/graphql", self.bases.api),
            body: Some(Zeroizing::new(body)),
            lease: None,
            values: &[],
        })?;
        if answer.get("errors").and_then(Value::as_array).is_some_and(|errors| !errors.is_empty()) {
            return Err(CallError { problem: Problem::NotFound, ..bad(doing, app, "") });
        }
        Ok(answer.get("data").cloned().unwrap_or_default())
    }
}

fn bad(doing: &'static str, app: &str, what: &'static str) -> CallError {
    CallError {
        doing,
        app: app.to_owned(),
        problem: Problem::BadAnswer(what),
        request_id: None,
        attempts: 1,
        may_have_acted: false,
    }
}

/// `{"values":{"A":"…","B":null}}`, written into one buffer that is wiped.
fn change_body(set: &[(&str, &Secret)], unset: &[&str]) -> Zeroizing<Vec<u8>> {
    let values = set.iter().map(|(name, value)| name.len() + 6 * value.len() + 8);
    let mut body =
        Zeroizing::new(Vec::with_capacity(64 + values.sum::<usize>() + 64 * unset.len()));
    body.extend_from_slice(b"{\"values\":{");
    let mut is_first = true;
    for (name, value) in set
        .iter()
        .map(|(name, value)| (*name, Some(*value)))
        .chain(unset.iter().map(|name| (*name, None)))
    {
        if !is_first {
            body.push(b',');
        }
        is_first = false;
        push_string(&mut body, name.as_bytes());
        body.push(b':');
        match value {
            // To Fly, over the connection that the token opens.
            Some(value) => push_string(&mut body, value.expose()),
            None => body.extend_from_slice(b"null"),
        }
    }
    body.extend_from_slice(b"}}");
    body
}

/// A JSON string, escaped in place, so that no copy of the value is left in a serialiser's buffer.
fn push_string(body: &mut Vec<u8>, text: &[u8]) {
    body.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => body.extend_from_slice(&[b'\\', byte]),
            0..0x20 | 0x7f => {
                let hex = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
                body.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            }
            _ => body.push(byte),
        }
    }
    body.push(b'"');
}

/// A time as the API writes it.
pub(crate) fn time(value: Option<&Value>) -> Option<DateTime<Utc>> {
    let text = value?.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_body_is_json_that_says_the_same(value in ".*", name in "[A-Z_]{1,8}") {
            let secret = Secret::from(value.clone());
            let body = change_body(&[(&name, &secret)], &["GONE"]);
            let read: Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(&read["values"][&name], &json!(value));
            prop_assert_eq!(&read["values"]["GONE"], &Value::Null);
            // Nothing was reallocated, so no copy of the value is left behind.
            prop_assert!(body.capacity() >= body.len() && body.capacity() <= 64 + name.len() + 6 * value.len() + 8 + 64);
        }
    }
}
