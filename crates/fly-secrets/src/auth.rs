//! `auth`: what kind of token each app has, whom it speaks for, what it can see, when it ends, and what to do.

use std::io::Write;

use chrono::{DateTime, Utc};
use report::{Exit, Format, Invocation, Palette, Streams};

use crate::api::{Bases, CallError, Problem, Viewer};
use crate::args;
use crate::error::Error;
use crate::json;
use crate::look;
use crate::setup::Setup;
use crate::token::{self, Kind, Token, renew};

/// What was found out about one app's token.
pub(crate) struct Speaks {
    pub(crate) app: String,
    pub(crate) credential: String,
    pub(crate) token: Token,
    pub(crate) viewer: Option<Viewer>,
    /// Whether it sees the app, and what it sees.
    pub(crate) sees: Result<usize, String>,
    pub(crate) remarks: Vec<String>,
    pub(crate) next: Option<String>,
}

const SOON_DAYS: i64 = 14;
/// Fly makes tokens for 20 years unless told otherwise.
const LONG_DAYS: i64 = 2 * 365;

pub(crate) fn run(
    args: &args::Auth,
    setup: &Setup,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let bases = Bases::from_environment(invocation)?;
    look::say_where(&bases, streams)?;
    let mut found = Vec::new();
    for app in setup.apps(&args.apps.names)? {
        let client = setup.client(app, &bases)?;
        let sees = match client.secrets(&app.name) {
            Ok(listed) => Ok(listed.len()),
            Err(error) if is_refusal(&error) => Err(error),
            Err(error) => return Err(error.into()),
        };
        // Tokens of apps may be refused here and work all the same.
        let viewer = client.viewer(&app.name).ok();
        let token = token::read(setup.token(app)?);
        let (mut remarks, is_expired) = remarks(&token, invocation.now);
        if let Err(error) = &sees {
            // Said once, as the reason of the refusal.
            let reason = error.problem.to_string();
            remarks.retain(|remark| !reason.ends_with(remark.as_str()));
        }
        let next = match &sees {
            Err(error) => Some(error.hint()),
            Ok(_) if is_expired => {
                Some(format!("{}    (then put it in the vault)", renew(&app.name)))
            }
            Ok(_) => None,
        };
        found.push(Speaks {
            app: app.name.clone(),
            credential: app.token.as_ref().map(ToString::to_string).unwrap_or_default(),
            token,
            viewer,
            sees: sees.map_err(|error| error.problem.to_string()),
            remarks,
            next,
        });
    }
    if args.format.format == Format::Json {
        report::json(streams.stdout, &json::auth(&found))?;
    } else {
        for one in &found {
            write(one, palette, streams.stdout)?;
        }
    }
    let is_fine = found.iter().all(|one| one.next.is_none());
    Ok(if is_fine { Exit::OK } else { Exit::FINDINGS })
}

fn is_refusal(error: &CallError) -> bool {
    matches!(error.problem, Problem::Unauthorized(_) | Problem::Forbidden | Problem::NotFound)
}

/// What is worth knowing of the token's own text, and whether it has ended.
fn remarks(token: &Token, now: DateTime<Utc>) -> (Vec<String>, bool) {
    let mut remarks = Vec::new();
    let mut is_expired = false;
    if token.kind == Kind::Session {
        remarks.push(
            "a person's session may do all that the person may; a deploy token does less"
                .to_owned(),
        );
    }
    if token.kind == Kind::Broken {
        remarks.push("it begins like a macaroon and cannot be read".to_owned());
    }
    if let Some(ends) = token.expires_at {
        let days = (ends - now).num_days();
        is_expired = ends <= now;
        if is_expired {
            remarks.push(format!("it ended on {}", ends.format("%Y-%m-%d")));
        } else if days < SOON_DAYS {
            remarks.push(format!("it ends in {days} days, on {}", ends.format("%Y-%m-%d")));
        } else if days > LONG_DAYS {
            remarks.push(format!(
                "it ends on {}, in {} years; `--expiry` makes one that ends sooner",
                ends.format("%Y-%m-%d"),
                days / 365
            ));
        }
    }
    (remarks, is_expired)
}

fn write(one: &Speaks, palette: Palette, out: &mut dyn Write) -> std::io::Result<()> {
    let bound = match (one.token.n_apps, one.token.organization) {
        (Some(1), _) => ", bound to one app".to_owned(),
        (Some(count), _) => format!(", bound to {count} apps"),
        (None, Some(_)) => ", bound to an organization".to_owned(),
        (None, None) => String::new(),
    };
    let kind = match one.token.kind {
        Kind::Session => "a session",
        Kind::Macaroon => "a macaroon",
        Kind::Broken => "a broken macaroon",
        Kind::Other => "a token of a kind that is not known",
    };
    writeln!(out, "{}: {} is {kind}{bound}", palette.bold(&one.app), one.credential)?;
    match &one.viewer {
        Some(viewer) if !viewer.email.is_empty() => writeln!(out, "  speaks for {}", viewer.email)?,
        _ => writeln!(out, "  speaks for nobody that Fly names")?,
    }
    match &one.sees {
        Ok(count) => writeln!(out, "  {} sees the app and its {count} secrets", palette.ok("ok"))?,
        Err(reason) => writeln!(out, "  {} {reason}", palette.error("no"))?,
    }
    for remark in &one.remarks {
        writeln!(out, "  note: {remark}")?;
    }
    if let Some(next) = &one.next {
        writeln!(out, "{} {next}", palette.hint("next:"))?;
    }
    Ok(())
}
