//! `plan`: reads both sides and shows what differs; sends nothing.

use std::fs;
use std::path::Path;
use std::thread;

use opsfile::FlyApp;
use report::{Exit, Format, Invocation, Palette, Streams};

use crate::api::{Bases, Client};
use crate::args;
use crate::deployed::{Deployed, Machine, Release, deployed};
use crate::error::Error;
use crate::json;
use crate::listing::{self, Listed};
use crate::plan::{Plan, Present, plan};
use crate::render;
use crate::setup::Setup;
use crate::state::State;
use crate::wanted::{Wanted, wanted};

/// How many apps are asked at once; each app has a rate of its own.
const APPS_AT_ONCE: usize = 32;

/// What Fly says of one app.
pub(crate) struct Remote {
    pub(crate) listed: Vec<Listed>,
    /// Machines and releases, where it was worth asking.
    pub(crate) running: Option<(Vec<Machine>, Vec<Release>)>,
}

pub(crate) fn run(
    args: &args::Plan,
    setup: &Setup,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let apps = setup.apps(&args.apps.names)?;
    let state = State::load(&setup.vault.root)?;
    let remotes = match &args.listing {
        Some(path) => {
            let one = captured(&invocation.cwd.join(path))?;
            one_app(&apps)?;
            vec![one]
        }
        None if args.local_only => apps.iter().map(|app| remembered(&state, app)).collect(),
        None => {
            let bases = Bases::from_environment(invocation)?;
            say_where(&bases, streams)?;
            ask_all(setup, &apps, &bases, &state)?
        }
    };
    let plans: Vec<Plan> = apps
        .iter()
        .zip(&remotes)
        .map(|(app, remote)| {
            let wanted = wanted(app, &setup.ops, &setup.vault, invocation);
            decide(app, &wanted, &state, remote)
        })
        .collect();
    if args.format.format == Format::Json {
        report::json(streams.stdout, &json::plans(&plans))?;
    } else {
        for (index, plan) in plans.iter().enumerate() {
            if index > 0 {
                writeln!(streams.stdout)?;
            }
            render::plan(plan, palette, true, streams.stdout)?;
        }
    }
    let is_pending = plans.iter().any(Plan::is_pending);
    Ok(if is_pending { Exit::FINDINGS } else { Exit::OK })
}

/// The plan of one app from all that was read.
pub(crate) fn decide(app: &FlyApp, wanted: &[Wanted], state: &State, remote: &Remote) -> Plan {
    let runs_with = |listed: &Listed| match (&listed.status, &remote.running) {
        (Some(status), _) => match status.to_ascii_lowercase().as_str() {
            "deployed" => Some(true),
            "staged" | "partial" => Some(false),
            _ => None,
        },
        (None, Some((machines, releases))) => {
            match deployed(listed.updated_at, machines, releases) {
                Deployed::Yes => Some(true),
                Deployed::No | Deployed::Partly => Some(false),
                Deployed::Unknown => None,
            }
        }
        (None, None) => None,
    };
    let present = Present { listed: &remote.listed, runs_with: &runs_with, prunable: &app.prune };
    plan(&app.name, wanted, &state.app(&app.name), &state.key, &present)
}

/// Asks Fly for every app, several at once; the first failure ends it.
fn ask_all(
    setup: &Setup,
    apps: &[&FlyApp],
    bases: &Bases,
    state: &State,
) -> Result<Vec<Remote>, Error> {
    let clients: Vec<Client<'_>> =
        apps.iter().map(|app| setup.client(app, bases)).collect::<Result<_, _>>()?;
    let jobs: Vec<(&FlyApp, &Client<'_>, bool)> = apps
        .iter()
        .zip(&clients)
        .map(|(app, client)| (*app, client, is_staged(state, &app.name)))
        .collect();
    let mut remotes = Vec::new();
    for batch in jobs.chunks(APPS_AT_ONCE) {
        let answers: Vec<Result<Remote, Error>> = thread::scope(|scope| {
            let running: Vec<_> = batch
                .iter()
                .map(|(app, client, staged)| scope.spawn(move || ask(&app.name, client, *staged)))
                .collect();
            running
                .into_iter()
                .map(|job| job.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        for answer in answers {
            remotes.push(answer?);
        }
    }
    Ok(remotes)
}

/// Asks for the list; and for machines and releases only where something was staged and may run by now.
pub(crate) fn ask(app: &str, client: &Client<'_>, with_machines: bool) -> Result<Remote, Error> {
    let listed = client.secrets(app)?;
    let running =
        if with_machines { Some((client.machines(app)?, client.releases(app)?)) } else { None };
    Ok(Remote { listed, running })
}

fn is_staged(state: &State, app: &str) -> bool {
    state.app(app).secrets.values().any(|agreed| !agreed.deployed)
}

/// What was agreed, as if Fly had said it just now.
fn remembered(state: &State, app: &FlyApp) -> Remote {
    let agreed = state.app(&app.name).secrets;
    let listed = agreed.into_iter().map(|(name, agreed)| Listed {
        name,
        digest: agreed.digest,
        updated_at: None,
        status: None,
    });
    Remote { listed: listed.collect(), running: None }
}

pub(crate) fn captured(path: &Path) -> Result<Remote, Error> {
    let error = |problem: String| Error::Listing { path: path.to_owned(), problem };
    let bytes = fs::read(path).map_err(|source| error(source.to_string()))?;
    let listed = listing::from_capture(&bytes).map_err(|what| error(what.to_owned()))?;
    Ok(Remote { listed, running: None })
}

/// The one app that is meant.
pub(crate) fn one_app<'a>(apps: &[&'a FlyApp]) -> Result<&'a FlyApp, Error> {
    match apps {
        [app] => Ok(app),
        _ => Err(Error::WhichApp { known: apps.iter().map(|app| app.name.clone()).collect() }),
    }
}

/// Says on stderr where the token goes, where that is not Fly.
pub(crate) fn say_where(bases: &Bases, streams: &mut Streams<'_>) -> Result<(), Error> {
    if let Some(address) = bases.unusual() {
        writeln!(streams.stderr, "note: asking {address} (FLY_FLAPS_BASE_URL) in place of Fly")?;
    }
    Ok(())
}
