//! How an item stands, given the runs that speak for it.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use opsfile::Item;

/// The newest evidence says so, and it holds.
pub(super) const PROVED: &str = "proved";
/// Nobody has run anything for it.
pub(super) const MISSING: &str = "missing";
/// The newest evidence is older than it may be, or of another command or expectation than is declared now.
const STALE: &str = "stale";
/// The newest evidence speaks against it.
const FAILED: &str = "failed";
/// The newest evidence speaks against it, and one that still counts speaks for it.
const CONTRADICTED: &str = "contradicted";
/// The newest evidence is not what was recorded.
const ALTERED: &str = "altered";
/// The newest evidence proves nothing: no end is recorded, its output is suspect, or its time has not come.
const UNPROVED: &str = "unproved";
/// How far the clocks of two machines may be apart.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// What one run says of an item.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// The file that shows it, relative to the repo.
    pub(super) path: String,
    /// Its hash as recorded.
    pub(super) sha256: Option<String>,
    /// When the run began.
    pub(super) at: DateTime<Utc>,
    /// What it says.
    pub(super) says: Says,
    /// Whether the command, or what is expected of it, is not what is declared now.
    pub(super) has_changed: bool,
}

/// What a run can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// It succeeded.
    Yes,
    /// It failed in this way.
    No(String),
    /// It proves neither, for this reason.
    Nothing(String),
    /// Its files are not what was recorded.
    Altered(String),
}

/// How an item stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) status: &'static str,
    /// Why; empty where the status says it all.
    pub(super) reason: String,
    pub(super) evidence: Option<String>,
    pub(super) sha256: Option<String>,
    pub(super) at: Option<DateTime<Utc>>,
}

/// Judges by the newest run; an older one only tells a failure from a contradiction.
pub(super) fn judge(item: &Item, evidence: &[Evidence], now: DateTime<Utc>) -> Standing {
    // What has a time to come was made where the clock was wrong, and would be the newest until that day.
    let is_to_come = |evidence: &Evidence| evidence.at.signed_duration_since(now) > SKEW;
    let past = || evidence.iter().filter(|evidence| !is_to_come(evidence));
    let newest = past().max_by_key(|evidence| evidence.at);
    let Some(newest) = newest.or_else(|| evidence.iter().max_by_key(|evidence| evidence.at)) else {
        return Standing {
            status: MISSING,
            reason: "no command was run for it".to_owned(),
            evidence: None,
            sha256: None,
            at: None,
        };
    };
    let counts = |evidence: &Evidence| {
        let age = now.signed_duration_since(evidence.at).to_std().unwrap_or_default();
        age <= item.expires_after
    };
    let spoke_for = past()
        .filter(|other| other.says == Says::Yes && counts(other))
        .max_by_key(|other| other.at);
    let (status, reason) = match &newest.says {
        _ if is_to_come(newest) => (UNPROVED, "its time is in the future".to_owned()),
        Says::Altered(why) => (ALTERED, why.clone()),
        Says::Nothing(why) => (UNPROVED, why.clone()),
        Says::No(how) => match spoke_for {
            Some(other) => {
                let at = other.at.to_rfc3339_opts(SecondsFormat::Secs, true);
                (CONTRADICTED, format!("{how}, after a success at {at}"))
            }
            None => (FAILED, how.clone()),
        },
        Says::Yes if newest.has_changed => {
            (STALE, "the command, or what is expected of it, has changed since".to_owned())
        }
        Says::Yes if !counts(newest) => (STALE, "the evidence is too old".to_owned()),
        Says::Yes => (PROVED, String::new()),
    };
    Standing {
        status,
        reason,
        evidence: Some(newest.path.clone()),
        sha256: newest.sha256.clone(),
        at: Some(newest.at),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn evidence(hours: i64, says: Says) -> Evidence {
        Evidence {
            path: "a".to_owned(),
            sha256: None,
            at: now() - TimeDelta::hours(hours),
            says,
            has_changed: false,
        }
    }

    fn check(evidence: &[Evidence], expected: &str) {
        let item = Item {
            id: "a".to_owned(),
            title: "A".to_owned(),
            owner: "ops".to_owned(),
            expires_after: Duration::from_hours(24),
            next: None,
        };
        let standing = judge(&item, evidence, now());
        assert_eq!(format!("{}: {}", standing.status, standing.reason), expected);
    }

    #[test]
    fn the_newest_evidence_decides() {
        let no = || Says::No("exit 1".to_owned());
        check(&[], "missing: no command was run for it");
        check(&[evidence(2, Says::Yes)], "proved: ");
        check(&[evidence(3, no()), evidence(2, Says::Yes)], "proved: ");
        check(&[evidence(25, Says::Yes)], "stale: the evidence is too old");
        check(&[evidence(2, no())], "failed: exit 1");
        check(&[evidence(2, no()), evidence(30, Says::Yes)], "failed: exit 1");
        check(
            &[evidence(2, no()), evidence(3, Says::Yes)],
            "contradicted: exit 1, after a success at 2027-01-15T05:00:00Z",
        );
        check(&[evidence(2, Says::Nothing("suspect".to_owned()))], "unproved: suspect");
        check(
            &[evidence(1, Says::Altered("changed".to_owned())), evidence(2, Says::Yes)],
            "altered: changed",
        );
        let other = Evidence { has_changed: true, ..evidence(1, Says::Yes) };
        check(
            &[other, evidence(2, Says::Yes)],
            "stale: the command, or what is expected of it, has changed since",
        );
        check(&[evidence(-1, Says::Yes)], "unproved: its time is in the future");
        check(&[evidence(-1, Says::Yes), evidence(2, no())], "failed: exit 1");
    }
}
