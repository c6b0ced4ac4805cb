//! The sample app behind the stand-in: Chatwoot's health pages, with the paths that do not exist in it.

use serde_json::json;

use super::answer::Answer;
use super::clock;
use super::state::State;

/// Answers a page of the app; `None` where the path is not the app's.
pub(super) fn page(state: &State, path: &str) -> Option<Answer> {
    match path {
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
