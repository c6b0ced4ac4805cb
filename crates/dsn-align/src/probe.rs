//! `probe`: every place for real, all at once, one attempt each.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use dsn::{Dsn, Kind};
use probe::{Failure, Options, Outcome, PostgresFacts, RedisFacts, Step, postgres, redis};
use report::{CommandLine, Exit, Format, Invocation, Palette, Streams};

use crate::args::{Args, ProbeOptions};
use crate::check;
use crate::error::Error;
use crate::json::{FailureAnswer, ProbeAnswer, ProbedAnswer, StepAnswer};
use crate::load;
use crate::place::{Content, Held};

/// Probes the places and answers what is there.
pub(crate) fn run(
    args: &Args,
    options: &ProbeOptions,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = load::ops(&args.common, invocation)?;
    let wanted = check::wanted(&ops, &options.places)?;
    let held = load::places(&ops, &wanted, invocation)?;
    let how = Options {
        timeout: Duration::from_secs(options.timeout),
        folder: ops.folder.clone(),
        authorities: options.authorities.as_ref().map(|path| invocation.cwd.join(path)),
    };
    let probed: Vec<ProbedAnswer> = thread::scope(|scope| {
        let how = &how;
        let running: Vec<_> = held.iter().map(|held| scope.spawn(move || one(held, how))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let is_ok = probed.len() == held.len() && probed.iter().all(|place| place.failure.is_none());
    let written = if args.format() == Format::Json {
        let verdict = if is_ok { "ok" } else { "findings" };
        report::json(
            streams.stdout,
            &ProbeAnswer { schema: args.schema(), verdict, places: probed },
        )
    } else {
        let palette = Palette::for_stdout(args.common.color, invocation);
        probed.iter().try_for_each(|place| human(place, palette, streams.stdout))
    };
    written.map_err(Error::Write)?;
    Ok(if is_ok { Exit::OK } else { Exit::FINDINGS })
}

fn one(held: &Held<'_>, how: &Options) -> ProbedAnswer {
    let mut answer = nothing(held);
    match check::read(held) {
        None if matches!(held.content, Content::Unseen) => {
            answer.failure = Some(failed(
                "read",
                "a Fly secret cannot be read back",
                "probe the place it comes from",
            ));
        }
        None => {
            let why = "the file or key is not there";
            answer.failure = Some(failed("read", why, "see `dsn-align check`"));
        }
        Some(Err(refusal)) => {
            let hint = refusal.advice().unwrap_or("see `dsn-align check`").to_owned();
            answer.failure = Some(failed("read", &refusal.to_string(), &hint));
        }
        Some(Ok(dsn)) if dsn.kind() == Kind::Postgres => {
            let dsn = with_neighbours(held, dsn);
            answer.kind = Some("postgres");
            let declared = dsn::classify(&dsn).mode.map(dsn::Mode::name);
            postgres_facts(&mut answer, postgres(&dsn, how), declared);
        }
        Some(Ok(dsn)) => {
            answer.kind = Some("redis");
            redis_facts(&mut answer, redis(&dsn, how));
        }
    }
    answer
}

/// A split place's sslmode is libpq's PGSSLMODE in the same file.
fn with_neighbours(held: &Held<'_>, dsn: Dsn) -> Dsn {
    let beside = held.neighbour("PGSSLMODE").filter(|_| matches!(held.content, Content::Split(_)));
    let Some(mode) = beside.filter(|_| dsn.fields().get("sslmode").is_none()) else { return dsn };
    let kind = dsn.kind();
    let mut fields = dsn.into_fields();
    // Into a set of fields, which are secrets too.
    fields.set("sslmode", mode.expose());
    Dsn::from_fields(kind, fields)
}

fn postgres_facts(
    answer: &mut ProbedAnswer,
    outcome: Outcome<PostgresFacts>,
    declared: Option<&'static str>,
) {
    let facts = outcome.facts;
    answer.reachable = facts.reachable;
    answer.authenticated = facts.authenticated;
    answer.tls = facts.tls;
    answer.server_version = facts.server_version;
    answer.connections = facts.connections;
    answer.max_connections = facts.max_connections;
    answer.mode = match (facts.is_pooled, facts.shares_backend) {
        (Some(false), _) => Some("direct"),
        (Some(true), Some(true)) => Some("transaction"),
        (Some(true), Some(false)) => Some("session"),
        (Some(true), None) => declared,
        (None, _) => None,
    };
    ended(answer, &outcome.steps, outcome.failure);
}

fn redis_facts(answer: &mut ProbedAnswer, outcome: Outcome<RedisFacts>) {
    let facts = outcome.facts;
    answer.reachable = facts.reachable;
    answer.authenticated = facts.authenticated;
    answer.tls = facts.tls;
    answer.server_version = facts.server_version;
    answer.connections = facts.connections;
    answer.max_connections = facts.max_connections;
    ended(answer, &outcome.steps, outcome.failure);
}

fn ended(answer: &mut ProbedAnswer, steps: &[Step], failure: Option<(&'static str, Failure)>) {
    answer.steps = steps
        .iter()
        .map(|step| StepAnswer {
            name: step.name,
            milliseconds: u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX),
            said: step.said.clone(),
        })
        .collect();
    answer.failure =
        failure.map(|(step, failure)| failed(step, &failure.to_string(), failure.hint()));
}

fn failed(step: &'static str, message: &str, hint: &str) -> FailureAnswer {
    FailureAnswer { step, message: message.to_owned(), hint: hint.to_owned() }
}

fn nothing(held: &Held<'_>) -> ProbedAnswer {
    ProbedAnswer {
        place: held.place.name.clone(),
        kind: None,
        reachable: false,
        authenticated: false,
        tls: None,
        server_version: None,
        mode: None,
        connections: None,
        max_connections: None,
        steps: Vec::new(),
        failure: None,
    }
}

fn human(place: &ProbedAnswer, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    let verdict = match place.failure {
        None => palette.ok("ok"),
        Some(_) => palette.error("failed"),
    };
    writeln!(out, "{}: {verdict}", palette.bold(&place.place))?;
    for step in &place.steps {
        writeln!(out, "  {:14}{:>6} ms  {}", step.name, step.milliseconds, step.said)?;
    }
    if let Some(failure) = &place.failure {
        writeln!(out, "  {:14}{:>6}     {}", failure.step, "", palette.error(&failure.message))?;
        writeln!(out, "  {} {}", palette.hint("hint:"), failure.hint)?;
    }
    let mut known = Vec::new();
    if let Some(version) = &place.server_version {
        known.push(format!("{} {version}", place.kind.unwrap_or("server")));
    }
    known.extend(place.mode.map(|mode| format!("{mode} mode")));
    match (place.connections, place.max_connections) {
        (Some(used), Some(most)) => known.push(format!("{used} of {most} connections in use")),
        (Some(used), None) => known.push(format!("{used} connections in use")),
        _ => {}
    }
    if known.is_empty() { Ok(()) } else { writeln!(out, "  {}", known.join(", ")) }
}
