//! `probe http`: the health of an app, asked as fly.toml's own check asks it, with the body understood.

mod fly_toml;
mod health;

use std::fs;
use std::time::Duration;

use opsfile::Ops;
use probe::HttpAnswer;
use report::{Exit, Format, Invocation, Palette, Streams};
use serde::Serialize;

use crate::args::{ProbeHttp, Service};
use crate::error::Error;
use fly_toml::HealthCheck;

/// The schema of the JSON answer.
pub(crate) const SCHEMA: &str = "xtask/probe-http/1";

/// The answer of `probe http`.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    verdict: &'static str,
    app: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why the verdict is what it is.
    reason: String,
}

/// Looks at one service, once.
pub(crate) fn run(
    service: &Service,
    ops: Option<&std::path::Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let Service::Http(args) = service;
    let ops = opsfile::open(ops, &invocation.cwd, &|name| invocation.find_program(name).is_some())?;
    let check = health_check(&ops, &args.app)?;
    let url = url(args, &check, invocation);
    let answer = judge(
        &args.app,
        &url,
        &probe::get(&url, &check.headers, Duration::from_secs(args.timeout)),
    );
    match args.answer.format {
        Format::Json => report::json(streams.stdout, &answer)?,
        _ => write_human(&answer, palette, streams)?,
    }
    Ok(if answer.verdict == "ok" { Exit::OK } else { Exit::FINDINGS })
}

fn health_check(ops: &Ops, name: &str) -> Result<HealthCheck, Error> {
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
    fly_toml::health_check(&text).map_err(|reason| missing(&format!("{config}: {reason}")))
}

fn url(args: &ProbeHttp, check: &HealthCheck, invocation: &Invocation) -> String {
    let base = args
        .url
        .clone()
        .or_else(|| {
            invocation.variable("OPSPROOF_APP_URL").and_then(|value| value.into_string().ok())
        })
        .unwrap_or_else(|| format!("https://{}.fly.dev", args.app));
    format!("{}{}", base.trim_end_matches('/'), check.path)
}

fn judge(app: &str, url: &str, outcome: &Result<HttpAnswer, probe::HttpError>) -> Answer {
    let (status, result) = match outcome {
        Ok(answer) => (Some(answer.status), health::judge(answer)),
        Err(error) => (None, Err(report::describe(error))),
    };
    let (verdict, reason) = match result {
        Ok(reason) => ("ok", reason),
        Err(reason) => ("findings", reason),
    };
    Answer { schema: SCHEMA, verdict, app: app.to_owned(), url: url.to_owned(), status, reason }
}

fn write_human(answer: &Answer, palette: Palette, streams: &mut Streams<'_>) -> Result<(), Error> {
    let verdict = if answer.verdict == "ok" { palette.ok("ok") } else { palette.error("findings") };
    let status = answer.status.map(|status| format!(" {status},")).unwrap_or_default();
    writeln!(streams.stdout, "{verdict}: GET {}:{status} {}", answer.url, answer.reason)?;
    Ok(())
}
