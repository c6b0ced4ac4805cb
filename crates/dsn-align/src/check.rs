//! `check`: every place against its group's canonical one, by its reader, and against policy.

mod budget;
mod chatwoot;
mod connect;
mod duplicate;
mod hybrid;
mod policy;
mod same;
mod service;
mod spelling;
mod split;

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use dsn::{Dsn, Fields, Kind, Reader, Refusal};
use opsfile::{Ops, Place, Policy};
use report::{CommandLine, Exit, Finding, Invocation, Palette, Report, Streams};
use secret::Secret;

use crate::args::{Args, CheckOptions};
use crate::error::Error;
use crate::load;
use crate::place::{Content, Held, Missing, Value};
use crate::rules::TOOL;

pub(crate) use connect::hands_to_libpq;

/// Fewer places than this are not worth a thread.
const PLACES_A_THREAD: usize = 64;

/// Reads the places and answers with findings.
pub(crate) fn run(
    args: &Args,
    options: &CheckOptions,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = load::ops(&args.common, invocation)?;
    let wanted = wanted(&ops, &options.places)?;
    // The canonical places are read even where they are not checked.
    let mut needed = wanted.clone();
    for place in &wanted {
        if let Some(canonical) = ops.dsn.canonical(&place.group)
            && !needed.contains(&canonical)
        {
            needed.push(canonical);
        }
    }
    let held = load::places(&ops, &needed, invocation)?;
    let mut findings = decide(&held[..wanted.len()], &held, &ops.dsn.policy);
    if let Some(budget) = ops.dsn.budget.as_ref().filter(|_| options.places.is_empty()) {
        findings.push(budget::check(budget, &ops.relative(&ops.path)));
    }
    let report = Report::new(args.schema(), wanted.len(), findings);
    let palette = Palette::for_stdout(args.common.color, invocation);
    report.write(args.format(), &TOOL, palette, streams.stdout).map_err(Error::Write)?;
    Ok(report.exit())
}

pub(crate) fn wanted<'ops>(ops: &'ops Ops, names: &[String]) -> Result<Vec<&'ops Place>, Error> {
    if ops.dsn.place.is_empty() {
        return Err(Error::NoPlaces);
    }
    if names.is_empty() {
        return Ok(ops.dsn.place.iter().collect());
    }
    let mut wanted = Vec::new();
    for name in names {
        let place = load::named(ops, name)?;
        if !wanted.contains(&place) {
            wanted.push(place);
        }
    }
    Ok(wanted)
}

/// Decides on findings about `checked`; the canonical places among `all` are what they are held against.
pub(crate) fn decide(checked: &[Held<'_>], all: &[Held<'_>], policy: &Policy) -> Vec<Finding> {
    let meant: Vec<(&Held<'_>, Option<Dsn>)> = all
        .iter()
        .filter(|held| held.place.canonical)
        .map(|held| (held, read(held).and_then(Result::ok)))
        .collect();
    let judge = |held: &Held<'_>| {
        let canonical =
            meant.iter().find(|(canonical, _)| canonical.place.group == held.place.group);
        let canonical = canonical.and_then(|(canonical, dsn)| Some((*canonical, dsn.as_ref()?)));
        one(held, canonical, policy)
    };
    // A thread is started in the time that a few places take.
    let n_threads = match checked.len() / PLACES_A_THREAD {
        0 | 1 => 1,
        n => thread::available_parallelism().map_or(1, NonZero::get).min(n),
    };
    let mut parts = checked.chunks(checked.len().div_ceil(n_threads).max(1));
    let own = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().flat_map(judge).collect::<Vec<_>>()))
            .collect();
        let mut findings: Vec<Finding> = own.iter().flat_map(judge).collect();
        for thread in threads {
            match thread.join() {
                Ok(more) => findings.extend(more),
                Err(panicked) => resume_unwind(panicked),
            }
        }
        findings
    })
}

/// What a place means to its reader; `None` where nothing is there to be read.
pub(crate) fn read(held: &Held<'_>) -> Option<Result<Dsn, Refusal>> {
    match &held.content {
        Content::Whole(value) if is_blank(value) => None,
        Content::Whole(value) => Some(read_text(&value.key, &value.text, held.place)),
        Content::Split(fields) => {
            let mut given = Fields::new();
            for (field, (_, value)) in fields {
                if let Some(value) = value.as_ref().filter(|value| !value.text.is_empty()) {
                    // Into a set of fields, which are secrets again.
                    given.set(field.as_str(), value.text.expose());
                }
            }
            Some(Ok(Dsn::from_fields(Kind::Postgres, given)))
        }
        Content::Missing(_) | Content::Unseen => None,
    }
}

/// Whether a key is there and set to nothing.
fn is_blank(value: &Value) -> bool {
    value.text.expose().trim_ascii().is_empty()
}

/// What a string under that key means to the reader of a place.
pub(crate) fn read_text(key: &str, text: &Secret, place: &Place) -> Result<Dsn, Refusal> {
    let reader = reader(place);
    // To the parsers, which keep what they read as secrets.
    let text = text.expose();
    if dsn::is_redis(text) {
        if reader.kind() == Kind::Redis {
            return reader.read(text).map(|fields| Dsn::from_fields(Kind::Redis, fields));
        }
        if key.to_ascii_uppercase().contains("REDIS") {
            return Dsn::parse(text);
        }
        return Err(Refusal::new("a Redis URL where a PostgreSQL string is expected"));
    }
    if reader.kind() == Kind::Redis {
        return reader.read(text).map(|fields| Dsn::from_fields(Kind::Redis, fields));
    }
    if reader == Reader::Libpq {
        return Dsn::parse(text);
    }
    let fields = reader.read(text)?;
    Ok(Dsn::from_fields(Kind::Postgres, fields))
}

