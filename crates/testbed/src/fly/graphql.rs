//! The GraphQL queries that flyctl's `auth whoami`, `secrets` and `status` make, told apart by what they ask for.

use serde_json::{Value, json};

use super::answer::Answer;
use super::http::Request;
use super::state::{App, State};
use super::token::Bearer;

/// Answers `POST /graphql`.
pub(super) fn answer(state: &State, request: &Request, bearer: &Bearer) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let query = body.get("query").and_then(Value::as_str).unwrap_or_default();
    if query.contains("viewer") {
        return viewer(bearer);
    }
    let Some(name) = app_name(&body) else {
        return errors("Field must have selections", "GRAPHQL_VALIDATION_FAILED");
    };
    // One text for an app that is not there and one that the token may not see.
    let app = state.apps.get(name).filter(|_| bearer.may_see(name));
    let Some(app) = app else {
        return errors(&format!("Could not find App \"{name}\""), "NOT_FOUND");
    };
    let field = if query.contains("appcompact") { "appcompact" } else { "app" };
    Answer::ok(&json!({"data": {field: shown(name, app)}}))
}

/// Deploy tokens have no person behind them.
fn viewer(bearer: &Bearer) -> Answer {
    let viewer = match &bearer.email {
        Some(email) => {
            json!({"__typename": "User", "id": "user-1", "email": email, "enablePaidHobby": false})
        }
        None => json!({"__typename": "Macaroon", "email": "deploy token"}),
    };
    Answer::ok(&json!({"data": {"viewer": viewer}}))
}

fn app_name(body: &Value) -> Option<&str> {
    let variables = body.get("variables")?;
    ["appName", "name", "appNameOrId"]
        .into_iter()
        .find_map(|key| variables.get(key).and_then(Value::as_str))
}

fn errors(message: &str, code: &str) -> Answer {
    Answer::ok(
        &json!({"data": null, "errors": [{"message": message, "extensions": {"code": code}}]}),
    )
}

fn shown(name: &str, app: &App) -> Value {
    let release = app.releases.last().map(|release| {
        json!({
            "id": format!("release-{}", release.version),
            "version": release.version,
            "status": release.status,
            "configDefinition": {"app": name},
            "inProgress": release.status == "running",
        })
    });
    json!({
        "id": name,
        // A number here and a text in the organization, as fly-go's `AppCompact` and `OrganizationBasic` want it.
        "internalNumericId": 1001,
        "name": name,
        "hostname": format!("{name}.fly.dev"),
        "appUrl": format!("https://{name}.fly.dev"),
        "cnameTarget": format!("{name}.fly.dev"),
        "deployed": !app.machines.is_empty(),
        "status": if app.machines.is_empty() { "pending" } else { "deployed" },
        "network": "default",
        "platformVersion": "machines",
        "organization": {"id": "org-1", "internalNumericId": "1", "slug": "example", "name": "Example", "paidPlan": true, "rawSlug": "example"},
        "postgresAppRole": null,
        "currentRelease": release,
        "currentReleaseUnprocessed": release,
        "latestImageTag": null,
        "imageDetails": null,
        "latestImageDetails": null,
        "version": app.releases.last().map_or(0, |release| release.version),
    })
}
