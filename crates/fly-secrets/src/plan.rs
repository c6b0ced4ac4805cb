//! The decision: for each name, what the vault wants, what was agreed and what Fly lists come to. No clock, no files.

use std::collections::BTreeMap;

use secret::Secret;

use crate::fingerprint::Key;
use crate::listing::Listed;
use crate::state::{Agreed, AppState};
use crate::wanted::Wanted;

/// What is to be done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not on Fly; to be set.
    Add,
    /// The vault's value is newer; to be set.
    Change,
    /// Fly's value is not the one that was agreed; to be set again.
    Drift,
    /// On Fly, but nothing was agreed on its value; to be set or adopted.
    Unknown,
    /// As agreed, but the machines do not run with it yet.
    Staged,
    /// As agreed.
    Keep,
    /// On Fly, and ops.toml does not want it.
    Extra,
}

/// One name of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The name.
    pub name: String,
    /// What is to be done.
    pub status: Status,
    /// Where the value comes from; none for an extra name.
    pub source: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// Whether the vault's value is another than the agreed one; none where nothing was agreed.
    pub vault_changed: Option<bool>,
    /// Whether Fly's value is another than the agreed one; none where nothing was agreed.
    pub fly_changed: Option<bool>,
    /// For an extra name: whether ops.toml lets `--prune` remove it.
    pub may_prune: bool,
}

/// A source from which nothing may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The name at Fly.
    pub name: String,
    /// The source.
    pub source: String,
    /// Why nothing may be sent.
    pub reason: String,
}

/// The plan of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The app.
    pub app: String,
    /// Every name, by status and then name.
    pub items: Vec<Item>,
    /// What stands in the way of an apply.
    pub blocked: Vec<Blocked>,
    /// Names that have one value in the vault and more than one on Fly.
    pub unequal: Vec<Vec<String>>,
}

/// What is known of the app at Fly.
pub struct Present<'a> {
    /// What Fly lists.
    pub listed: &'a [Listed],
    /// Whether the machines run with a name's present value, where that was asked.
    pub runs_with: &'a dyn Fn(&Listed) -> Option<bool>,
    /// The extra names that ops.toml lets `--prune` remove.
    pub prunable: &'a [String],
}

impl Plan {
    /// How many names have a status.
    pub fn count(&self, status: Status) -> usize {
        self.items.iter().filter(|item| item.status == status).count()
    }

    /// The names whose value an apply would send.
    pub fn to_send(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.status.is_sent())
    }

    /// Whether anything is to do or stands in the way.
    pub fn is_pending(&self) -> bool {
        !self.blocked.is_empty()
            || !self.unequal.is_empty()
            || self.items.iter().any(|item| match item.status {
                Status::Keep => false,
                Status::Extra => item.may_prune,
                _ => true,
            })
    }
}

impl Status {
    /// The word for it, in JSON and elsewhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Drift => "drift",
            Self::Unknown => "unknown",
            Self::Staged => "staged",
            Self::Keep => "keep",
            Self::Extra => "extra",
        }
    }

    /// Whether an apply sends the value.
    pub fn is_sent(self) -> bool {
        matches!(self, Self::Add | Self::Change | Self::Drift | Self::Unknown)
    }
}

/// Decides for one app.
pub fn plan(
    app: &str,
    wanted: &[Wanted],
    agreed: &AppState,
    key: &Key,
    present: &Present<'_>,
) -> Plan {
    let listed: BTreeMap<&str, &Listed> =
        present.listed.iter().map(|one| (one.name.as_str(), one)).collect();
    let mut items = Vec::new();
    let mut blocked = Vec::new();
    for one in wanted {
        match &one.value {
            Err(reason) => blocked.push(Blocked {
                name: one.name.clone(),
                source: one.source.clone(),
                reason: reason.clone(),
            }),
            Ok(value) => {
                let fingerprint = key.fingerprint(app, &one.name, value);
                items.push(decide(
                    one,
                    &fingerprint,
                    agreed,
                    listed.get(one.name.as_str()).copied(),
                    present,
                ));
            }
        }
    }
    let is_wanted = |name: &str| wanted.iter().any(|one| one.name == name);
    for name in listed.keys().filter(|name| !is_wanted(name)) {
        let may_prune = present.prunable.iter().any(|known| known == name);
        items.push(Item {
            name: (*name).to_owned(),
            status: Status::Extra,
            source: None,
            reason: if may_prune {
                "not in ops.toml; `--prune` removes it".to_owned()
            } else {
                "not in ops.toml; left alone".to_owned()
            },
            vault_changed: None,
            fly_changed: None,
            may_prune,
        });
    }
    let unequal = unequal(wanted, &items, &listed, agreed);
    for item in &mut items {
        doubt(item, &unequal, agreed);
    }
    items.sort_by(|a, b| (a.status, &a.name).cmp(&(b.status, &b.name)));
    Plan { app: app.to_owned(), items, blocked, unequal }
}

