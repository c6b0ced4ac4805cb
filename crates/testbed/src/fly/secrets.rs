//! The Machines API's calls for an app's secrets.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::clock;
use super::http::Request;
use super::state::{App, Secret, digest};
use super::token::Bearer;

/// The server's own words for a name it does not take.
const WRONG_NAME: &str = "Validation failed: Name only allows letters, numbers, and underscores";

/// Answers `…/secrets` (no `name`) and `…/secrets/{name}`.
pub(super) fn answer(
    app: &mut App,
    name: Option<&str>,
    request: &Request,
    bearer: &Bearer,
    clock_offset: i64,
) -> Answer {
    if request.method != "GET" && bearer.read_only {
        return Answer::error(403, "this token may only read");
    }
    if request.query.contains("show_secrets=true") {
        // Only a machine of the app, with its own token, may read values back.
        return Answer::error(403, "secrets can be read by machines of this app only");
    }
    match (request.method.as_str(), name) {
        ("GET", None) => list(app),
        ("GET", Some(name)) => match app.secrets.get(name) {
            Some(secret) => Answer::ok(&shown(name, secret)),
            None => Answer::error(404, "secret not found"),
        },
        ("POST", None) => set_many(app, request, clock_offset),
        ("POST", Some(name)) => set_one(app, name, request, clock_offset),
        ("DELETE", Some(name)) => {
            if app.secrets.remove(name).is_none() {
                return Answer::error(404, "secret not found");
            }
            app.version += 1;
            Answer::ok(&json!({"version": app.version}))
        }
        _ => Answer::error(405, "method not allowed"),
    }
}

fn list(app: &App) -> Answer {
    let secrets: Vec<Value> =
        app.secrets.iter().map(|(name, secret)| shown(name, secret)).collect();
    Answer::ok(&json!({"secrets": secrets}))
}

fn set_one(app: &mut App, name: &str, request: &Request, clock_offset: i64) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(value) = body.get("value").and_then(Value::as_str) else {
        return Answer::error(422, "value is required");
    };
    if !is_name(name) {
        return Answer::error(422, WRONG_NAME);
    }
    app.version += 1;
    set(app, name, value, clock_offset);
    let mut answer = app.secrets.get(name).map_or(Value::Null, |secret| shown(name, secret));
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("version".to_owned(), app.version.into());
    }
    Answer::json(201, &answer)
}

/// All or nothing, in one version; `null` unsets.
fn set_many(app: &mut App, request: &Request, clock_offset: i64) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(values) = body.get("values").and_then(Value::as_object) else {
        return Answer::error(422, "values is required");
    };
    if values.keys().any(|name| !is_name(name)) {
        return Answer::error(422, WRONG_NAME);
    }
    if values.values().any(|value| !value.is_string() && !value.is_null()) {
        return Answer::error(422, "values must be strings or null");
    }
    app.version += 1;
    let mut secrets = Vec::new();
    for (name, value) in values {
        match value.as_str() {
            Some(value) => {
                set(app, name, value, clock_offset);
                secrets.extend(app.secrets.get(name).map(|secret| shown(name, secret)));
            }
            None => {
                app.secrets.remove(name);
            }
        }
    }
    Answer::ok(&json!({"secrets": secrets, "version": app.version}))
}

fn set(app: &mut App, name: &str, value: &str, clock_offset: i64) {
    let now = clock::now(clock_offset);
    let created_at = app.secrets.get(name).and_then(|secret| secret.created_at).unwrap_or(now);
    let secret = Secret {
        value: Some(value.to_owned()),
        digest: digest(value),
        created_at: Some(created_at),
        updated_at: Some(now),
    };
    app.secrets.insert(name.to_owned(), secret);
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn shown(name: &str, secret: &Secret) -> Value {
    let mut fields = Map::new();
    fields.insert("name".to_owned(), name.into());
    fields.insert("digest".to_owned(), secret.digest.as_str().into());
    for (key, time) in [("created_at", secret.created_at), ("updated_at", secret.updated_at)] {
        if let Some(time) = time {
            fields.insert(key.to_owned(), clock::text(time).into());
        }
    }
    fields.into()
}
