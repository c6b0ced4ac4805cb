//! Which bearer tokens are accepted and which apps each may see; only hashes of tokens are kept.

use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// One accepted token.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// SHA-256 of the token as sent, in hex.
    pub sha256: String,
    /// The apps it may see; all of them where this is left out.
    #[serde(default)]
    pub apps: Option<Vec<String>>,
    /// Whose it is; a token without one speaks for an app only, as deploy tokens do.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether it may only read.
    #[serde(default)]
    pub read_only: bool,
}

impl Token {
    /// An owner's token that may do everything.
    pub fn of(token: &str) -> Self {
        Self {
            sha256: token_sha256(token),
            apps: None,
            email: Some("ops@example.com".to_owned()),
            read_only: false,
        }
    }

    /// Narrows the token to some apps.
    #[must_use]
    pub fn only(mut self, apps: &[&str]) -> Self {
        self.apps = Some(apps.iter().map(|&app| app.to_owned()).collect());
        self
    }
}

/// SHA-256 of a token, in hex; `FlyV1 ` before it is the header's, not the token's.
pub fn token_sha256(token: &str) -> String {
    let token = token.strip_prefix("FlyV1 ").unwrap_or(token);
    let mut text = String::new();
    for byte in Sha256::digest(token.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// What the bearer of a request may do.
pub(super) struct Bearer {
    apps: Option<Vec<String>>,
    pub(super) email: Option<String>,
    pub(super) read_only: bool,
}

impl Bearer {
    pub(super) fn may_see(&self, app: &str) -> bool {
        self.apps.as_ref().is_none_or(|apps| apps.iter().any(|known| known == app))
    }

    pub(super) fn is_app_scoped(&self) -> bool {
        self.apps.is_some()
    }
}

/// Reads `Authorization: Bearer …` or `FlyV1 …`; `None` means 401.
pub(super) fn bearer(header: Option<&str>, tokens: &[Token]) -> Option<Bearer> {
    let token = header?.strip_prefix("Bearer ").or_else(|| header?.strip_prefix("FlyV1 "))?.trim();
    if token.is_empty() {
        return None;
    }
    if tokens.is_empty() {
        let email = Some("ops@example.com".to_owned());
        return Some(Bearer { apps: None, email, read_only: false });
    }
    let sha256 = token_sha256(token);
    let known = tokens.iter().find(|known| known.sha256.eq_ignore_ascii_case(&sha256))?;
    Some(Bearer {
        apps: known.apps.clone(),
        email: known.email.clone(),
        read_only: known.read_only,
    })
}
