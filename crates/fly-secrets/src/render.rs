//! A plan for reading: what differs, why, and what to type next.

use std::io::{self, Write};

use report::Palette;

use crate::apply::Outcome;
use crate::plan::{Item, Plan, Status};

/// Writes one app's plan; `with_next` where nothing follows it.
pub(crate) fn plan(
    plan: &Plan,
    palette: Palette,
    with_next: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let verdict = if with_next && !plan.is_pending() { "nothing to do: " } else { "" };
    writeln!(out, "{}: {verdict}{}", palette.bold(&plan.app), summary(plan))?;
    let rows = rows(plan, palette);
    if !rows.is_empty() {
        writeln!(out)?;
    }
    let width = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let word_width = width(&mut rows.iter().map(|row| row.word.len()));
    let name_width = width(&mut rows.iter().map(|row| row.name.len()));
    let source_width = width(&mut rows.iter().map(|row| row.source.len()));
    for Row { sign, word, name, source, reason } in rows {
        let line =
            format!("{word:word_width$}  {name:name_width$}  {source:source_width$}  {reason}");
        writeln!(out, "  {sign} {}", line.trim_end())?;
    }
    for names in &plan.unequal {
        writeln!(
            out,
            "\n{} {} have one value in the vault and different ones on Fly",
            palette.error("unequal:"),
            names.join(" and ")
        )?;
    }
    if with_next {
        write_next(&next(plan), palette, out)?;
    }
    Ok(())
}

/// One line of a plan.
struct Row<'a> {
    sign: String,
    word: &'static str,
    name: &'a str,
    source: &'a str,
    reason: &'a str,
}

fn rows(plan: &Plan, palette: Palette) -> Vec<Row<'_>> {
    let shown = plan.items.iter().filter(|item| item.status != Status::Keep);
    let items = shown.map(|item| Row {
        sign: sign(item.status, palette),
        word: item.status.word(),
        name: &item.name,
        source: item.source.as_deref().unwrap_or_default(),
        reason: &item.reason,
    });
    let blocked = plan.blocked.iter().map(|one| Row {
        sign: palette.error("x"),
        word: "blocked",
        name: &one.name,
        source: &one.source,
        reason: &one.reason,
    });
    items.chain(blocked).collect()
}

/// Commands, each with what it does, one below the other.
fn write_next(next: &[(String, &str)], palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    let width = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    for (index, (command, what)) in next.iter().enumerate() {
        let head = if index == 0 { format!("\n{}", palette.hint("next:")) } else { " ".repeat(5) };
        writeln!(out, "{}", format!("{head} {command:width$}    {what}").trim_end())?;
    }
    Ok(())
}

/// Says why nothing was sent.
pub(crate) fn not_applied(
    plan: &Plan,
    verdict: &str,
    would: &[String],
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    match verdict {
        "done" if plan.count(Status::Staged) > 0 => {
            writeln!(out, "\n{} nothing to send", palette.ok("ok:"))?;
            write_next(&[deploy(&plan.app)], palette, out)
        }
        "done" => writeln!(out, "\n{} nothing to do", palette.ok("ok:")),
        "refused" => writeln!(
            out,
            "\n{} nothing was sent: mend the sources marked x; `vault-check check` says more of those in the vault",
            palette.error("refused:")
        ),
        _ => writeln!(
            out,
            "\nnothing was sent; the same command with {} {}",
            palette.bold("--approve"),
            would.join(" and ")
        ),
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
        None => {
            writeln!(
                out,
                "{} Fly shows what was sent; the machines run with it after the next deploy",
                palette.ok("ok:")
            )?;
            let sync = format!("fly secrets sync --app {app}");
            write_next(&[deploy(app), (sync, "or this first, then `fly deploy`")], palette, out)
        }
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

/// What may be typed next, with what it does; the first is what is done most.
fn next(plan: &Plan) -> Vec<(String, &'static str)> {
    let app = &plan.app;
    if !plan.blocked.is_empty() {
        let mend = "mend the sources marked x, nothing is sent before; `vault-check check` says more of those in the vault";
        return vec![(mend.to_owned(), "")];
    }
    let mut next = Vec::new();
    if plan.to_send().next().is_some() {
        next.push((
            format!("fly-secrets apply --app {app} --approve"),
            "send only, for the next deploy",
        ));
        let (command, _) = deploy(app);
        next.push((command, "send, and restart the machines"));
    } else if plan.count(Status::Staged) > 0 {
        next.push(deploy(app));
    }
    if plan.items.iter().any(|item| item.may_prune) {
        next.push((
            format!("fly-secrets apply --app {app} --prune --approve"),
            "remove what `prune` lists, too",
        ));
    }
    let is_adoptable = |item: &&Item| {
        matches!(item.status, Status::Drift | Status::Unknown)
            && !plan.unequal.iter().flatten().any(|name| *name == item.name)
    };
    let adoptable: Vec<&str> =
        plan.items.iter().filter(is_adoptable).map(|item| item.name.as_str()).collect();
    if !adoptable.is_empty() {
        // More than fit beside a command are in the plan above it.
        let names = if adoptable.len() > 3 { "NAME…".to_owned() } else { adoptable.join(" ") };
        next.push((
            format!("fly-secrets adopt --app {app} {names}"),
            "or keep Fly's, where you know that it is the vault's value",
        ));
    }
    next
}

fn deploy(app: &str) -> (String, &'static str) {
    (format!("fly-secrets apply --app {app} --deploy --approve"), "restart the machines")
}
