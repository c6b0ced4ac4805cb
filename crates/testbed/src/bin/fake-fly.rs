//! The program `fake-fly`: a stand-in for Fly's API on 127.0.0.1, for demos and for trying things out.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use testbed::fly::{App, FakeFly, Fault, Hidden, Machine, Secret, State, Token};

/// A stand-in for Fly's API, on 127.0.0.1 only
///
/// It is not Fly. It copies the behaviour of the Machines API, and of the GraphQL and release calls that flyctl
/// makes, as flyctl's own source shows it, from a state kept in memory. It also serves a sample app's health
/// pages (/api, /health), its API's profile and account 3, and a receiver of webhooks (/webhooks/chatwoot, signed
/// with FAKE_FLY_WEBHOOK_SECRET). The first line it prints is `listening on http://127.0.0.1:PORT`.
///
/// To use it: FLY_FLAPS_BASE_URL, FLY_API_BASE_URL and FLY_UIEX_BASE_URL set to that address.
#[derive(Parser)]
#[expect(clippy::doc_markdown, reason = "shown as help, where backticks would stand as they are")]
#[command(name = "fake-fly", version)]
struct Args {
    /// Listen on this port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Have this app, with one machine
    #[arg(long = "app", value_name = "NAME")]
    apps: Vec<String>,
    /// Have this secret, with this digest, in every app named by --app
    #[arg(long = "secret", value_name = "NAME=DIGEST")]
    secrets: Vec<String>,
    /// Start from this state (JSON: apps, tokens, faults, latency_ms, rate_limit, sample)
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Accept only tokens with this SHA-256 in hex, without it any
    #[arg(long, value_name = "HEX", env = "FAKE_FLY_TOKEN_SHA256")]
    token_sha256: Vec<String>,
    /// Take only the API token with this SHA-256 in hex at the sample app, without it any
    #[arg(long, value_name = "HEX")]
    api_token_sha256: Option<String>,
    /// Take webhooks at /webhooks/chatwoot that are signed with this; only from the variable
    #[arg(skip = webhook_secret())]
    webhook_secret: Option<String>,
    /// Fail on purpose: [METHOD ]PATH=EFFECT[,times=N][,after=N][,retry-after=S], EFFECT a status, slow:MS, half, close, close-after, html or echo
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Answer no sooner than after this many milliseconds
    #[arg(long, value_name = "MS")]
    latency: Option<u64>,
    /// Enforce the documented rate: 1 request a second, burst 3, for each action and app
    #[arg(long)]
    rate_limit: bool,
}

/// Not an option, as a command line is seen by everybody.
#[expect(clippy::disallowed_methods, reason = "the environment enters in main")]
fn webhook_secret() -> Option<String> {
    std::env::var("FAKE_FLY_WEBHOOK_SECRET").ok()
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(args: Args) -> Result<(), String> {
    let port = args.port;
    let fly = FakeFly::start_on(port, state(args)?)
        .map_err(|error| format!("listening on 127.0.0.1:{port}: {error}"))?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on {}", fly.url())
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("writing the address: {error}"))?;
    drop(stdout);
    fly.join();
    Ok(())
}

fn state(args: Args) -> Result<State, String> {
    let mut state = match &args.state {
        None => State::default(),
        Some(path) => {
            let bytes =
                fs::read(path).map_err(|error| format!("reading {}: {error}", path.display()))?;
            // The place only: a state file may hold values.
            serde_json::from_slice(&bytes).map_err(|error| {
                format!(
                    "{} is not a state, line {} column {}",
                    path.display(),
                    error.line(),
                    error.column()
                )
            })?
        }
    };
    for name in args.apps {
        let app: &mut App = state.apps.entry(name).or_default();
        if app.machines.is_empty() {
            app.machines.push(Machine::default());
        }
        for secret in &args.secrets {
            let (name, digest) = secret.split_once('=').ok_or("--secret is written NAME=DIGEST")?;
            let secret = Secret { digest: digest.to_owned(), ..Secret::default() };
            app.secrets.insert(name.to_owned(), secret);
        }
    }
    let tokens = args.token_sha256.into_iter().map(|sha256| Token {
        sha256,
        apps: None,
        email: Some("ops@example.com".to_owned()),
        read_only: false,
    });
    state.tokens.extend(tokens);
    state.faults.extend(args.faults);
    state.latency_ms = args.latency.unwrap_or(state.latency_ms);
    state.rate_limit |= args.rate_limit;
    if args.api_token_sha256.is_some() {
        state.sample.api_token_sha256 = args.api_token_sha256;
    }
    if let Some(secret) = args.webhook_secret {
        state.sample.webhook_secret = Hidden(secret);
    }
    Ok(state)
}