/// What is wrong with one place.
fn one(held: &Held<'_>, canonical: Option<(&Held<'_>, &Dsn)>, policy: &Policy) -> Vec<Finding> {
    let findings = &mut Vec::new();
    let name = &held.place.name;
    duplicate::check(held, findings);
    match &held.content {
        Content::Missing(Missing::File) => {
            findings.push(at(
                held,
                Finding::error("missing", format!("{name}: the file is not there")),
            ));
        }
        Content::Missing(Missing::Key(key)) => {
            let finding =
                Finding::error("missing", format!("{name}: the key is not there")).key(key);
            findings.push(at(held, finding));
        }
        Content::Unseen => {
            let message = format!("{name}: a Fly secret cannot be read back");
            let hint =
                "`fly-secrets plan` compares what was applied last with what the place would hold";
            findings.push(Finding::note("note", message).key(name).hint(hint));
        }
        Content::Whole(value) if is_blank(value) => {
            let message = format!("{name}: the key is there, and its value is empty");
            let hint = "write the string, or take the place out of ops.toml";
            findings.push(at_value(held, value, Finding::error("missing", message).hint(hint)));
        }
        Content::Whole(value) => {
            spelling::whole(held, value, reader(held.place), findings);
            match read(held) {
                Some(Ok(dsn)) => understood(held, &dsn, canonical, policy, findings),
                Some(Err(refusal)) => findings.push(refused(held, value, &refusal)),
                None => {}
            }
        }
        Content::Split(fields) => {
            split::complete(held, fields, findings);
            if let Some(Ok(dsn)) = read(held) {
                split::encoded(held, fields, canonical.map(|(_, dsn)| dsn), findings);
                understood(held, &dsn, canonical, policy, findings);
            }
        }
    }
    std::mem::take(findings)
}

fn understood(
    held: &Held<'_>,
    dsn: &Dsn,
    canonical: Option<(&Held<'_>, &Dsn)>,
    policy: &Policy,
    findings: &mut Vec<Finding>,
) {
    let services = dsn::classify_each(dsn);
    if dsn.kind() == Kind::Postgres {
        policy::check(held, dsn, policy, findings);
    }
    connect::check(held, dsn, &services, findings);
    service::check(held, dsn, &services, findings);
    hybrid::check(held, dsn, findings);
    chatwoot::check(held, dsn, findings);
    if let Some((canonical, meant)) = canonical
        && canonical.place.name != held.place.name
    {
        same::check(held, dsn, canonical, meant, findings);
    }
}

fn refused(held: &Held<'_>, value: &Value, refusal: &Refusal) -> Finding {
    let Place { name, reader, .. } = held.place;
    let finding =
        Finding::error("refused", format!("{name}: {reader} refuses the string: {refusal}"));
    let finding = match refusal.advice() {
        Some(advice) => finding.hint(advice),
        None => finding,
    };
    at_value(held, value, finding)
}

/// Whether a parameter has the same words for its values in a client as in libpq; JDBC's `targetServerType`
/// is `target_session_attrs` in words of its own.
pub(crate) fn is_comparable(field: &str, reader: Reader) -> bool {
    reader != Reader::Jdbc || field != "target_session_attrs"
}

/// The reader that a place declares; libpq where the name is none of ours.
pub(crate) fn reader(place: &Place) -> Reader {
    Reader::from_name(&place.reader).unwrap_or(Reader::Libpq)
}

/// Says where a place is: its file, and its key and line where it has one.
pub(crate) fn at(held: &Held<'_>, finding: Finding) -> Finding {
    let finding = match &held.path {
        Some(path) => finding.path(path),
        None => finding,
    };
    match &held.content {
        Content::Whole(value) => mark(value, finding),
        Content::Split(fields) => {
            let first = fields.values().find_map(|(_, value)| value.as_ref());
            match (first, finding.subject.key.is_some()) {
                (Some(value), false) => mark(value, finding),
                _ => finding,
            }
        }
        Content::Missing(_) | Content::Unseen => finding,
    }
}

/// Says where one value of a place is.
pub(crate) fn at_value(held: &Held<'_>, value: &Value, finding: Finding) -> Finding {
    let finding = mark(value, finding);
    match &held.path {
        Some(path) => finding.path(path),
        None => finding,
    }
}

fn mark(value: &Value, mut finding: Finding) -> Finding {
    finding = finding.key(&value.key);
    if let Some(line) = value.line {
        finding = finding.line(line);
    }
    match value.column {
        Some(column) => finding.column(column),
        None => finding,
    }
}

/// The value that holds a field: the whole string, or the field's own key.
pub(crate) fn value_of<'held>(held: &'held Held<'_>, field: &str) -> Option<&'held Value> {
    match &held.content {
        Content::Whole(value) => Some(value),
        Content::Split(fields) => {
            let found = fields.iter().find(|(known, _)| known.as_str() == field);
            found.and_then(|(_, (_, value))| value.as_ref())
        }
        Content::Missing(_) | Content::Unseen => None,
    }
}

/// Puts a finding where the field is, or where the place is.
pub(crate) fn at_field(held: &Held<'_>, field: &str, finding: Finding) -> Finding {
    match value_of(held, field) {
        Some(value) => at_value(held, value, finding),
        None => at(held, finding),
    }
}
