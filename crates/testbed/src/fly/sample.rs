//! The sample app behind the stand-in: Chatwoot's health pages, two pages of its API, a receiver of webhooks, and
//! the paths that do not exist in it.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::answer::Answer;
use super::clock;
use super::http::Request;
use super::state::State;
use super::token::token_sha256;

/// Older events are refused.
const LONGEST_AGE_SECONDS: i64 = 300;

/// Answers a page of the app; `None` where the path is not the app's.
pub(super) fn page(state: &State, request: &Request) -> Option<Answer> {
    match request.path.as_str() {
        "/api/v1/profile" => Some(profile(state, request)),
        path if path.starts_with("/api/v1/accounts/") => Some(account(state, request)),
        "/webhooks/chatwoot" if request.method == "POST" => Some(webhook(state, request)),
        "/api" | "/api/" => Some(api(state)),
        "/health" => Some(Answer::ok(&json!({"status": "woot"}))),
        // `/hc` needs a portal's slug, and the others are other frameworks' health paths.
        "/hc" | "/rails/health" | "/up" | "/healthz" => {
            Some(Answer::html(404, "The page you were looking for doesn't exist (404)"))
        }
        _ => None,
    }
}

/// HTTP 200 even when a service fails, as the real page does.
fn api(state: &State) -> Answer {
    let now = clock::now(state.clock_offset_seconds);
    Answer::ok(&json!({
        "version": "4.6.0",
        "timestamp": now.format("%Y-%m-%d %H:%M:%S").to_string(),
        "queue_services": state.sample.queue_services,
        "data_services": state.sample.data_services,
    }))
}

/// The user of the token, who has one account.
fn profile(state: &State, request: &Request) -> Answer {
    if !is_token_taken(state, request) {
        return Answer::json(401, &json!({"error": "Invalid Access Token"}));
    }
    Answer::ok(&json!({
        "id": 1,
        "accounts": [{"id": state.sample.account, "name": "Example", "role": "administrator"}],
    }))
}

fn account(state: &State, request: &Request) -> Answer {
    if !is_token_taken(state, request) {
        return Answer::json(401, &json!({"error": "Invalid Access Token"}));
    }
    let asked = request.path.rsplit('/').next().and_then(|number| number.parse().ok());
    if asked == Some(state.sample.account) {
        Answer::ok(&json!({"id": state.sample.account, "name": "Example"}))
    } else {
        Answer::json(404, &json!({"error": "Resource could not be found"}))
    }
}

/// Any token will do where none is named.
fn is_token_taken(state: &State, request: &Request) -> bool {
    let token = request.header("api_access_token").filter(|token| !token.is_empty());
    token.is_some_and(|token| {
        let wanted = state.sample.api_token_sha256.as_deref();
        wanted.is_none_or(|sha256| sha256.eq_ignore_ascii_case(&token_sha256(token)))
    })
}

/// Takes events that are signed with the secret it was given, not long ago.
fn webhook(state: &State, request: &Request) -> Answer {
    let refused = |why: &str| Answer::json(401, &json!({"error": why}));
    let Some(timestamp) = request.header("x-chatwoot-timestamp") else {
        return refused("no timestamp");
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(state.sample.webhook_secret.0.as_bytes())
    else {
        return refused("no secret");
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(&request.body);
    let mut expected = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        let _ = write!(expected, "{byte:02x}");
    }
    if request.header("x-chatwoot-signature") != Some(expected.as_str()) {
        return refused("wrong signature");
    }
    let age = timestamp
        .parse::<i64>()
        .map(|sent| (clock::now(state.clock_offset_seconds).timestamp() - sent).abs());
    if age.is_ok_and(|age| age <= LONGEST_AGE_SECONDS) {
        Answer::ok(&json!({"ok": true}))
    } else {
        refused("too old")
    }
}
