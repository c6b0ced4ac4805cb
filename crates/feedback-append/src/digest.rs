//! `digest`: where each role stands, for a stand-up: its newest entry, since when it is blocked, what is due.

use chrono::{DateTime, NaiveDate, Utc};
use report::{Exit, Format, Invocation, Streams, in_line};

use crate::args::{Args, DigestArgs};
use crate::error::Error;
use crate::git::Git;
use crate::json::{self, ListedEntry, RoleDigest};
use crate::list::{self, Listed, RoleLog};
use crate::repo::{self, Repo};
use crate::stamp;
use crate::summary::State;

/// One role and its entries, the newest first.
struct Role {
    name: String,
    path: String,
    expires: Option<NaiveDate>,
    entries: Vec<Listed>,
}

/// Writes the digest of the named logs, or of all declared ones.
pub(crate) fn run(
    args: &Args,
    digest: &DigestArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (repo, logs, listed) = list::load(args, &digest.files, true, invocation)?;
    let mut roles = roles(&repo, logs);
    for listed in listed {
        if let Some(role) = roles.iter_mut().find(|role| role.name == listed.role) {
            role.entries.push(listed);
        }
    }
    for role in &mut roles {
        // The later of two with one time comes first; a time ahead of the clock counts as now.
        role.entries.sort_by_key(|listed| listed.entry.at.map(|at| at.min(invocation.now)));
        role.entries.reverse();
        let newest = role.entries.first();
        // Of daily files the newest; a log with an archive is shown by its own name.
        if let Some(newest) = newest.filter(|newest| !newest.path.contains("/archive/")) {
            role.path.clone_from(&newest.path);
        }
    }
    let told: Vec<_> = roles.iter().map(|role| tell(role, invocation.now)).collect();
    if digest.answer.format == Format::Json {
        let answer = json::Digest { schema: json::DIGEST, roles: &told };
        report::json(streams.stdout, &answer)?;
    } else {
        let git = Git::open(&repo.folder, invocation);
        let git = git.as_ref();
        told.iter().try_for_each(|role| write(role, &repo, git, invocation.now, streams))?;
    }
    Ok(Exit::OK)
}

/// The roles of these logs, in order; one may have several, as daily files.
fn roles(repo: &Repo, logs: Vec<RoleLog>) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    for RoleLog { path, role: name, expires } in logs {
        if let Some(role) = roles.iter_mut().find(|role| role.name == name) {
            role.expires = role.expires.max(expires);
        } else {
            let path = repo.shown(&repo::resolved(&path));
            roles.push(Role { name, path, expires, entries: Vec::new() });
        }
    }
    roles
}

fn tell(role: &Role, now: DateTime<Utc>) -> RoleDigest<'_> {
    let is_blocked = |listed: &&Listed| listed.entry.state == Some(State::Blocked);
    // The unbroken row of blocked entries that ends with the newest; an entry that tells no state changes none.
    let told = role.entries.iter().filter(|listed| listed.entry.state.is_some());
    let row: Vec<&Listed> = told.take_while(is_blocked).collect();
    let planning = role.entries.iter().find(|listed| !listed.entry.next.is_empty());
    RoleDigest {
        path: &role.path,
        role: &role.name,
        latest: role.entries.first().map(ListedEntry::of),
        blocked_since: row
            .iter()
            .filter_map(|listed| listed.entry.at)
            .next_back()
            .map(stamp::write),
        blocked_by: row.first().map_or(&[], |listed| listed.entry.blocked_by.as_slice()),
        next: planning.map_or(&[], |listed| listed.entry.next.as_slice()),
        next_at: planning.and_then(|listed| listed.entry.at).map(stamp::write),
        expires: role.expires.map(|expires| expires.to_string()),
        due: role.expires.is_some_and(|expires| expires <= now.date_naive()),
    }
}

/// What is said of a role without an entry.
fn without_entry(role: &RoleDigest<'_>, repo: &Repo, git: Option<&Git>) -> Result<String, Error> {
    if repo.folder.join(role.path).exists() {
        return Ok("no entry yet".to_owned());
    }
    if is_gone(role, repo, git)? {
        return Ok(gone(role));
    }
    Ok(format!("no log yet; `feedback-append new --role {}` makes it", role.role))
}

fn gone(role: &RoleDigest<'_>) -> String {
    format!("the log is gone, and git has it; `feedback-append check {}` says where", role.path)
}

/// Whether a log is not there that git has, or had in any commit.
fn is_gone(role: &RoleDigest<'_>, repo: &Repo, git: Option<&Git>) -> Result<bool, Error> {
    let Some(git) = git.filter(|_| !repo.folder.join(role.path).exists()) else {
        return Ok(false);
    };
    let path = role.path.to_owned();
    if git.is_tracked(&path) {
        return Ok(true);
    }
    Ok(git.history(None, &[path], |_| false)?.iter().any(|history| !history.versions.is_empty()))
}

fn write(
    role: &RoleDigest<'_>,
    repo: &Repo,
    git: Option<&Git>,
    now: DateTime<Utc>,
    streams: &mut Streams<'_>,
) -> Result<(), Error> {
    let out = &mut *streams.stdout;
    writeln!(out, "{} ({})", in_line(role.role), in_line(role.path))?;
    let Some(latest) = &role.latest else {
        writeln!(out, "  {}", without_entry(role, repo, git)?)?;
        return Ok(());
    };
    if is_gone(role, repo, git)? {
        writeln!(out, "  {}", gone(role))?;
    }
    let state = latest.state.map_or(String::new(), |state| format!(" [{state}]"));
    let at = latest.at.as_deref().unwrap_or("no time");
    writeln!(out, "  {at}{state} {}", in_line(latest.action))?;
    if let Some(since) = &role.blocked_since {
        let by = in_line(&role.blocked_by.join("; "));
        let by = if by.is_empty() { by } else { format!(" by {by}") };
        writeln!(out, "  blocked since {since}{by}")?;
    }
    let as_of = match (&role.next_at, latest.next_action.is_empty()) {
        (Some(at), true) => format!(", as of {at}"),
        _ => String::new(),
    };
    for next in role.next {
        writeln!(out, "  next{as_of}: {}", in_line(next))?;
    }
    if role.due {
        let expires = role.expires.as_deref().unwrap_or_default();
        let today = now.date_naive().to_string();
        if expires == today {
            writeln!(out, "  due: the log expires today, {today}")?;
        } else {
            writeln!(out, "  due: the log expired on {expires}; today is {today}")?;
        }
    }
    Ok(())
}
