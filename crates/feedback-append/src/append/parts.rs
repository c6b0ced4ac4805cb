//! The parts of an entry from the command line and standard input, each made sure to fit its line.

use std::ffi::OsString;
use std::io::Read;

use chrono::{DateTime, Utc};
use report::{Invocation, Streams};
use rustix::rand::{GetRandomFlags, getrandom};
use ulid::Ulid;

use super::editor;
use crate::args::AppendArgs;
use crate::blocks;
use crate::cite::Cited;
use crate::draft::{self, Draft};
use crate::error::Error;
use crate::field::{self, Topic};
use crate::stamp::{self, Precision, Zone};
use crate::summary::State;

/// The most bytes of standard input that are looked at; what is longer is refused as an entry anyway.
const INPUT: u64 = 1 << 20;

/// Puts the entry together.
pub(super) fn draft(
    args: &AppendArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
    cited: &Cited,
    owner: Option<&str>,
) -> Result<Draft, Error> {
    let title = one_line("--title", args.title.as_deref().unwrap_or_default(), 200)?;
    if blocks::without_closing_signs(&title) != title {
        return Err(Error::option(
            "--title",
            "must not end in `#` behind a space, which markdown reads as the end of the heading",
        ));
    }
    let status = match &args.status {
        Some(status) => Some(one_line("--status", status, 120)?),
        None if !args.blocked_by.is_empty() => Some("blocked".to_owned()),
        None => cited.status().map(str::to_owned),
    };
    if let Some(status) =
        status.as_ref().filter(|status| !args.blocked_by.is_empty() && is_over(status))
    {
        let why = format!("is for work that waits, and `--status {status}` says that it does not");
        return Err(Error::option("--blocked-by", why));
    }
    let happened = match (&args.at, &args.at_reason) {
        (Some(at), Some(reason)) => {
            Some((past("--at", at, invocation.now)?, one_line("--at-reason", reason, 300)?))
        }
        _ => None,
    };
    let mut fields = Vec::new();
    // Who reads another's log must see who wrote there.
    if let Some(writer) = args.writer.as_ref().filter(|writer| owner != Some(writer.as_str())) {
        fields.push(format!("By: {writer}"));
    }
    for given in &args.field {
        let line = one_line("--field", given, 2_000)?;
        if field::read(&line).is_none_or(|field| field.is_item || field.value.is_empty()) {
            return Err(Error::option(
                "--field",
                "must be a label, a colon and a value, as 'Owner: chatwoot'",
            ));
        }
        if field::read(&line).is_some_and(|field| field.topic == Topic::Status) {
            return Err(Error::option("--field", "must not be a status, which `--status` gives"));
        }
        fields.push(line);
    }
    let id = match &args.id {
        Some(id) => key(id)?,
        None => fresh_id(invocation.now)?,
    };
    let commands = lines("--command", &args.command)?;
    let next = lines("--next", &args.next)?;
    let blocked_by = lines("--blocked-by", &args.blocked_by)?;
    // The text comes last, so that nobody types one in vain.
    let body = match &args.message {
        given if args.editor => edited(given.as_deref(), &title, invocation)?,
        Some(message) => message.clone(),
        None if invocation.stdin_is_terminal => by_hand(args, &title, invocation, streams)?,
        None => input(streams)?,
    };
    Ok(Draft {
        title,
        status,
        happened,
        fields,
        body: draft::tidy(&body),
        runs: cited.runs.clone(),
        commands,
        next,
        blocked_by,
        evidence: cited.wholes.clone(),
        id,
    })
}

/// Whether a status says that nothing is waited for any more.
fn is_over(status: &str) -> bool {
    matches!(State::of(status), Some(State::Completed | State::Cancelled))
}

/// The text from the editor that was asked for, whatever else the entry has.
fn edited(given: Option<&str>, title: &str, invocation: &Invocation) -> Result<String, Error> {
    if !invocation.stdin_is_terminal {
        return Err(Error::option(
            "--editor",
            "needs a terminal; the text comes from standard input or --message without it",
        ));
    }
    match chosen_editor(invocation) {
        Some(editor) => editor::text(&editor, title, given.unwrap_or_default(), invocation),
        None => Err(Error::option("--editor", "needs $VISUAL or $EDITOR, which are not set")),
    }
}

fn chosen_editor(invocation: &Invocation) -> Option<OsString> {
    let mut named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| invocation.variable(name));
    named.find(|editor| !editor.is_empty())
}

/// At a terminal, an entry that cites nothing gets its text from the editor, else from what is typed.
fn by_hand(
    args: &AppendArgs,
    title: &str,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<String, Error> {
    if !(args.evidence.is_empty() && args.command.is_empty()) {
        return Ok(String::new());
    }
    if let Some(editor) = chosen_editor(invocation) {
        return editor::text(&editor, title, "", invocation);
    }
    writeln!(
        streams.stderr,
        "Write the text; end it with Ctrl-D. ($EDITOR would open an editor.)"
    )?;
    input(streams)
}

fn input(streams: &mut Streams<'_>) -> Result<String, Error> {
    let mut bytes = Vec::new();
    streams
        .stdin
        .take(INPUT)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::Read { path: "standard input".into(), source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn lines(option: &'static str, given: &[String]) -> Result<Vec<String>, Error> {
    given.iter().map(|line| one_line(option, line, 2_000)).collect()
}

fn one_line(name: &'static str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::option(name, "must not be empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::option(name, "must be one line without control characters"));
    }
    if text.len() > most {
        let why = format!("has {} bytes, and at most {most} are good to read", text.len());
        return Err(Error::option(name, why));
    }
    Ok(text.to_owned())
}

fn key(id: &str) -> Result<String, Error> {
    let is_key = (1..=200).contains(&id.len())
        && id.chars().all(|other| other.is_ascii_alphanumeric() || "._:/@+=-".contains(other));
    if is_key {
        Ok(id.to_owned())
    } else {
        Err(Error::option("--id", "must be 1 to 200 letters, digits or one of . _ : / @ + = -"))
    }
}

/// An id that sorts by time and that no other process makes.
fn fresh_id(now: DateTime<Utc>) -> Result<String, Error> {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    let mut random = [0; 16];
    // So few bytes come whole.
    getrandom(&mut random, GetRandomFlags::empty()).map_err(|source| Error::Read {
        path: "the random bytes of the system".into(),
        source: source.into(),
    })?;
    Ok(Ulid::from_parts(millis, u128::from_ne_bytes(random)).to_string())
}

fn past(name: &'static str, text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let exact = stamp::read_whole(text).filter(|stamp| stamp.precision != Precision::Day);
    let Some((Some(at), zone)) = exact.map(|stamp| (stamp.at, stamp.zone)) else {
        return Err(Error::option(name, "must be a time, as 2026-11-22T17:03:11Z"));
    };
    if zone == Zone::Unsaid {
        return Err(Error::option(name, stamp::without_zone(at)));
    }
    if at > now {
        return Err(Error::Future { at: stamp::write(at), now: stamp::write(now) });
    }
    Ok(at)
}
