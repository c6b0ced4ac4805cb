//! `verify`: what was applied is what Fly reports and what the machines run with; every exception is a finding.

use report::{Exit, Finding, Invocation, Palette, Report, Streams, Tool};

use crate::api::Bases;
use crate::args;
use crate::error::Error;
use crate::look::{self, Remote};
use crate::plan::{Plan, Status};
use crate::rules;
use crate::setup::Setup;
use crate::state::State;
use crate::wanted::wanted;

/// The name under which findings are answered.
pub(crate) const SCHEMA: &str = "fly-secrets/verify/1";

pub(crate) fn run(
    args: &args::Verify,
    setup: &Setup,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let apps = setup.apps(&args.apps.names)?;
    let mut state = State::load(&setup.vault.root)?;
    let mut findings = Vec::new();
    let mut checked = 0;
    let captured = match &args.listing {
        Some(path) => {
            look::one_app(&apps)?;
            Some(look::captured(&invocation.cwd.join(path))?)
        }
        None => None,
    };
    let bases = Bases::from_environment(invocation)?;
    if captured.is_none() {
        look::say_where(&bases, streams)?;
    }
    // Whatever was once seen to be deployed is asked for again.
    for app in &apps {
        for agreed in state.app_mut(&app.name).secrets.values_mut() {
            agreed.deployed &= captured.is_some();
        }
    }
    for app in &apps {
        let asked: Remote;
        let remote = if let Some(remote) = &captured {
            remote
        } else {
            asked = look::ask(&app.name, &setup.client(app, &bases)?, true)?;
            &asked
        };
        let wanted = wanted(app, &setup.ops, &setup.vault, invocation);
        let plan = look::decide(app, &wanted, &state, remote);
        checked += plan.items.len() + plan.blocked.len();
        findings.extend(of_plan(&plan, &setup.ops.relative(&setup.ops.path)));
    }
    let report = Report::new(SCHEMA, checked, findings);
    report.write(args.format.format, &TOOL, palette, streams.stdout)?;
    Ok(report.exit())
}

/// The tool, as renderings name it.
pub(crate) const TOOL: Tool =
    Tool { name: "fly-secrets", version: env!("CARGO_PKG_VERSION"), rules: rules::ALL };

fn of_plan(plan: &Plan, path: &str) -> Vec<Finding> {
    let app = &plan.app;
    let apply = format!("fly-secrets apply --app {app} --approve");
    let mut findings = Vec::new();
    for item in &plan.items {
        let (rule, hint) = match item.status {
            Status::Keep => continue,
            Status::Add => ("not-on-fly", apply.clone()),
            Status::Change => ("vault-changed", apply.clone()),
            Status::Drift => {
                ("fly-changed", format!("{apply}; or fly-secrets adopt --app {app} {}", item.name))
            }
            Status::Unknown => (
                "unknown-value",
                format!("{apply}; or fly-secrets adopt --app {app} {}", item.name),
            ),
            Status::Staged => {
                ("staged", format!("fly-secrets apply --app {app} --deploy --approve"))
            }
            Status::Extra => (
                "extra",
                format!("fly secrets unset --app {app} {}, if nobody needs it", item.name),
            ),
        };
        let message = item.reason.clone();
        let finding = match item.status {
            Status::Extra => Finding::note(rule, message),
            Status::Unknown => Finding::warning(rule, message),
            _ => Finding::error(rule, message),
        };
        findings.push(finding.key(format!("{app}:{}", item.name)).hint(hint));
    }
    for blocked in &plan.blocked {
        let message = format!("{}: {}", blocked.source, blocked.reason);
        let finding = Finding::error("blocked", message).key(format!("{app}:{}", blocked.name));
        findings.push(
            finding.hint("mend the source; `vault-check check` says more of those in the vault"),
        );
    }
    for names in &plan.unequal {
        let message = format!(
            "{} have one value in the vault and different ones on Fly",
            names.join(" and ")
        );
        let key = names.first().map(|name| format!("{app}:{name}")).unwrap_or_default();
        findings.push(Finding::error("unequal", message).key(key).hint(apply.clone()));
    }
    findings.into_iter().map(|finding| finding.path(path)).collect()
}
