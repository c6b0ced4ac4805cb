//! The one remote write: through the API or flyctl, and what is known where its answer was lost.

use std::collections::BTreeMap;

use secret::Secret;

use super::{Ctx, ToSet};
use crate::api::CallError;
use crate::encode;
use crate::error::Error;
use crate::flyctl::Flyctl;
use crate::listing::Listed;

/// What is known after sending.
pub(super) struct Sent {
    /// The version that has the change; 0 where it was not said.
    pub(super) version: u64,
    /// The digest that Fly answered for each name; empty where it answered none.
    pub(super) digests: BTreeMap<String, String>,
}

impl Ctx<'_> {
    /// Sends all values and removals in one request.
    pub(super) fn send(
        &self,
        values: &[ToSet<'_>],
        prune: &[&str],
        before: &[Listed],
    ) -> Result<Sent, Error> {
        let pairs: Vec<(&str, &Secret)> = values.iter().map(|one| (one.name, one.value)).collect();
        if let Some(flyctl) = self.flyctl {
            return self.send_by_flyctl(flyctl, &pairs, prune);
        }
        let error = match self.once(&pairs, prune) {
            Ok(sent) => return Ok(sent),
            Err(error) if !error.may_have_acted => return Err(error.into()),
            Err(error) => error,
        };
        // The answer was lost. Sending blindly again might undo what somebody did since, so look first.
        let after = self.client.secrets(&self.app.name)?;
        match landed(values, prune, before, &after) {
            Landed::Yes => Ok(Sent { version: 0, digests: BTreeMap::new() }),
            Landed::No => Ok(self.once(&pairs, prune)?),
            Landed::Partly => Err(error.into()),
        }
    }

    fn once(&self, values: &[(&str, &Secret)], prune: &[&str]) -> Result<Sent, CallError> {
        let changed = self.client.change_secrets(&self.app.name, values, prune)?;
        let digests = changed.listed.into_iter().map(|one| (one.name, one.digest));
        Ok(Sent { version: changed.version, digests: digests.collect() })
    }

    fn send_by_flyctl(
        &self,
        flyctl: &Flyctl<'_>,
        values: &[(&str, &Secret)],
        prune: &[&str],
    ) -> Result<Sent, Error> {
        let stream = encode::stream(values)
            .map_err(|refused| Error::Uncarried { names: crate::stream::lines(&refused) })?;
        if !values.is_empty() {
            flyctl.import(&self.app.name, &stream, values)?;
        }
        if !prune.is_empty() {
            flyctl.unset(&self.app.name, prune)?;
        }
        Ok(Sent { version: 0, digests: BTreeMap::new() })
    }
}

enum Landed {
    Yes,
    No,
    Partly,
}

/// Whether a change whose answer was lost is there: every name shows another digest or a later time than before.
fn landed(values: &[ToSet<'_>], prune: &[&str], before: &[Listed], after: &[Listed]) -> Landed {
    let find = |list: &[Listed], name: &str| list.iter().find(|one| one.name == name).cloned();
    let is_set = |one: &&ToSet<'_>| match (find(before, one.name), find(after, one.name)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(before), Some(after)) => {
            before.digest != after.digest || before.updated_at != after.updated_at
        }
    };
    let is_unset = |name: &&&str| find(after, name).is_none();
    let count = values.iter().filter(is_set).count() + prune.iter().filter(is_unset).count();
    match count {
        0 => Landed::No,
        all if all == values.len() + prune.len() => Landed::Yes,
        _ => Landed::Partly,
    }
}

/// What Fly lists after the change otherwise than the change says, `NAME: …` each.
pub(super) fn compare(
    values: &[ToSet<'_>],
    prune: &[&str],
    digests: &BTreeMap<String, String>,
    after: &[Listed],
) -> Vec<String> {
    let mut problems = Vec::new();
    for one in values {
        match after.iter().find(|listed| listed.name == one.name) {
            None => problems.push(format!("{}: Fly does not list it after it was set", one.name)),
            Some(listed) => {
                if digests.get(one.name).is_some_and(|digest| *digest != listed.digest) {
                    problems.push(format!("{}: somebody else set it at the same time", one.name));
                }
            }
        }
    }
    for name in prune {
        if after.iter().any(|listed| listed.name == *name) {
            problems.push(format!("{name}: Fly still lists it after it was removed"));
        }
    }
    problems
}
