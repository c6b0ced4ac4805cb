//! `apply`: sends what differs, lists again, compares, records.
//!
//! What is about to be sent is recorded first, so that a run that is killed at any point leaves a state from which
//! `plan` is right: either Fly still shows what it showed before, or the name is of unknown value.

mod deploy;
mod send;

use opsfile::FlyApp;
use report::{Exit, Format, Invocation, Palette, Streams};
use secret::Secret;

use crate::api::{Bases, Client};
use crate::args::{self, Carrier};
use crate::error::Error;
use crate::flyctl::{self, Flyctl};
use crate::json;
use crate::listing::Listed;
use crate::look::{self, Remote};
use crate::plan::{Plan, Status};
use crate::render;
use crate::setup::Setup;
use crate::state::{self, Agreed, Locked, Pending};
use crate::wanted::{Wanted, wanted};

/// What came of an apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The names that were set.
    pub(crate) set: Vec<String>,
    /// The names that were removed.
    pub(crate) unset: Vec<String>,
    /// The version of the app's secrets that has the change, where it is known.
    pub(crate) version: u64,
    /// Whether the machines run with all that is agreed; none where that was not asked.
    pub(crate) deployed: Option<bool>,
    /// What Fly shows otherwise than it should.
    pub(crate) problems: Vec<String>,
}

/// What every step needs.
struct Ctx<'a> {
    app: &'a FlyApp,
    client: &'a Client<'a>,
    flyctl: Option<&'a Flyctl<'a>>,
    at: String,
}

/// A value that is to be sent.
struct ToSet<'a> {
    name: &'a str,
    value: &'a Secret,
    fingerprint: String,
    before: Option<&'a Listed>,
}

pub(crate) fn run(
    args: &args::Apply,
    setup: &Setup,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let app = look::one_app(&setup.apps(&args.apps.names)?)?;
    let bases = Bases::from_environment(invocation)?;
    look::say_where(&bases, streams)?;
    let client = setup.client(app, &bases)?;
    let token = setup.token(app)?;
    let flyctl = match args.via {
        Carrier::Api => None,
        Carrier::Flyctl => Some(Flyctl::find(invocation, token, &setup.vault)?),
    };
    let mut locked = Locked::open(&setup.vault.root)?;
    flyctl::remove_left_behind(&setup.vault.root);
    let staged = locked.state.app(&app.name).secrets.values().any(|agreed| !agreed.deployed);
    let remote = look::ask(&app.name, &client, staged)?;
    let wanted = wanted(app, &setup.ops, &setup.vault, invocation);
    let plan = look::decide(app, &wanted, &locked.state, &remote);
    let is_json = args.format.format == Format::Json;
    if !is_json {
        render::plan(&plan, palette, false, streams.stdout)?;
    }

    let prunable = plan.items.iter().filter(|item| args.prune && item.may_prune);
    let prune: Vec<&str> = prunable.map(|item| item.name.as_str()).collect();
    let has_values = plan.to_send().next().is_some();
    let has_staged = args.deploy && plan.count(Status::Staged) > 0;
    let verdict = if !plan.blocked.is_empty() {
        Some("refused")
    } else if !has_values && prune.is_empty() && !has_staged {
        settle(&mut locked, &app.name)?;
        Some("done")
    } else if !args.approve {
        Some("pending")
    } else {
        None
    };
    if let Some(verdict) = verdict {
        let outcome = Outcome::default();
        if is_json {
            report::json(streams.stdout, &json::apply(&plan, &outcome, verdict, args))?;
        } else {
            let would = would(&plan, prune.len(), args.deploy);
            render::not_applied(&plan, verdict, &would, palette, streams.stdout)?;
        }
        return Ok(if verdict == "done" { Exit::OK } else { Exit::FINDINGS });
    }

    let at = state::stamp(invocation.now);
    let ctx = Ctx { app, client: &client, flyctl: flyctl.as_ref(), at };
    let outcome = ctx.apply(args, &mut locked, &plan, &wanted, &remote, &prune)?;
    let verdict = if outcome.problems.is_empty() { "done" } else { "differs" };
    if is_json {
        report::json(streams.stdout, &json::apply(&plan, &outcome, verdict, args))?;
    } else {
        render::applied(&plan.app, &outcome, palette, streams.stdout)?;
    }
    Ok(if verdict == "done" { Exit::OK } else { Exit::FINDINGS })
}

