//! What the stand-in knows: apps with their secrets, machines and releases, and its switches.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::clock;
use super::fault::Fault;
use super::token::Token;

/// Everything the service knows; readable from a JSON file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The apps, by name.
    pub apps: BTreeMap<String, App>,
    /// The accepted tokens; any token is accepted while there are none.
    pub tokens: Vec<Token>,
    /// What goes wrong, first match first.
    pub faults: Vec<Fault>,
    /// How long each answer takes, in milliseconds.
    pub latency_ms: u64,
    /// Whether the documented rate (1 a second, burst 3, for each action and app) is enforced.
    pub rate_limit: bool,
    /// How far the service's clock is ahead, in seconds.
    pub clock_offset_seconds: i64,
    /// What the sample app's health page says of its job queue and its database: `ok` or `failing`.
    pub sample: Sample,
}

/// What the sample app says of itself, and what it takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sample {
    /// The job queue (Redis).
    pub queue_services: String,
    /// The database.
    pub data_services: String,
    /// The one account of its API.
    pub account: u64,
    /// SHA-256 of the API token it takes, in hex; any token where there is none.
    pub api_token_sha256: Option<String>,
    /// What its webhook's events are signed with.
    pub webhook_secret: Hidden,
}

/// A text that `Debug` leaves out.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            queue_services: "ok".to_owned(),
            data_services: "ok".to_owned(),
            account: 3,
            api_token_sha256: None,
            webhook_secret: Hidden::default(),
        }
    }
}

/// One app.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// Its secrets, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Its machines.
    pub machines: Vec<Machine>,
    /// Its releases, newest last.
    pub releases: Vec<Release>,
    /// The version of its secrets; each change adds one.
    pub version: u64,
}

/// One secret as the service keeps it. `Debug` leaves the value out.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secret {
    /// The value, where the state has one.
    pub value: Option<String>,
    /// 16 hex digits; made from the value where left out.
    pub digest: String,
    /// When the name was first set.
    pub created_at: Option<DateTime<Utc>>,
    /// When the value was last set.
    pub updated_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("digest", &self.digest)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// One machine of an app.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Machine {
    /// Its id.
    pub id: String,
    /// `started`, `stopped`, `suspended`, `destroyed`, …
    pub state: String,
    /// Its configuration; `metadata.fly_release_version` ties it to a release.
    pub config: Value,
    /// The version of the secrets that it runs with.
    pub secrets_version: u64,
    /// The nonce of whoever holds its lease.
    pub lease: Option<String>,
    /// Changes with each update.
    pub instance: u64,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            id: "148e123c019968".to_owned(),
            state: "started".to_owned(),
            config: json!({"image": "chatwoot/chatwoot:v4.6.0", "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 2048}, "metadata": {"fly_platform_version": "v2"}}),
            secrets_version: 0,
            lease: None,
            instance: 1,
        }
    }
}

/// One release of an app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its number, from 1.
    pub version: u64,
    /// When it was made; a secret set later is not part of it.
    pub created_at: DateTime<Utc>,
    /// `complete`, `running` or `failed`.
    #[serde(default = "complete")]
    pub status: String,
}

fn complete() -> String {
    "complete".to_owned()
}

impl State {
    /// An app with one machine, released before anything else happens.
    #[must_use]
    pub fn with_app(mut self, name: &str) -> Self {
        let app = self.apps.entry(name.to_owned()).or_default();
        if app.machines.is_empty() {
            app.machines.push(Machine::default());
        }
        self
    }

    /// An app without machines, as one that was never deployed.
    #[must_use]
    pub fn with_empty_app(mut self, name: &str) -> Self {
        self.apps.entry(name.to_owned()).or_default();
        self
    }

    /// A secret that lies there already and is deployed; shown with this value's digest.
    #[must_use]
    pub fn with_secret(mut self, app: &str, name: &str, value: &str) -> Self {
        let app = self.apps.entry(app.to_owned()).or_default();
        app.version += 1;
        app.secrets
            .insert(name.to_owned(), Secret { value: Some(value.to_owned()), ..Secret::default() });
        self
    }

    /// Narrows the accepted tokens.
    #[must_use]
    pub fn with_token(mut self, token: Token) -> Self {
        self.tokens.push(token);
        self
    }

    /// Makes something go wrong.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Fills in what a state file may leave out: digests, times, a first release.
    pub(super) fn complete(&mut self) {
        let now = clock::now(self.clock_offset_seconds);
        let long_ago = now - chrono::TimeDelta::days(30);
        for app in self.apps.values_mut() {
            for secret in app.secrets.values_mut() {
                if secret.digest.is_empty() {
                    secret.digest = digest(secret.value.as_deref().unwrap_or_default());
                }
                secret.created_at.get_or_insert(long_ago);
                secret.updated_at.get_or_insert(long_ago);
            }
            if app.releases.is_empty() && !app.machines.is_empty() {
                let created_at = now - chrono::TimeDelta::days(1);
                app.releases.push(Release { version: 1, created_at, status: complete() });
                for machine in &mut app.machines {
                    machine.secrets_version = app.version;
                    set_release(&mut machine.config, 1);
                }
            }
        }
    }
}

/// Ties a machine's configuration to a release, as flyctl does.
pub(super) fn set_release(config: &mut Value, version: u64) {
    if let Some(config) = config.as_object_mut()
        && let Some(metadata) =
            config.entry("metadata").or_insert_with(|| Map::new().into()).as_object_mut()
    {
        metadata.insert("fly_release_version".to_owned(), version.to_string().into());
    }
}

/// The digest shown for a value: 16 hex digits, equal for equal values; made up here, as the real rule is unknown.
pub fn digest(value: &str) -> String {
    // FNV-1a, then one round of mixing, so that short values do not look alike.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in value.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^= hash >> 32;
    format!("{hash:016x}")
}
