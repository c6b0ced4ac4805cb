//! `probe http`: the health of an app, asked as fly.toml's own checks ask it, with the body understood.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use opsfile::Ops;
use report::{Exit, Format, Invocation, Palette, Streams};
use serde::Serialize;

use super::fly_toml::{self, HealthCheck};
use super::health;
use crate::args::ProbeHttp;
use crate::error::Error;

/// The schema of the JSON answer.
pub(super) const SCHEMA: &str = "xtask/probe-http/1";

/// Pages that answer for the health of an app in one framework or another.
const CANDIDATES: [&str; 6] = ["/api", "/health", "/up", "/healthz", "/rails/health", "/"];

/// The answer of `probe http`.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    verdict: &'static str,
    app: String,
    /// The first check that fails, or else the first.
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why the verdict is what it is.
    reason: String,
    /// Every check of the fly.toml.
    checks: Vec<Asked>,
    /// Other pages that were tried, where a check's own is wrong.
    candidates: Vec<Asked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// One page that was asked for.
#[derive(Debug, Clone, Serialize)]
struct Asked {
    url: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    reason: String,
    #[serde(skip)]
    path: String,
}

pub(super) fn run(
    args: &ProbeHttp,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = opsfile::open(ops, &invocation.cwd, &|name| invocation.find_program(name).is_some())?;
    let checks = health_checks(&ops, &args.app)?;
    let base = super::base(args.url.as_deref(), &args.app, invocation);
    let answer = look(&args.app, &base, &checks, Duration::from_secs(args.timeout));
    match args.answer.format {
        Format::Json => report::json(streams.stdout, &answer)?,
        _ => write_human(&answer, palette, streams)?,
    }
    Ok(if answer.verdict == "ok" { Exit::OK } else { Exit::FINDINGS })
}

/// Asks for the page of every check; where one is not the app's, for those that others have. All of it in time.
fn look(app: &str, base: &str, checks: &[HealthCheck], timeout: Duration) -> Answer {
    let until = Instant::now() + 3 * timeout;
    let in_time = || until.saturating_duration_since(Instant::now()).min(timeout);
    let mut asked: Vec<Asked> = Vec::new();
    for check in checks {
        asked.push(ask(base, &check.path, &check.headers, in_time()));
    }
    let failing = asked.iter().find(|one| one.verdict != "ok");
    let is_wrong_page = failing.is_some_and(|one| match one.status {
        Some(300..=399 | 404) => true,
        Some(200..=299) => one.reason == health::HTML_PAGE,
        _ => false,
    });
    let mut candidates = Vec::new();
    if is_wrong_page {
        let headers = checks.first().map(|check| check.headers.as_slice()).unwrap_or_default();
        let others =
            CANDIDATES.iter().filter(|path| !checks.iter().any(|check| check.path == **path));
        for path in others {
            if in_time().is_zero() {
                break;
            }
            candidates.push(ask(base, path, headers, in_time()));
        }
    }
    let chosen = failing.or(asked.first()).cloned();
    let hint = failing.filter(|_| is_wrong_page).and_then(|_| {
        // A health answer is better than a page that merely answers.
        let healthy = |one: &&Asked| one.verdict == "ok" && one.reason == health::HEALTHY;
        let found = candidates.iter().find(healthy);
        let found = found.or_else(|| candidates.iter().find(|one| one.verdict == "ok"))?;
        let path = &found.path;
        Some(format!("{path} answers: `fly-secrets config --app {app} --fix path={path}` sets it"))
    });
    Answer {
        schema: SCHEMA,
        verdict: if failing.is_some() { "findings" } else { "ok" },
        app: app.to_owned(),
        url: chosen.as_ref().map(|one| one.url.clone()).unwrap_or_default(),
        status: chosen.as_ref().and_then(|one| one.status),
        reason: chosen.map(|one| one.reason).unwrap_or_default(),
        checks: asked,
        candidates,
        hint,
    }
}

fn ask(base: &str, path: &str, headers: &[(String, String)], timeout: Duration) -> Asked {
    let url = format!("{base}{path}");
    let (status, result) = match probe::get(&url, headers, timeout) {
        Ok(answer) => (Some(answer.status), health::judge(&answer)),
        Err(error) => (None, Err(report::describe(&error))),
    };
    let (verdict, reason) = match result {
        Ok(reason) => ("ok", reason),
        Err(reason) => ("findings", reason),
    };
    Asked { url, verdict, status, reason, path: path.to_owned() }
}

fn health_checks(ops: &Ops, name: &str) -> Result<Vec<HealthCheck>, Error> {
    let Some(app) = ops.fly.app.iter().find(|app| app.name == name) else {
        let known = ops.fly.app.iter().map(|app| app.name.clone()).collect();
        return Err(Error::NoApp { name: name.to_owned(), known });
    };
    let missing = |what: &str| {
        Error::Setting {
        what: format!("finding the health check of `{name}`: {what}"),
        hint: "declare an http check in the app's fly.toml, and that file as `config` of the app in ops.toml".to_owned(),
    }
    };
    let config = app.config.as_ref().ok_or_else(|| missing("ops.toml names no fly.toml for it"))?;
    let path = ops.absolute(config);
    let text = fs::read_to_string(&path).map_err(|source| Error::File {
        doing: "reading",
        path,
        source,
    })?;
    fly_toml::health_checks(&text).map_err(|reason| missing(&format!("{config}: {reason}")))
}

fn write_human(answer: &Answer, palette: Palette, streams: &mut Streams<'_>) -> Result<(), Error> {
    let out = &mut streams.stdout;
    let status = |one: &Asked| one.status.map(|status| format!(" {status},")).unwrap_or_default();
    for one in &answer.checks {
        let verdict =
            if one.verdict == "ok" { palette.ok("ok") } else { palette.error("findings") };
        writeln!(out, "{verdict}: GET {}:{} {}", one.url, status(one), one.reason)?;
    }
    for one in &answer.candidates {
        writeln!(out, "  GET {}:{} {}", one.url, status(one), one.reason)?;
    }
    if let Some(hint) = &answer.hint {
        writeln!(out, "  {} {hint}", palette.hint("hint:"))?;
    }
    Ok(())
}
