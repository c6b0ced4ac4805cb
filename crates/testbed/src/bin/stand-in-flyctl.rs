//! The program `stand-in-flyctl`: what pipelines call as `fly`, for demos and tests. It is not flyctl and reaches nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::json;

/// The variable that names the file in which it keeps what it believes of the app.
const STATE: &str = "STAND_IN_FLYCTL_STATE";
/// What a new machine gets where nobody says otherwise: less than a worker needs, as with the real one.
const DEFAULT_MEMORY: u64 = 512;

/// What it believes of the app.
#[derive(Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct State {
    groups: BTreeMap<String, Group>,
    /// Failures to come: the first whose command fits is used up.
    fail: Vec<Fail>,
    /// Every call, without what it read.
    calls: Vec<String>,
    has_admin: bool,
}

#[derive(Deserialize, Serialize)]
struct Group {
    count: u64,
    memory: u64,
}

/// A call that fails with this text.
#[derive(Deserialize, Serialize)]
struct Fail {
    /// How the call begins, as `deploy`.
    command: String,
    text: String,
}

impl Default for State {
    fn default() -> Self {
        let group = |memory| Group { count: 1, memory };
        let groups = [("web", group(2048)), ("worker", group(2048))];
        Self {
            groups: groups.map(|(name, group)| (name.to_owned(), group)).into_iter().collect(),
            fail: Vec::new(),
            calls: Vec::new(),
            has_admin: false,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of tests, whose environment is its set-up"
)]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let path = std::env::var_os(STATE).map(PathBuf::from);
    let has_token = std::env::var_os("FLY_API_TOKEN").is_some();
    match run(&words, path, has_token) {
        Ok(text) => {
            let _ = writeln!(io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            let _ = writeln!(io::stderr(), "Error: {text}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String], path: Option<PathBuf>, has_token: bool) -> Result<String, String> {
    let call = words.join(" ");
    if matches!(call.as_str(), "version" | "--version") {
        return Ok("stand-in-flyctl v0.4.87 (a stand-in, not flyctl)".to_owned());
    }
    let path = path.ok_or_else(|| format!("the stand-in needs {STATE}"))?;
    if !has_token {
        return Err("no access token available. Please login with 'flyctl auth login'".to_owned());
    }
    let mut state: State = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string())?,
        Err(_) => State::default(),
    };
    state.calls.push(call.clone());
    let failure = state.fail.iter().position(|fail| call.starts_with(&fail.command));
    let answer = match failure {
        Some(at) => Err(state.fail.remove(at).text),
        None => act(words, &mut state),
    };
    let bytes = serde_json::to_vec_pretty(&state).map_err(|error| error.to_string())?;
    fs::write(&path, bytes).map_err(|error| error.to_string())?;
    answer
}

fn act(words: &[String], state: &mut State) -> Result<String, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let flag = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1).copied()
    };
    if flag("--app").is_none() {
        return Err("the config for your app is missing an app name".to_owned());
    }
    match words.as_slice() {
        ["deploy", ..] => Ok("(stand-in) the release command ended with exit code 0: bundle exec rails db:chatwoot_prepare\n(stand-in) 2 machines are updated and pass their checks".to_owned()),
        ["scale", "count", target, ..] => {
            let memory = flag("--vm-memory").and_then(|text| text.parse().ok());
            scale(target, memory, state)
        }
        ["scale", "show", ..] => {
            let groups = state.groups.iter().filter(|(_, group)| group.count > 0);
            let shown = groups.map(|(name, Group { count, memory })| {
                json!({"Process": name, "Count": count, "CPUKind": "shared", "CPUs": 1, "Memory": memory, "Regions": {"ord": count}})
            });
            Ok(serde_json::Value::Array(shown.collect()).to_string())
        }
        ["ssh", "console", ..] => {
            // Read to its end, as Rails reads it, and never kept: it holds a password.
            io::copy(&mut io::stdin().lock().take(1 << 20), &mut io::sink())
                .map_err(|error| error.to_string())?;
            let said = if state.has_admin { "is there already, nothing was changed" } else { "made" };
            state.has_admin = true;
            Ok(format!("(stand-in) super admin: {said}"))
        }
        _ => Err("the stand-in knows version, deploy, scale count, scale show and ssh console".to_owned()),
    }
}

fn scale(target: &str, memory: Option<u64>, state: &mut State) -> Result<String, String> {
    let (name, count) = target
        .split_once('=')
        .and_then(|(name, count)| Some((name, count.parse::<u64>().ok()?)))
        .ok_or("write GROUP=COUNT")?;
    let group =
        state.groups.get_mut(name).ok_or_else(|| format!("no process group named {name}"))?;
    if group.count == 0 {
        group.memory = memory.unwrap_or(DEFAULT_MEMORY);
    }
    group.count = count;
    Ok(format!("(stand-in) {name}: {count} machines with {} MB", group.memory))
}
