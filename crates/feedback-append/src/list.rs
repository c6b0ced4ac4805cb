//! `list`: the entries of logs in any dialect, filtered, for people and programs.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use report::{Exit, Format, Invocation, Streams};

use crate::args::{Args, ListArgs};
use crate::check;
use crate::error::Error;
use crate::json::{self, ListedEntry};
use crate::repo::{self, Repo};
use crate::stamp;
use crate::summary::{self, State, Summary};
use crate::target::Target;

/// An entry with the log and role that it belongs to.
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) role: String,
    pub(crate) entry: Summary,
}

/// Lists the entries that the command line asks for.
pub(crate) fn run(
    args: &Args,
    list: &ListArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let since = list.since.as_deref().map(|time| instant("--since", time)).transpose()?;
    let until = list.until.as_deref().map(|time| instant("--until", time)).transpose()?;
    let (_, mut listed) = load(args, &list.files, invocation)?;
    if list.latest {
        listed = latest(listed);
    }
    listed.retain(|listed| {
        let Listed { role, entry, .. } = listed;
        (list.role.is_empty() || list.role.contains(role))
            && since.is_none_or(|since| entry.at.is_some_and(|at| at >= since))
            && until.is_none_or(|until| entry.at.is_some_and(|at| at < until))
            && (!list.blocked || entry.state == Some(State::Blocked))
            && list.status.as_ref().is_none_or(|wanted| has_status(entry, wanted))
    });
    write(list, &listed, streams)?;
    Ok(Exit::OK)
}

/// Reads the named logs, or all declared ones, and what their entries tell.
pub(crate) fn load(
    args: &Args,
    files: &[PathBuf],
    invocation: &Invocation,
) -> Result<(Repo, Vec<Listed>), Error> {
    let files: Vec<PathBuf> =
        files.iter().map(|file| repo::resolved(&invocation.cwd.join(file))).collect();
    let repo = Repo::around(args.common.ops.as_deref(), &files, invocation)?;
    let files = if files.is_empty() { check::declared(&repo)? } else { files };
    let mut listed = Vec::new();
    for log in check::read(&repo, &files)? {
        let target = Target::of_file(&repo, &log.path);
        let stem = || {
            log.path
                .file_stem()
                .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
        };
        let role = target.role.map_or_else(stem, |(name, _)| name.to_owned());
        for entry in &log.entries.entries {
            listed.push(Listed {
                path: log.shown.clone(),
                role: role.clone(),
                entry: summary::read(&log, entry),
            });
        }
    }
    Ok((repo, listed))
}

/// The newest entry of each log; of two with one time, the later in the file.
pub(crate) fn latest(listed: Vec<Listed>) -> Vec<Listed> {
    let mut newest: Vec<Listed> = Vec::new();
    for candidate in listed {
        match newest.iter_mut().find(|known| known.path == candidate.path) {
            Some(known) if candidate.entry.at >= known.entry.at => *known = candidate,
            Some(_) => {}
            None => newest.push(candidate),
        }
    }
    newest
}

fn has_status(entry: &Summary, wanted: &str) -> bool {
    let is_written = entry
        .status
        .as_ref()
        .is_some_and(|status| status.to_lowercase().starts_with(&wanted.to_lowercase()));
    let state = State::of(wanted);
    is_written || entry.state.is_some_and(|known| known.word() == wanted || state == Some(known))
}

fn instant(option: &'static str, text: &str) -> Result<DateTime<Utc>, Error> {
    let read = stamp::read(text.trim()).filter(|(_, length)| *length == text.trim().len());
    read.and_then(|(stamp, _)| stamp.at).ok_or_else(|| Error::Option {
        option,
        why: "must be a date or a time, as 2026-11-22T17:03:11Z".to_owned(),
    })
}

fn write(list: &ListArgs, listed: &[Listed], streams: &mut Streams<'_>) -> Result<(), Error> {
    if list.lines {
        for listed in listed {
            report::json(streams.stdout, &ListedEntry::of(listed))?;
        }
        return Ok(());
    }
    if list.answer.format == Format::Json {
        let entries = listed.iter().map(ListedEntry::of).collect();
        return Ok(report::json(streams.stdout, &json::List { schema: json::LIST, entries })?);
    }
    let width = |text: fn(&Listed) -> &str| {
        listed.iter().map(|listed| text(listed).chars().count()).max().unwrap_or(0)
    };
    let role_width = width(|listed| &listed.role);
    let state_width = width(|listed| listed.entry.state.map_or("", State::word));
    for Listed { path, role, entry } in listed {
        let at = entry.at.map_or("no time".to_owned(), |at| match entry.precision {
            "day" => at.format("%Y-%m-%d").to_string(),
            _ => at.format("%Y-%m-%d %H:%M").to_string(),
        });
        let state = entry.state.map_or("", State::word);
        let cited = match entry.evidence.len() {
            0 => String::new(),
            1 => "  (1 citation)".to_owned(),
            many => format!("  ({many} citations)"),
        };
        writeln!(
            streams.stdout,
            "{at:16}  {role:role_width$}  {state:state_width$}  {}{cited}  {path}:{}",
            entry.title, entry.line
        )?;
    }
    Ok(())
}
