//! `vault-check check`: load, let every rule look, answer.

use report::{Common, Exit, Format, Invocation, Palette, Report, Streams};
use vault::Vault;

use crate::TOOL;
use crate::args::Check;
use crate::error::Error;
use crate::git::{self, Answer};
use crate::scope::{Scope, Wanted};
use crate::{above, given, modes, packing, present, rules, scope};

/// Runs the command.
pub(crate) fn run(
    args: &Check,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let exists = |program: &str| invocation.find_program(program).is_some();
    let ops = opsfile::open(common.ops.as_deref(), &invocation.cwd, &exists).map_err(Error::Ops)?;
    let changed_since = match &args.changed_since {
        Some(text) => Some(scope::when(text, invocation.now).ok_or(Error::When)?),
        None => None,
    };
    let wanted = Wanted {
        purposes: &args.purposes,
        environment: args.environment.as_deref(),
        changed_since,
    };
    if let Some(section) = &ops.vault {
        wanted.validate(section)?;
    }
    let mut vault = Vault::load(&ops).map_err(Error::Vault)?;
    if args.fix_modes {
        modes::fix(&make_scope(&vault, &wanted, invocation), streams)?;
        vault = Vault::load(&ops).map_err(Error::Vault)?;
    }
    let answer = git::ask(&ops, &vault, wanted.is_everything(), invocation);
    let scope = Scope {
        git: answer,
        above: above::folders(&vault.root),
        recipes: packing::recipes(&ops, &vault),
        ..make_scope(&vault, &wanted, invocation)
    };
    let mut findings = Vec::new();
    for check in rules::CHECKS {
        check(&scope, &mut findings);
    }
    let report = Report::new("vault-check/check/1", present::count(&scope), findings);
    let palette = Palette::for_stdout(common.color, invocation);
    if args.format.format == Format::Human {
        present::write(&present::credentials(&scope), palette, streams.stdout)?;
    }
    report.write(args.format.format, &TOOL, palette, streams.stdout)?;
    Ok(report.exit())
}

/// The scope before anything beside the vault was looked at.
fn make_scope<'a>(vault: &'a Vault, wanted: &Wanted<'_>, invocation: &Invocation) -> Scope<'a> {
    let files: Vec<_> = vault.files.iter().filter(|file| wanted.includes(file)).collect();
    Scope {
        vault,
        values: given::collect(&files),
        files,
        is_whole: wanted.is_everything(),
        now: invocation.now,
        user: rustix::process::geteuid().as_raw(),
        git: Answer::NoRepository,
        above: Vec::new(),
        recipes: Vec::new(),
    }
}
