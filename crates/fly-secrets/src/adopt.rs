//! `adopt`: takes what Fly shows now as agreed, for values that the operator vouches for.

use report::{Exit, Format, Invocation, Palette, Streams};

use crate::api::Bases;
use crate::args;
use crate::deployed::{Deployed, deployed};
use crate::error::Error;
use crate::json;
use crate::look;
use crate::plan::{Plan, Status};
use crate::setup::Setup;
use crate::state::{self, Agreed, Locked};
use crate::wanted::wanted;

pub(crate) fn run(
    args: &args::Adopt,
    setup: &Setup,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let app = look::one_app(&setup.apps(&args.apps.names)?)?;
    if args.names.is_empty() && !args.all {
        return Err(Error::AdoptWhat { app: app.name.clone() });
    }
    let bases = Bases::from_environment(invocation)?;
    look::say_where(&bases, streams)?;
    let client = setup.client(app, &bases)?;
    let mut locked = Locked::open(&setup.vault.root)?;
    let remote = look::ask(&app.name, &client, true)?;
    let wanted = wanted(app, &setup.ops, &setup.vault, invocation);
    let plan = look::decide(app, &wanted, &locked.state, &remote);
    let mut names = args.names.clone();
    if args.all {
        // Drift is somebody's doing, so it is adopted by name only.
        let unknown = plan.items.iter().filter(|item| item.status == Status::Unknown);
        names.extend(unknown.map(|item| item.name.clone()));
    }
    let mut adopted = Vec::new();
    let mut refused = Vec::new();
    for name in names {
        let value = wanted.iter().find(|one| one.name == name).map(|one| &one.value);
        let listed = remote.listed.iter().find(|one| one.name == name);
        let refusal = match (value, listed) {
            (None, _) => "ops.toml does not want it".to_owned(),
            (_, None) => "Fly does not list it".to_owned(),
            (Some(Err(reason)), _) => reason.clone(),
            (Some(Ok(_)), _) if let Some(others) = unequal(&plan, &name) => format!(
                "its value in the vault is that of {others}, and Fly shows different ones; `fly-secrets apply` sends it"
            ),
            (Some(Ok(value)), Some(listed)) => {
                let runs = remote
                    .running
                    .as_ref()
                    .map(|(machines, releases)| deployed(listed.updated_at, machines, releases));
                let agreed = Agreed {
                    fingerprint: locked.state.key.fingerprint(&app.name, &name, value),
                    digest: listed.digest.clone(),
                    version: 0,
                    at: state::stamp(invocation.now),
                    deployed: runs == Some(Deployed::Yes),
                    adopted: true,
                };
                let state = locked.state.app_mut(&app.name);
                state.pending.remove(&name);
                state.secrets.insert(name.clone(), agreed);
                adopted.push(name);
                continue;
            }
        };
        refused.push((name, refusal));
    }
    if !adopted.is_empty() {
        locked.save()?;
    }
    if args.format.format == Format::Json {
        report::json(streams.stdout, &json::adopt(&app.name, &adopted, &refused))?;
    } else {
        for name in &adopted {
            writeln!(streams.stdout, "{} {name}: agreed as Fly shows it now", palette.ok("ok:"))?;
        }
        for (name, reason) in &refused {
            writeln!(streams.stdout, "{} {name}: {reason}", palette.error("refused:"))?;
        }
        if adopted.is_empty() && refused.is_empty() {
            writeln!(streams.stdout, "nothing to adopt: no name is of unknown value")?;
        }
    }
    Ok(if refused.is_empty() { Exit::OK } else { Exit::FINDINGS })
}

/// The names that have the same value in the vault and another digest on Fly.
fn unequal(plan: &Plan, name: &str) -> Option<String> {
    let names = plan.unequal.iter().find(|names| names.iter().any(|one| one == name))?;
    let others: Vec<&str> = names.iter().map(String::as_str).filter(|one| *one != name).collect();
    Some(others.join(" and "))
}
