//! `vault-check check`: load, let every rule look, answer.

use std::hash::RandomState;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use opsfile::OpsText;
use report::{Common, Exit, Finding, Format, Invocation, Palette, Report, Streams};
use vault::{EarlyWalk, Vault};

use crate::TOOL;
use crate::args::Check;
use crate::error::Error;
use crate::git::{self, Answer};
use crate::given::Collected;
use crate::progress::{Counts, Progress};
use crate::scope::{Scope, Wanted};
use crate::{above, examples, given, modes, packing, present, rules, scope};

/// Runs the command.
pub(crate) fn run(
    args: &Check,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let exists = |program: &str| invocation.find_program(program).is_some();
    let counts = Arc::new(Counts::default());
    counts.doing("checking: reading the vault");
    let progress = Progress::watch(&counts, invocation.stderr_is_terminal);
    let text = OpsText::read(common.ops.as_deref(), &invocation.cwd).map_err(Error::Ops)?;
    let walk = text.likely_vault_root().map(EarlyWalk::begin);
    let ops = text.parse(&exists).map_err(Error::Ops)?;
    let changed_since = match &args.changed_since {
        Some(text) => Some(scope::when(text, invocation.now).ok_or(Error::When)?),
        None => None,
    };
    if changed_since.is_some_and(|since| since > invocation.now) {
        return Err(Error::Future);
    }
    let wanted = Wanted {
        purposes: &args.purposes,
        environment: args.environment.as_deref(),
        changed_since,
    };
    if let Some(section) = &ops.vault {
        wanted.validate(section)?;
    }
    let mut vault = Vault::load_walked(&ops, walk).map_err(Error::Vault)?;
    if args.fix_modes {
        modes::fix(&make_scope(&vault, &wanted, invocation), streams)?;
        vault = Vault::load(&ops).map_err(Error::Vault)?;
    }
    counts.doing("checking: asking git what it tracks and ignores");
    let answer = git::ask(&ops, &vault, wanted.is_everything(), invocation);
    let mut paths = Vec::new();
    let recipes = packing::recipes(&ops, &vault, &mut paths);
    let scope = Scope {
        git: answer,
        above: above::folders(&vault.root),
        recipes,
        examples: examples::read(&ops, &paths),
        ..make_scope(&vault, &wanted, invocation)
    };
    counts.doing("checking: looking at the values");
    let palette = Palette::for_stdout(common.color, invocation);
    let is_shown = args.format.format == Format::Human;
    let look = || {
        let mut findings = Vec::new();
        for check in rules::CHECKS {
            check(&scope, &mut findings);
        }
        (findings, vault.values_as_names())
    };
    let list = || if is_shown { present::text(&scope, palette) } else { String::new() };
    let ((mut findings, hidden), mut credentials) = if scope.files.len() >= given::MANY {
        thread::scope(|threads| {
            let list = threads.spawn(list);
            (look(), list.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    } else {
        (look(), list())
    };
    if !hidden.is_empty() {
        credentials = vault::disguised(&credentials, &hidden);
        for Finding { message, subject, hint, .. } in &mut findings {
            for text in [Some(message), subject.key.as_mut(), hint.as_mut()].into_iter().flatten() {
                *text = vault::disguised(text, &hidden);
            }
        }
    }
    let report = Report::new("vault-check/check/1", present::count(&scope), findings);
    drop(progress);
    streams.stdout.write_all(credentials.as_bytes())?;
    report.write(args.format.format, &TOOL, palette, streams.stdout)?;
    drop(scope);
    // The process ends now, and the system clears its memory sooner than thousands of values are wiped one by one.
    std::mem::forget((vault, ops));
    Ok(report.exit())
}

/// The scope before anything beside the vault was looked at.
fn make_scope<'a>(vault: &'a Vault, wanted: &Wanted<'_>, invocation: &Invocation) -> Scope<'a> {
    let files: Vec<_> = vault.files.iter().filter(|file| wanted.includes(file)).collect();
    let hasher = RandomState::new();
    let Collected { values, unlike } = given::collect(&files, &hasher);
    Scope {
        vault,
        values,
        hasher,
        unlike,
        files,
        is_whole: wanted.is_everything(),
        now: invocation.now,
        user: rustix::process::geteuid().as_raw(),
        git: Answer::NoRepository,
        above: Vec::new(),
        recipes: Vec::new(),
        examples: Vec::new(),
    }
}