fn decide(
    wanted: &Wanted,
    fingerprint: &str,
    agreed: &AppState,
    listed: Option<&Listed>,
    present: &Present<'_>,
) -> Item {
    let known = agreed.secrets.get(&wanted.name);
    let vault_changed = known.map(|known| known.fingerprint != fingerprint);
    let fly_changed = known.map(|known| listed.is_none_or(|listed| listed.digest != known.digest));
    let (status, reason) = match (listed, known) {
        (None, None) => (Status::Add, "not on Fly yet".to_owned()),
        (None, Some(known)) => (Status::Add, format!("{} and is gone from Fly", was(known))),
        (Some(listed), _) if was_interrupted(&wanted.name, agreed, listed) => (
            Status::Unknown,
            "an apply was interrupted, and Fly's value has changed since".to_owned(),
        ),
        (Some(_), None) => (Status::Unknown, "on Fly, but never applied from here".to_owned()),
        (Some(listed), Some(known)) => match (vault_changed, fly_changed) {
            (Some(false), Some(false)) => as_agreed(listed, known, present),
            (Some(true), Some(false)) => {
                (Status::Change, format!("the vault's value changed since it {}", was(known)))
            }
            (Some(true), _) => {
                (Status::Drift, format!("changed on Fly and in the vault since it {}", was(known)))
            }
            _ => (Status::Drift, format!("changed on Fly since it {}", was(known))),
        },
    };
    Item {
        name: wanted.name.clone(),
        status,
        source: Some(wanted.source.clone()),
        reason,
        vault_changed,
        fly_changed,
        may_prune: false,
    }
}

/// A change was begun, its end was not recorded, and Fly shows something else than before it.
fn was_interrupted(name: &str, agreed: &AppState, listed: &Listed) -> bool {
    agreed
        .pending
        .get(name)
        .is_some_and(|pending| pending.digest_before.as_deref() != Some(listed.digest.as_str()))
}

fn as_agreed(listed: &Listed, known: &Agreed, present: &Present<'_>) -> (Status, String) {
    let runs_with = (present.runs_with)(listed).unwrap_or(known.deployed);
    if runs_with {
        (Status::Keep, "as agreed".to_owned())
    } else {
        (Status::Staged, "on Fly, but the machines do not run with it yet".to_owned())
    }
}

fn was(known: &Agreed) -> String {
    format!("was {} on {}", if known.adopted { "adopted" } else { "applied" }, day(&known.at))
}

fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

/// Names whose values are equal in the vault while Fly shows different digests: at least one is not the vault's.
///
/// Names that are to be sent for a reason of their own are left out, as that explains the difference. So are names
/// that were all applied from here: their values are known, and how Fly makes its digests is not.
fn unequal(
    wanted: &[Wanted],
    items: &[Item],
    listed: &BTreeMap<&str, &Listed>,
    agreed: &AppState,
) -> Vec<Vec<String>> {
    let is_applied = |name: &&str| {
        let item = items.iter().find(|item| item.name == *name);
        let is_agreed = item.is_some_and(|item| item.status != Status::Unknown);
        is_agreed && agreed.secrets.get(*name).is_some_and(|known| !known.adopted)
    };

    let counts = |one: &&Wanted| {
        let item = items.iter().find(|item| item.name == one.name);
        item.is_some_and(|item| {
            matches!(item.status, Status::Unknown | Status::Keep | Status::Staged)
        })
    };
    let mut groups: Vec<(&Secret, Vec<&str>)> = Vec::new();
    for one in wanted.iter().filter(counts) {
        let Ok(value) = &one.value else { continue };
        match groups.iter_mut().find(|(known, _)| known.same_as(value)) {
            Some((_, names)) => names.push(&one.name),
            None => groups.push((value, vec![&one.name])),
        }
    }
    let digest = |name: &str| listed.get(name).map(|listed| listed.digest.as_str());
    let differ = |names: &[&str]| {
        names.windows(2).any(|pair| matches!(pair, [a, b] if digest(a) != digest(b)))
    };
    groups
        .into_iter()
        .filter(|(_, names)| differ(names) && !names.iter().all(is_applied))
        .map(|(_, names)| names.into_iter().map(str::to_owned).collect())
        .collect()
}

/// A name that was adopted, and that is of one value with another whose digest differs: what was vouched for is in
/// doubt, so it is sent.
fn doubt(item: &mut Item, unequal: &[Vec<String>], agreed: &AppState) {
    let Some(known) = agreed.secrets.get(&item.name).filter(|known| known.adopted) else { return };
    let Some(names) = unequal.iter().find(|names| names.contains(&item.name)) else { return };
    let others: Vec<&str> =
        names.iter().filter(|name| **name != item.name).map(String::as_str).collect();
    if matches!(item.status, Status::Keep | Status::Staged) {
        item.status = Status::Unknown;
        let (others, have) = (others.join(" and "), if others.len() > 1 { "have" } else { "has" });
        item.reason = format!(
            "{}, but {others} {have} the same value in the vault and another digest on Fly",
            was(known)
        );
    }
}

#[cfg(test)]
mod tests;
