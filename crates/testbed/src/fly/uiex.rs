//! The release calls that flyctl makes at the UI backend.

use serde_json::{Value, json};

use super::answer::Answer;
use super::clock;
use super::http::Request;
use super::state::{App, Release, State};
use super::token::Bearer;

/// Answers what lies under `/api/v1/`; `None` where it is not of this API.
pub(super) fn answer(
    state: &mut State,
    parts: &[&str],
    request: &Request,
    bearer: &Bearer,
) -> Option<Answer> {
    let offset = state.clock_offset_seconds;
    match (request.method.as_str(), parts) {
        ("GET", ["apps", name, "releases"]) => Some(match visible(state, name, bearer) {
            Some(app) => {
                let newest_first = app.releases.iter().rev().map(shown);
                let releases: Vec<Value> = newest_first.take(limit(&request.query)).collect();
                Answer::ok(&json!({"releases": releases}))
            }
            None => not_found(),
        }),
        ("GET", ["apps", name, "releases", "current"]) => {
            Some(match visible(state, name, bearer).and_then(|app| app.releases.last()) {
                Some(release) => Answer::ok(&shown(release)),
                None => not_found(),
            })
        }
        ("POST", ["releases"]) => Some(create(state, request, bearer, offset)),
        ("PATCH", ["releases", id]) => Some(finish(state, id, request, bearer)),
        _ => None,
    }
}

fn create(state: &mut State, request: &Request, bearer: &Bearer, offset: i64) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let name = body.get("app_name").and_then(Value::as_str).unwrap_or_default();
    let Some(app) = visible(state, name, bearer) else { return not_found() };
    let version = app.releases.last().map_or(1, |release| release.version + 1);
    let release = Release { version, created_at: clock::now(offset), status: "running".to_owned() };
    let mut answer = shown(&release);
    // The id leads back to the app, so that no second table is needed.
    answer["id"] = format!("{name}.{version}").into();
    app.releases.push(release);
    Answer::json(201, &json!({"release": answer}))
}

fn finish(state: &mut State, id: &str, request: &Request, bearer: &Bearer) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let status = body.get("status").and_then(Value::as_str).unwrap_or("complete").to_owned();
    let Some((name, version)) = id.rsplit_once('.') else { return not_found() };
    let Some(app) = visible(state, name, bearer) else { return not_found() };
    let found = app.releases.iter_mut().find(|release| release.version.to_string() == version);
    let Some(release) = found else { return not_found() };
    release.status = status;
    Answer::ok(&shown(release))
}

fn visible<'a>(state: &'a mut State, name: &str, bearer: &Bearer) -> Option<&'a mut App> {
    if bearer.may_see(name) { state.apps.get_mut(name) } else { None }
}

fn not_found() -> Answer {
    Answer::json(404, &json!({"error": "not found"}))
}

fn limit(query: &str) -> usize {
    let number = query.split('&').find_map(|part| part.strip_prefix("limit="));
    number.and_then(|text| text.parse().ok()).unwrap_or(20)
}

fn shown(release: &Release) -> Value {
    json!({
        "id": release.version.to_string(),
        "version": release.version,
        "stable": release.status == "complete",
        "in_progress": release.status == "running",
        "status": release.status,
        "strategy": "ROLLING",
        "user": "ops@example.com",
        "created_at": clock::text(release.created_at),
        "image_ref": "chatwoot/chatwoot:v4.6.0",
    })
}
