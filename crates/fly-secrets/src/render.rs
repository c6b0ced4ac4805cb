//! A plan for reading: what differs, why, and what to type next.

use std::io::{self, Write};

use report::Palette;

use crate::apply::Outcome;
use crate::plan::{Item, Plan, Status};

/// Writes one app's plan.
pub(crate) fn plan(
    plan: &Plan,
    palette: Palette,
    with_next: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}: {}", palette.bold(&plan.app), summary(plan))?;
    let shown: Vec<&Item> = plan.items.iter().filter(|item| item.status != Status::Keep).collect();
    if !shown.is_empty() || !plan.blocked.is_empty() {
        writeln!(out)?;
    }
    let names = shown.iter().map(|item| item.name.len());
    let name_width = names.chain(plan.blocked.iter().map(|one| one.name.len())).max().unwrap_or(0);
    let source_width = shown.iter().filter_map(|item| item.source.as_ref()).map(String::len);
    let source_width =
        source_width.chain(plan.blocked.iter().map(|one| one.source.len())).max().unwrap_or(0);
    for item in shown {
        let source = item.source.as_deref().unwrap_or_default();
        let line = format!("{:name_width$}  {source:source_width$}  {}", item.name, item.reason);
        writeln!(out, "  {} {}", sign(item.status, palette), line.trim_end())?;
    }
    for blocked in &plan.blocked {
        writeln!(
            out,
            "  {} {:name_width$}  {:source_width$}  {}",
            palette.error("x"),
            blocked.name,
            blocked.source,
            blocked.reason
        )?;
    }
    for names in &plan.unequal {
        writeln!(
            out,
            "\n{} {} have one value in the vault and different ones on Fly",
            palette.error("unequal:"),
            names.join(" and ")
        )?;
    }
    if with_next && let Some(next) = next(plan) {
        writeln!(out, "\n{} {next}", palette.hint("next:"))?;
    }
    Ok(())
}

/// Says why nothing was sent.
pub(crate) fn not_applied(
    plan: &Plan,
    verdict: &str,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    match verdict {
        "done" => writeln!(out, "\n{} nothing to do", palette.ok("ok:")),
        "refused" => writeln!(
            out,
            "\n{} nothing was sent: mend the sources marked x; `vault-check check` says more",
            palette.error("refused:")
        ),
        "differs" => writeln!(
            out,
            "\n{} nothing was sent; set one of the names again with a new value, or `fly-secrets adopt` them",
            palette.error("differs:")
        ),
        _ => {
            let count = plan.to_send().count();
            writeln!(
                out,
                "\nnothing was sent; the same command with {} sends {count}",
                palette.bold("--approve")
            )
        }
    }
}

/// Says what was done.
pub(crate) fn applied(
    app: &str,
    outcome: &Outcome,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    let version = match outcome.version {
        0 => String::new(),
        version => format!(" (version {version})"),
    };
    if !outcome.set.is_empty() {
        writeln!(out, "set {}{version}", outcome.set.join(", "))?;
    }
    if !outcome.unset.is_empty() {
        writeln!(out, "removed {}{version}", outcome.unset.join(", "))?;
    }
    for problem in &outcome.problems {
        writeln!(out, "{} {problem}", palette.error("differs:"))?;
    }
    match outcome.deployed {
        _ if !outcome.problems.is_empty() => {
            writeln!(out, "{} fly-secrets plan --app {app}", palette.hint("next:"))
        }
        Some(_) => writeln!(
            out,
            "{} Fly shows what was sent, and the machines run with it",
            palette.ok("ok:")
        ),
        None => writeln!(
            out,
            "{} Fly shows what was sent; the machines run with it after the next deploy\n{} fly-secrets apply --app {app} --deploy --approve    (or, before a `fly deploy`: fly secrets sync --app {app})",
            palette.ok("ok:"),
            palette.hint("next:")
        ),
    }
}

fn sign(status: Status, palette: Palette) -> String {
    match status {
        Status::Add => palette.ok("+"),
        Status::Change => palette.hint("~"),
        Status::Drift => palette.error("!"),
        Status::Unknown => palette.hint("?"),
        Status::Staged => palette.hint("^"),
        Status::Keep => "=".to_owned(),
        Status::Extra => palette.dim("-"),
    }
}

fn summary(plan: &Plan) -> String {
    let parts = [
        (plan.blocked.len(), "blocked"),
        (plan.count(Status::Add), "to add"),
        (plan.count(Status::Change), "to change"),
        (plan.count(Status::Drift), "changed on Fly"),
        (plan.count(Status::Unknown), "of unknown value"),
        (plan.count(Status::Staged), "staged"),
        (plan.count(Status::Keep), "as agreed"),
        (plan.count(Status::Extra), "extra"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if words.is_empty() { "no secrets declared, none on Fly".to_owned() } else { words.join(", ") }
}

/// What to type next.
fn next(plan: &Plan) -> Option<String> {
    let app = &plan.app;
    if !plan.blocked.is_empty() {
        return Some(
            "mend the sources marked x; `vault-check check` says more. Nothing is sent before"
                .to_owned(),
        );
    }
    let is_pruned = plan.items.iter().any(|item| item.may_prune);
    if plan.to_send().next().is_some() || !plan.unequal.is_empty() {
        return Some(format!(
            "fly-secrets apply --app {app} --stage --approve    (--deploy to restart the machines with it)"
        ));
    }
    if plan.count(Status::Staged) > 0 {
        return Some(format!("fly-secrets apply --app {app} --deploy --approve"));
    }
    is_pruned.then(|| format!("fly-secrets apply --app {app} --prune --approve"))
}
