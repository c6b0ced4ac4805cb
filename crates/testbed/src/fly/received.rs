//! What the stand-in was asked, kept so that a test can say what was sent; values only where asked for by name.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// One request as it came in. `Debug` and `Display` show method, path and status, never a body or a token.
#[derive(Clone)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The status answered; 0 where the connection was closed instead.
    pub status: u16,
    /// SHA-256 of the token that came with it, in hex.
    pub token_sha256: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Received {
    /// The names that a call to set or unset secrets carried, sorted.
    pub fn names(&self) -> Vec<String> {
        self.values_sent().into_keys().collect()
    }

    /// The values that a call to set or unset secrets carried, for a test to compare; `None` is an unset.
    pub fn values_sent(&self) -> BTreeMap<String, Option<String>> {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(values) = body.get("values").and_then(Value::as_object) {
            return values.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        }
        match (self.path.split_once("/secrets/"), body.get("value")) {
            (Some((_, name)), Some(value)) => BTreeMap::from([(name.to_owned(), text(value))]),
            _ => BTreeMap::new(),
        }
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.method, self.path, self.status)
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