/// What an approved apply would do, in words.
fn would(plan: &Plan, n_pruned: usize, deploys: bool) -> Vec<String> {
    let n_values = plan.to_send().count();
    let counted = |count: usize, verb: &str, noun: &str| {
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{verb} {count} {noun}{plural}"))
    };
    let deploy = deploys.then(|| "restarts the machines".to_owned());
    [counted(n_values, "sends", "value"), counted(n_pruned, "removes", "name"), deploy]
        .into_iter()
        .flatten()
        .collect()
}

/// Nothing is to do, so nothing can be half done any more.
fn settle(locked: &mut Locked, app: &str) -> Result<(), Error> {
    if locked.state.app(app).pending.is_empty() {
        return Ok(());
    }
    locked.state.app_mut(app).pending.clear();
    locked.save()
}

impl Ctx<'_> {
    fn apply(
        &self,
        args: &args::Apply,
        locked: &mut Locked,
        plan: &Plan,
        wanted: &[Wanted],
        remote: &Remote,
        prune: &[&str],
    ) -> Result<Outcome, Error> {
        let name = self.app.name.as_str();
        let mut outcome = Outcome::default();
        let before = |name: &str| remote.listed.iter().find(|one| one.name == name);
        let values: Vec<ToSet<'_>> = wanted
            .iter()
            .filter(|one| plan.to_send().any(|item| item.name == one.name))
            .filter_map(|one| {
                let value = one.value.as_ref().ok()?;
                let fingerprint = locked.state.key.fingerprint(name, &one.name, value);
                Some(ToSet { name: &one.name, value, fingerprint, before: before(&one.name) })
            })
            .collect();
        if !values.is_empty() || !prune.is_empty() {
            self.record_pending(locked, &values, prune, &remote.listed)?;
            let sent = self.send(&values, prune, &remote.listed)?;
            let after = self.client.secrets(name)?;
            outcome.version = sent.version;
            outcome.set = values.iter().map(|one| one.name.to_owned()).collect();
            outcome.unset = prune.iter().map(|&name| name.to_owned()).collect();
            outcome.problems = send::compare(&values, prune, &sent.digests, &after);
            self.record(locked, &values, prune, &after, sent.version, &outcome.problems)?;
        }
        if args.deploy {
            let is_recorded = outcome.problems.is_empty();
            let holds = self.deploy(locked, outcome.version).map_err(|error| match error {
                error if is_recorded => Error::NotDeployed { cause: Box::new(error) },
                error => error,
            })?;
            outcome.deployed = Some(holds.is_empty());
            outcome.problems.extend(holds);
        }
        Ok(outcome)
    }

    /// Before anything is sent: what is about to change, and what Fly showed for it.
    fn record_pending(
        &self,
        locked: &mut Locked,
        values: &[ToSet<'_>],
        prune: &[&str],
        listed: &[Listed],
    ) -> Result<(), Error> {
        let pending = &mut locked.state.app_mut(&self.app.name).pending;
        pending.clear();
        for one in values {
            let change = Pending {
                fingerprint: Some(one.fingerprint.clone()),
                digest_before: one.before.map(|before| before.digest.clone()),
                at: self.at.clone(),
            };
            pending.insert(one.name.to_owned(), change);
        }
        for &name in prune {
            let before = listed.iter().find(|one| one.name == name);
            let change = Pending {
                fingerprint: None,
                digest_before: before.map(|before| before.digest.clone()),
                at: self.at.clone(),
            };
            pending.insert(name.to_owned(), change);
        }
        locked.save()
    }

    /// After the list was seen: what is agreed now. A name about which Fly says something else stays as it was.
    fn record(
        &self,
        locked: &mut Locked,
        values: &[ToSet<'_>],
        prune: &[&str],
        after: &[Listed],
        version: u64,
        problems: &[String],
    ) -> Result<(), Error> {
        let app = locked.state.app_mut(&self.app.name);
        for one in values {
            let is_whole =
                !problems.iter().any(|problem| problem.starts_with(&format!("{}: ", one.name)));
            let Some(listed) = after.iter().find(|listed| listed.name == one.name && is_whole)
            else {
                continue;
            };
            let agreed = Agreed {
                fingerprint: one.fingerprint.clone(),
                digest: listed.digest.clone(),
                version,
                at: self.at.clone(),
                deployed: false,
                adopted: false,
            };
            app.secrets.insert(one.name.to_owned(), agreed);
        }
        for &name in prune {
            if !after.iter().any(|listed| listed.name == name) {
                app.secrets.remove(name);
            }
        }
        app.pending.clear();
        locked.save()
    }
}
