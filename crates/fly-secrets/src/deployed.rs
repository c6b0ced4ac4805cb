//! Whether machines run with a secret: flyctl's own reckoning from releases and the machines' metadata.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::api;

/// A machine, as far as this question needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Its id.
    pub id: String,
    /// `started`, `stopped`, …
    pub state: String,
    /// The release it was last updated for.
    pub release: Option<u64>,
    /// Its whole configuration, for an update that changes nothing but secrets.
    pub config: Value,
}

/// A release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub version: u64,
    /// When it was made; what was set before is part of it.
    pub created_at: DateTime<Utc>,
}

/// Whether machines run with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployed {
    /// All do.
    Yes,
    /// Some do.
    Partly,
    /// None does, or there is none.
    No,
    /// Fly does not say.
    Unknown,
}

impl Machine {
    /// Reads one of the API's machines; `None` where it is on its way out.
    pub fn from_api(machine: &Value) -> Option<Self> {
        let text = |key: &str| machine.get(key).and_then(Value::as_str);
        let state = text("state").unwrap_or_default();
        if matches!(state, "destroyed" | "destroying") {
            return None;
        }
        let config = machine.get("config").cloned().unwrap_or_default();
        let release = config.get("metadata").and_then(|data| data.get("fly_release_version"));
        let release = release.and_then(|version| match version {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        Some(Self { id: text("id")?.to_owned(), state: state.to_owned(), release, config })
    }
}

impl Release {
    /// Reads one of the API's releases.
    pub fn from_api(release: &Value) -> Option<Self> {
        Some(Self {
            version: release.get("version")?.as_u64()?,
            created_at: api::time(release.get("created_at"))?,
        })
    }
}

/// Reckons for a secret that was last set at `updated_at`.
///
/// A machine runs with it where the machine's release was made no earlier; a machine whose release is not among
/// the last ones is counted as running without it. The same as flyctl's `secrets list` since 0.4.6.
pub fn deployed(
    updated_at: Option<DateTime<Utc>>,
    machines: &[Machine],
    releases: &[Release],
) -> Deployed {
    if machines.is_empty() {
        return Deployed::No;
    }
    let Some(updated_at) = updated_at else { return Deployed::Unknown };
    let runs_with_it = |machine: &&Machine| {
        let release = releases.iter().find(|release| Some(release.version) == machine.release);
        release.is_some_and(|release| release.created_at >= updated_at)
    };
    match machines.iter().filter(runs_with_it).count() {
        0 => Deployed::No,
        count if count == machines.len() => Deployed::Yes,
        _ => Deployed::Partly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + hour * 3600, 0).unwrap()
    }

    fn check(updated: Option<i64>, machines: &[Option<u64>], expected: Deployed) {
        let machines: Vec<Machine> = machines
            .iter()
            .map(|&release| Machine {
                id: "m".to_owned(),
                state: "started".to_owned(),
                release,
                config: Value::Null,
            })
            .collect();
        let releases =
            [Release { version: 2, created_at: at(2) }, Release { version: 1, created_at: at(1) }];
        assert_eq!(deployed(updated.map(at), &machines, &releases), expected);
    }

    #[test]
    fn a_machine_runs_with_what_was_set_before_its_release() {
        check(Some(1), &[Some(1), Some(2)], Deployed::Yes);
        check(Some(2), &[Some(1), Some(2)], Deployed::Partly);
        check(Some(3), &[Some(1), Some(2)], Deployed::No);
        check(Some(0), &[Some(1), Some(9)], Deployed::Partly);
        check(Some(0), &[None], Deployed::No);
        check(Some(0), &[], Deployed::No);
        check(None, &[Some(1)], Deployed::Unknown);
    }

    #[test]
    fn a_machine_on_its_way_out_does_not_count() {
        let machine = |state: &str| serde_json::json!({"id": "m", "state": state, "config": {"metadata": {"fly_release_version": "7"}}});
        assert_eq!(Machine::from_api(&machine("destroyed")), None);
        assert_eq!(Machine::from_api(&machine("stopped")).unwrap().release, Some(7));
    }
}
