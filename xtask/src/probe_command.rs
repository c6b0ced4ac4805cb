//! `probe`: one look at one service, bounded in time, from the outside.

mod answer;
mod api;
pub(crate) mod args;
mod fly_toml;
mod health;
mod http;
mod mail;
mod mail_settings;
pub(crate) mod secrets;
mod webhook;

use std::path::Path;

use report::{Exit, Format, Invocation, Palette, Streams};

use crate::args::Service;
use crate::error::Error;
use mail::Protocol;

/// Looks at one service, once.
pub(crate) fn run(
    service: &Service,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    match service {
        Service::Http(args) => http::run(args, ops, invocation, palette, streams),
        Service::Api(args) => api::run(args, ops, invocation, palette, streams),
        Service::Webhook(args) => webhook::run(args, ops, invocation, palette, streams),
        Service::Smtp(args) => mail::run(Protocol::Smtp, args, ops, invocation, palette, streams),
        Service::Imap(args) => mail::run(Protocol::Imap, args, ops, invocation, palette, streams),
    }
}

/// The schema of the JSON answer.
pub(crate) fn schema(service: &Service) -> &'static str {
    match service {
        Service::Http(_) => http::SCHEMA,
        Service::Api(_) => api::SCHEMA,
        Service::Webhook(_) => webhook::SCHEMA,
        Service::Smtp(_) => Protocol::Smtp.schema(),
        Service::Imap(_) => Protocol::Imap.schema(),
    }
}

/// How to answer.
pub(crate) fn format(service: &Service) -> Format {
    match service {
        Service::Http(args) => args.answer.format,
        Service::Api(args) => args.look.answer.format,
        Service::Webhook(args) => args.look.answer.format,
        Service::Smtp(args) | Service::Imap(args) => args.look.answer.format,
    }
}

/// Where an app answers: as asked for, as `OPSPROOF_APP_URL` says, or under its own name.
fn base(asked: Option<&str>, app: &str, invocation: &Invocation) -> String {
    let variable = || invocation.variable("OPSPROOF_APP_URL")?.into_string().ok();
    let base = asked.map(str::to_owned).or_else(variable);
    let base = base.unwrap_or_else(|| format!("https://{app}.fly.dev"));
    base.trim_end_matches('/').to_owned()
}
