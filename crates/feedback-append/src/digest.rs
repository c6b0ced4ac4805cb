//! `digest`: where each role stands, for a stand-up: its newest entry, since when it is blocked, what is due.

use chrono::{DateTime, NaiveDate, Utc};
use report::{Exit, Format, Invocation, Streams};

use crate::args::{Args, DigestArgs};
use crate::check;
use crate::error::Error;
use crate::json::{self, ListedEntry, RoleDigest};
use crate::list::{self, Listed};
use crate::stamp;
use crate::summary::State;

/// Writes the digest of the named logs, or of all declared ones.
pub(crate) fn run(
    args: &Args,
    digest: &DigestArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (repo, mut listed) = list::load(args, &digest.files, invocation)?;
    let files = if digest.files.is_empty() {
        check::declared(&repo)?
    } else {
        digest.files.iter().map(|file| invocation.cwd.join(file)).collect()
    };
    let expiries: Vec<(String, Option<NaiveDate>)> = check::read(&repo, &files)?
        .iter()
        .map(|log| {
            let expires = log.block.as_ref().and_then(|block| block.value(&log.text, "expires"));
            (
                log.shown.clone(),
                expires.and_then(|text| stamp::read(text)?.0.at).map(|at| at.date_naive()),
            )
        })
        .collect();
    listed.sort_by_key(|listed| listed.entry.at);
    let blocked: Vec<(String, Option<DateTime<Utc>>)> =
        expiries.iter().map(|(path, _)| (path.clone(), blocked_since(&listed, path))).collect();
    let newest = list::latest(listed);
    let mut roles: Vec<RoleDigest<'_>> = Vec::new();
    for (path, expires) in &expiries {
        let latest = newest.iter().find(|listed| listed.path == *path);
        let since = blocked.iter().find(|(known, _)| known == path).and_then(|(_, since)| *since);
        let is_due = expires.is_some_and(|expires| expires <= invocation.now.date_naive());
        roles.push(RoleDigest {
            path,
            role: latest.map(|listed| listed.role.as_str()),
            latest: latest.map(ListedEntry::of),
            blocked_since: since.map(stamp::write),
            expires: expires.map(|expires| expires.to_string()),
            due: is_due,
        });
    }
    write(digest, &roles, invocation.now, streams)?;
    Ok(Exit::OK)
}

/// When the unbroken row of blocked entries at the end began.
fn blocked_since(by_time: &[Listed], path: &str) -> Option<DateTime<Utc>> {
    let of_log = by_time.iter().rev().filter(|listed| listed.path == path);
    let row = of_log.take_while(|listed| listed.entry.state == Some(State::Blocked));
    row.filter_map(|listed| listed.entry.at).last()
}

fn write(
    digest: &DigestArgs,
    roles: &[RoleDigest<'_>],
    now: DateTime<Utc>,
    streams: &mut Streams<'_>,
) -> Result<(), Error> {
    if digest.answer.format == Format::Json {
        return Ok(report::json(streams.stdout, &json::Digest { schema: json::DIGEST, roles })?);
    }
    for role in roles {
        writeln!(streams.stdout, "{} ({})", role.role.unwrap_or("—"), role.path)?;
        let Some(latest) = &role.latest else {
            writeln!(streams.stdout, "  no entry yet")?;
            continue;
        };
        let state = latest.state.map_or(String::new(), |state| format!(" [{state}]"));
        let at = latest.at.as_deref().unwrap_or("no time");
        writeln!(streams.stdout, "  {at}{state} {}", latest.action)?;
        if let Some(since) = &role.blocked_since {
            let by = latest.blocked_by.join("; ");
            let by = if by.is_empty() { by } else { format!(" by {by}") };
            writeln!(streams.stdout, "  blocked since {since}{by}")?;
        }
        for next in latest.next_action {
            writeln!(streams.stdout, "  next: {next}")?;
        }
        if role.due {
            let expires = role.expires.as_deref().unwrap_or_default();
            let today = now.date_naive();
            writeln!(streams.stdout, "  due: the log expired on {expires}; today is {today}")?;
        }
    }
    Ok(())
}
