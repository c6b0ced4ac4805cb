//! The state file: what was last applied, as fingerprints and digests, never as values.
//!
//! It lies in the vault as `.fly-secrets.json`, mode 0600, is changed under a lock and replaced by rename.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fingerprint::Key;

/// The file's name in the vault.
pub const FILE_NAME: &str = ".fly-secrets.json";
const VERSION: u32 = 1;
/// Longer than an apply takes when Fly is slow.
const LOCK_WAIT: Duration = Duration::from_mins(2);

/// What was last applied, by app.
pub struct State {
    /// The key of all fingerprints.
    pub key: Key,
    apps: BTreeMap<String, AppState>,
}

/// What was last applied to one app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppState {
    /// What is agreed, by name.
    pub secrets: BTreeMap<String, Agreed>,
    /// A change that was begun and of whose end nothing is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, Pending>,
}

/// What is agreed for one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// The keyed fingerprint of the value.
    pub fingerprint: String,
    /// What Fly showed for it.
    pub digest: String,
    /// The version of the app's secrets that it came with; 0 where it was adopted.
    pub version: u64,
    /// When it was applied or adopted.
    pub at: String,
    /// Whether the machines were seen to run with it.
    pub deployed: bool,
    /// Whether it was vouched for instead of sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

/// A name that was about to be set or unset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The fingerprint of the value that was to be sent; none for an unset.
    pub fingerprint: Option<String>,
    /// What Fly showed before.
    pub digest_before: Option<String>,
    /// When it was begun.
    pub at: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    version: u32,
    key: String,
    apps: BTreeMap<String, AppState>,
}

/// The state with the right to change it; kept until dropped.
pub struct Locked {
    /// The state.
    pub state: State,
    path: PathBuf,
    _lock: durable::Lock,
}

impl State {
    /// A state in which nothing was applied yet.
    pub fn empty() -> Result<Self, Error> {
        let key = Key::random().map_err(Error::Random)?;
        Ok(Self { key, apps: BTreeMap::new() })
    }

    /// Reads the state of the vault; without a file, nothing was applied yet.
    pub fn load(vault_root: &Path) -> Result<Self, Error> {
        let path = vault_root.join(FILE_NAME);
        match fs::read(&path) {
            Ok(bytes) => Self::parse(&bytes).map_err(|problem| Error::State { path, problem }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::empty(),
            Err(source) => Err(Error::StateUnreadable { path, source }),
        }
    }

    /// Reads the file's bytes; the problem names a place, never text.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let place = |error: serde_json::Error| {
            if error.is_eof() {
                "it stops in the middle".to_owned()
            } else {
                format!("line {} column {} is not as written", error.line(), error.column())
            }
        };
        let Versioned { version } = serde_json::from_slice(bytes).map_err(place)?;
        if version > VERSION {
            return Err(format!(
                "a newer fly-secrets wrote it (format {version}, this one knows {VERSION})"
            ));
        }
        let on_disk: OnDisk = serde_json::from_slice(bytes).map_err(place)?;
        if on_disk.version != VERSION {
            return Err(format!("format {version} never was"));
        }
        let key = Key::from_text(&on_disk.key).ok_or("its key is not whole")?;
        Ok(Self { key, apps: on_disk.apps })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let on_disk = OnDisk { version: VERSION, key: self.key.to_text(), apps: self.apps.clone() };
        let mut bytes = serde_json::to_vec_pretty(&on_disk).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// What was applied to an app.
    pub fn app(&self, name: &str) -> AppState {
        self.apps.get(name).cloned().unwrap_or_default()
    }

    /// What was applied to an app, to be changed.
    pub fn app_mut(&mut self, name: &str) -> &mut AppState {
        self.apps.entry(name.to_owned()).or_default()
    }
}

impl Locked {
    /// Takes the lock, waiting for another run to end, then reads the state.
    pub fn open(vault_root: &Path) -> Result<Self, Error> {
        let path = vault_root.join(FILE_NAME);
        let lock = durable::Lock::beside(&path, LOCK_WAIT).map_err(Error::Durable)?;
        Ok(Self { state: State::load(vault_root)?, path, _lock: lock })
    }

    /// Replaces the file by the state as it is now.
    pub fn save(&self) -> Result<(), Error> {
        durable::write_over(&self.path, &self.state.to_bytes(), 0o600).map_err(Error::Durable)
    }
}

/// A time as the state file holds it.
pub fn stamp(now: DateTime<Utc>) -> String {
    now.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> State {
        let mut state = State::empty().unwrap();
        let app = state.app_mut("web");
        app.secrets.insert(
            "A".to_owned(),
            Agreed {
                fingerprint: "f".repeat(64),
                digest: "00ff00ff00ff00ff".to_owned(),
                version: 7,
                at: "2026-01-01T00:00:00Z".to_owned(),
                deployed: true,
                adopted: false,
            },
        );
        app.pending.insert(
            "B".to_owned(),
            Pending {
                fingerprint: None,
                digest_before: None,
                at: "2026-01-01T00:00:00Z".to_owned(),
            },
        );
        state
    }

    #[test]
    fn what_is_written_is_read() {
        let state = example();
        let read = State::parse(&state.to_bytes()).unwrap();
        assert_eq!(read.app("web"), state.app("web"));
        assert_eq!(read.to_bytes(), state.to_bytes());
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let bytes = example().to_bytes();
        let text = bytes.trim_ascii_end();
        for end in 0..text.len() {
            let problem = State::parse(&text[..end]).err().unwrap();
            assert!(problem.contains("stops") || problem.contains("line"), "{end}: {problem}");
        }
    }

    #[test]
    fn a_newer_file_is_named_as_such() {
        let problem = |text: &str| State::parse(text.as_bytes()).err().unwrap();
        insta::assert_snapshot!(problem(r#"{"version": 2, "keys": {}}"#), @"a newer fly-secrets wrote it (format 2, this one knows 1)");
        insta::assert_snapshot!(problem(r#"{"version": 1, "key": "AAAA", "apps": {}}"#), @"its key is not whole");
        insta::assert_snapshot!(problem(r#"{"version": 0, "key": "", "apps": {}}"#), @"format 0 never was");
        insta::assert_snapshot!(problem("[]"), @"line 1 column 2 is not as written");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = State::parse(&bytes);
        }
    }
}
