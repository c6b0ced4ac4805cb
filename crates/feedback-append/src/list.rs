//! `list`: the entries of logs in any dialect, filtered, for people and programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use report::{Exit, Format, Invocation, Streams, in_line};

use crate::archive;
use crate::args::{Args, ListArgs};
use crate::check;
use crate::error::Error;
use crate::json::{self, ListedEntry};
use crate::repo::{self, Repo};
use crate::stamp::{self, Precision, Zone};
use crate::summary::{self, State, Summary};
use crate::target::Target;

/// An entry with the log and role that it belongs to.
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) role: String,
    /// The role that wrote it, where that is another declared one.
    pub(crate) writer: Option<String>,
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
    let (repo, _, mut listed) = load(args, &list.files, list.latest, invocation)?;
    let declared = || repo.ops.iter().flat_map(|ops| ops.feedback.roles.keys());
    let is_known = |role: &String| {
        listed.iter().any(|listed| listed.role == *role) || declared().any(|known| known == role)
    };
    if let Some(role) = list.role.iter().find(|role| !is_known(role)) {
        return Err(Error::UnknownRole {
            role: role.clone(),
            known: declared().cloned().collect(),
        });
    }
    if list.latest {
        if list.blocked || list.status.is_some() {
            // Where a role stands is what its newest entry says that tells a state.
            listed.retain(|listed| listed.entry.state.is_some() || listed.entry.status.is_some());
        }
        listed = latest(listed, invocation.now);
    }
    listed.retain(|listed| {
        let Listed { role, writer, entry, .. } = listed;
        let is_asked = |role: &String| list.role.contains(role);
        (list.role.is_empty() || is_asked(role) || writer.as_ref().is_some_and(is_asked))
            && since.is_none_or(|since| entry.at.is_some_and(|at| at >= since))
            && until.is_none_or(|until| entry.at.is_some_and(|at| at < until))
            && (!list.blocked || entry.state == Some(State::Blocked))
            && list.status.as_ref().is_none_or(|wanted| has_status(entry, wanted))
    });
    write(list, &listed, streams)?;
    Ok(Exit::OK)
}

/// A log that was asked for, there or not, and the role that it is of.
pub(crate) struct RoleLog {
    pub(crate) path: PathBuf,
    pub(crate) role: String,
    /// What its front matter says of the day on which it expires.
    pub(crate) expires: Option<NaiveDate>,
}

/// Reads the named logs, or all declared ones (and on request their archives), and what their entries tell.
pub(crate) fn load(
    args: &Args,
    files: &[PathBuf],
    with_archives: bool,
    invocation: &Invocation,
) -> Result<(Repo, Vec<RoleLog>, Vec<Listed>), Error> {
    let files: Vec<PathBuf> =
        files.iter().map(|file| repo::resolved(&invocation.cwd.join(file))).collect();
    let repo = Repo::around(args.common.ops.as_deref(), &files, invocation)?;
    let is_all = files.is_empty();
    let files = if is_all { check::all_declared(&repo)? } else { files };
    let is_declared =
        |name: &String| repo.ops.as_ref().is_some_and(|ops| ops.feedback.roles.contains_key(name));
    let (mut logs, mut listed) = (Vec::new(), Vec::new());
    for path in files {
        let role = role(&repo, &path);
        let mut expires = None;
        // A declared log that is not there is nothing to read.
        let paths = match (is_all, path.exists()) {
            (true, false) => Vec::new(),
            // An entry in the archive is one of the role all the same.
            (true, true) if with_archives => {
                archive::of(&path).into_iter().chain([path.clone()]).collect()
            }
            _ => vec![path.clone()],
        };
        for log in check::read(&repo, &paths)? {
            if log.path == path {
                let said = log.block.as_ref().and_then(|block| block.value(&log.text, "expires"));
                expires = said.and_then(|said| stamp::read(&said)?.0.at).map(|at| at.date_naive());
            }
            for entry in &log.entries.entries {
                let entry = summary::read(&log, entry);
                let writer = entry.by.clone().filter(|by| *by != role && is_declared(by));
                let path = log.shown.clone();
                listed.push(Listed { path, role: role.clone(), writer, entry });
            }
        }
        logs.push(RoleLog { path, role, expires });
    }
    Ok((repo, logs, listed))
}

/// Whose log this is: as ops.toml declares it, else as the file is named, or the folder of daily files.
fn role(repo: &Repo, path: &Path) -> String {
    if let Some((name, _)) = Target::of_file(repo, path).role {
        return name.to_owned();
    }
    if let Some(log) = archive::log_of(path) {
        return role(repo, &log);
    }
    let name = |path: Option<&OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    let stem = name(path.file_stem());
    let is_daily = stamp::read_whole(&stem).is_some();
    let folder = path.parent().filter(|_| is_daily).map(|folder| name(folder.file_name()));
    folder.filter(|folder| !folder.is_empty()).unwrap_or(stem)
}

/// The newest entry of each role; of two with one time, the later. A time ahead of the clock counts as now, so that
/// an invented one does not stay the newest.
pub(crate) fn latest(listed: Vec<Listed>, now: DateTime<Utc>) -> Vec<Listed> {
    let at = |listed: &Listed| listed.entry.at.map(|at| at.min(now));
    let mut newest: Vec<Listed> = Vec::new();
    for candidate in listed {
        match newest.iter_mut().find(|known| known.role == candidate.role) {
            Some(known) if at(&candidate) >= at(known) => *known = candidate,
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
    match stamp::read_whole(text).map(|stamp| (stamp.at, stamp.precision, stamp.zone)) {
        Some((Some(at), Precision::Minute | Precision::Second, Zone::Unsaid)) => {
            Err(Error::option(option, stamp::without_zone(at)))
        }
        Some((Some(at), ..)) => Ok(at),
        _ => Err(Error::option(option, "must be a date or a time, as 2026-11-22T17:03:11Z")),
    }
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
    for Listed { path, role, writer, entry } in listed {
        let at = entry.at.map_or("no time".to_owned(), |at| match entry.precision {
            "day" => at.format("%Y-%m-%d").to_string(),
            _ => at.format("%Y-%m-%d %H:%M").to_string(),
        });
        let state = entry.state.map_or("", State::word);
        let title = in_line(&entry.title);
        let (role, path) = (in_line(role), in_line(path));
        let by = writer.as_ref().map_or(String::new(), |writer| format!("  (by {writer})"));
        let cited = match entry.evidence.len() {
            0 => String::new(),
            1 => "  (1 citation)".to_owned(),
            many => format!("  ({many} citations)"),
        };
        writeln!(
            streams.stdout,
            "{at:16}  {role:role_width$}  {state:state_width$}  {title}{by}{cited}  {path}:{}",
            entry.line
        )?;
    }
    Ok(())
}
