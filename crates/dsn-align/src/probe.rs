//! `probe`: every place for real, all at once, one attempt each.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use dsn::{Dsn, Kind, Mask, Origin, Reader, Refusal, Version, raw_characters};
use opsfile::PlaceSource;
use probe::{
    Cause, Certificate, Failure, Options, Outcome, PostgresFacts, RedisFacts, Step, postgres, redis,
};
use report::{CommandLine, Exit, Format, Invocation, Palette, Streams};

use crate::args::{Args, ProbeOptions};
use crate::check;
use crate::error::Error;
use crate::json::{CertificateAnswer, FailureAnswer, ProbeAnswer, ProbedAnswer, StepAnswer};
use crate::load;
use crate::place::{Content, Held};
use crate::surroundings::{self, Surroundings};

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
    // Variables and files are looked at before any thread starts.
    let asked: Vec<Asked> = held.iter().map(|held| asked(held, &ops.folder, invocation)).collect();
    let probed: Vec<ProbedAnswer> = thread::scope(|scope| {
        let how = &how;
        let running: Vec<_> = held
            .iter()
            .zip(&asked)
            .map(|(held, asked)| scope.spawn(move || one(held, asked, how)))
            .collect();
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

/// What a place asks to be connected to, one string for each host, or why nothing can be.
type Asked = Result<Vec<Dsn>, FailureAnswer>;

fn asked(held: &Held<'_>, folder: &Path, invocation: &Invocation) -> Asked {
    let refused = |refusal: &Refusal| {
        let hint = refusal.advice().unwrap_or("see `dsn-align check`").to_owned();
        failed("read", &refusal.to_string(), &hint)
    };
    match check::read(held) {
        None if matches!(held.content, Content::Unseen) => {
            let why = "a Fly secret cannot be read back";
            Err(failed("read", why, "probe the place it comes from"))
        }
        None if matches!(held.content, Content::Whole(_)) => {
            Err(failed("read", "the value is empty", "see `dsn-align check`"))
        }
        None => Err(failed("read", "the file or key is not there", "see `dsn-align check`")),
        Some(Err(refusal)) => Err(refused(&refusal)),
        Some(Ok(dsn)) => {
            holds_no_password(held, &dsn)?;
            if dsn.kind() == Kind::Redis {
                return Ok(vec![dsn]);
            }
            completed(held, dsn, folder, invocation).map_err(|refusal| refused(&refusal))
        }
    }
}

/// Refuses a host or port that a piece of the password has come into: looking the host up would show it
/// to every DNS server on the way.
fn holds_no_password(held: &Held<'_>, dsn: &Dsn) -> Result<(), FailureAnswer> {
    let Content::Whole(value) = &held.content else { return Ok(()) };
    // To the mask and the search for raw characters; nothing of it is shown.
    let text = value.text.expose();
    let mask = Mask::new(text);
    let is_clean = |name: &str| {
        dsn.fields().get(name).is_none_or(|value| mask.value(name, value).as_bytes() == value)
    };
    let raw = raw_characters(text);
    let Some(first) = raw.first().filter(|_| !is_clean("host") || !is_clean("port")) else {
        return Ok(());
    };
    let message = format!(
        "{} at character {} of the string puts a piece of the password into the host, which DNS would see",
        first.name(),
        first.offset + 1
    );
    Err(failed("read", &message, &format!("write it as {}", first.spelling())))
}

/// Fills in what libpq and most other clients would: service file, `PG*` variables and password file.
///
/// The variables are those that stand beside the place; this process's own count for a place that is one.
fn completed(
    held: &Held<'_>,
    dsn: Dsn,
    folder: &Path,
    invocation: &Invocation,
) -> Result<Vec<Dsn>, Refusal> {
    let looks_nowhere = matches!(
        check::reader(held.place),
        Reader::TokioPostgres | Reader::Prisma | Reader::Jdbc | Reader::Npgsql
    );
    if looks_nowhere {
        return Ok(dsn::each_host(&dsn).collect());
    }
    let is_process = matches!(held.place.source, PlaceSource::Process { .. });
    let variables = |name: &str| {
        if is_process {
            return surroundings::variable(invocation, name);
        }
        // Into a set of fields, which are secrets too.
        let beside = held.neighbour(name).map(|value| value.expose().to_vec());
        // Where the operator keeps service and password files is the operator's affair, not the place's.
        let is_file = ["PGPASSFILE", "PGSERVICEFILE", "PGSYSCONFDIR"].contains(&name);
        beside.or_else(|| {
            let path = surroundings::variable(invocation, name).filter(|_| is_file)?;
            let path = invocation.cwd.join(OsStr::from_bytes(&path));
            Some(path.into_os_string().into_encoded_bytes())
        })
    };
    let world = Surroundings {
        variables: &variables,
        home: surroundings::home(invocation),
        folder: folder.to_path_buf(),
    };
    let mut resolved = dsn::resolve_fields(dsn.into_fields(), Version::V18, &world)?;
    if let Some(refusal) = resolved.lookup {
        return Err(refusal);
    }
    // Of libpq's defaults, binding SCRAM to the certificate is its own alone, and may fail.
    let is_own = check::hands_to_libpq(check::reader(held.place));
    for (name, _) in resolved.origins.iter().filter(|(_, origin)| *origin == Origin::Default) {
        if !(is_own && name == "channel_binding") {
            resolved.fields.remove(name);
        }
    }
    Ok(resolved.into_hosts())
}

fn one(held: &Held<'_>, asked: &Asked, how: &Options) -> ProbedAnswer {
    let mut answer = nothing(held);
    match asked {
        Err(failure) => answer.failure = Some(failure.clone()),
        Ok(hosts) => match hosts.as_slice() {
            [dsn] if dsn.kind() == Kind::Redis => {
                answer.kind = Some("redis");
                redis_facts(&mut answer, redis(dsn, how));
            }
            hosts => {
                answer.kind = Some("postgres");
                let declared = hosts.first().and_then(|host| dsn::classify(host).mode);
                postgres_facts(&mut answer, postgres(hosts, how), declared.map(dsn::Mode::name));
            }
        },
    }
    answer
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
    answer.certificates = facts.certificates.into_iter().map(certificate).collect();
    ended(answer, &outcome.steps, outcome.failure, outcome.failed_after);
}

fn redis_facts(answer: &mut ProbedAnswer, outcome: Outcome<RedisFacts>) {
    let facts = outcome.facts;
    answer.reachable = facts.reachable;
    answer.authenticated = facts.authenticated;
    answer.tls = facts.tls;
    answer.server_version = facts.server_version;
    answer.connections = facts.connections;
    answer.max_connections = facts.max_connections;
    answer.certificates = facts.certificates.into_iter().map(certificate).collect();
    let cause = outcome.failure.as_ref().map(|(_, failure)| failure.cause);
    ended(answer, &outcome.steps, outcome.failure, outcome.failed_after);
    // A Redis URL has neither sslmode nor sslrootcert.
    let hint = match cause {
        Some(Cause::CertificateUnknown) => {
            "download the provider's certificate authority and name it with --authorities FILE"
        }
        Some(Cause::CertificateFile) => "check that --authorities names a readable PEM file",
        Some(Cause::DatabaseUnknown) => {
            "check the number of the database; the server has as many as its `databases` says"
        }
        Some(Cause::TlsRequired) => "write rediss:// instead of redis://",
        _ => return,
    };
    if let Some(failure) = &mut answer.failure {
        hint.clone_into(&mut failure.hint);
    }
}

fn certificate(certificate: Certificate) -> CertificateAnswer {
    let Certificate { subject, issuer, not_before, not_after, names } = certificate;
    CertificateAnswer { subject, issuer, not_before, not_after, names }
}

fn ended(
    answer: &mut ProbedAnswer,
    steps: &[Step],
    failure: Option<(&'static str, Failure)>,
    after: Duration,
) {
    answer.steps = steps
        .iter()
        .map(|step| StepAnswer {
            name: step.name,
            milliseconds: milliseconds(step.took),
            said: step.said.clone(),
        })
        .collect();
    answer.failure = failure.map(|(step, failure)| FailureAnswer {
        milliseconds: Some(milliseconds(after)),
        ..failed(step, &failure.to_string(), failure.hint())
    });
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn failed(step: &'static str, message: &str, hint: &str) -> FailureAnswer {
    FailureAnswer { step, milliseconds: None, message: message.to_owned(), hint: hint.to_owned() }
}

fn nothing(held: &Held<'_>) -> ProbedAnswer {
    ProbedAnswer {
        place: held.place.name.clone(),
        kind: None,
        reachable: false,
        authenticated: false,
        tls: None,
        certificates: Vec::new(),
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
        if step.name == "tls" {
            chain(&place.certificates, out)?;
        }
    }
    if let Some(failure) = &place.failure {
        let took = failure.milliseconds.map(|took| format!("{took:>6} ms")).unwrap_or_default();
        writeln!(out, "  {:14}{took:9}  {}", failure.step, palette.error(&failure.message))?;
        if failure.step == "tls" {
            chain(&place.certificates, out)?;
        }
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

/// The certificates that the server presented, its own first.
fn chain(certificates: &[CertificateAnswer], out: &mut dyn Write) -> io::Result<()> {
    for (index, certificate) in certificates.iter().enumerate() {
        let CertificateAnswer { subject, issuer, not_after, names, .. } = certificate;
        let named =
            if names.is_empty() { String::new() } else { format!(" for {}", names.join(" ")) };
        let by = if subject == issuer { "itself".to_owned() } else { issuer.clone() };
        // Whoever runs the server wrote these names.
        let said = format!("{}: {subject}{named}, until {not_after}, signed by {by}", index + 1);
        writeln!(out, "{:27}{}", "", said.escape_debug())?;
    }
    Ok(())
}
