//! The Machines API's calls for an app and its machines.

use serde_json::{Value, json};

use super::answer::Answer;
use super::http::Request;
use super::state::{App, Machine};
use super::token::Bearer;

/// `GET /v1/apps/{app}`.
pub(super) fn app(name: &str, app: &App) -> Answer {
    Answer::ok(&json!({
        "id": format!("app-{name}"),
        "name": name,
        "status": if app.machines.is_empty() { "pending" } else { "deployed" },
        "machine_count": app.machines.len(),
        "organization": {"name": "Example", "slug": "example"},
    }))
}

/// Answers `…/machines`, `…/machines/{id}` and what lies below it.
pub(super) fn answer(app: &mut App, rest: &[&str], request: &Request, bearer: &Bearer) -> Answer {
    if request.method != "GET" && bearer.read_only {
        return Answer::error(403, "this token may only read");
    }
    let version = app.version;
    let (id, below) = match rest {
        [] => {
            let machines: Vec<Value> = app.machines.iter().map(shown).collect();
            return Answer::ok(&machines.into());
        }
        [id] => (*id, None),
        [id, below] => (*id, Some(*below)),
        _ => return Answer::error(404, "page not found"),
    };
    let Some(machine) = app.machines.iter_mut().find(|machine| machine.id == id) else {
        return Answer::error(404, "machine not found");
    };
    match (request.method.as_str(), below) {
        ("GET", None) => Answer::ok(&shown(machine)),
        ("POST", None) => update(machine, request, version),
        ("GET", Some("lease")) => match &machine.lease {
            Some(_) => Answer::ok(&json!({"status": "success", "data": {"owner": "someone"}})),
            None => Answer::error(404, "lease not found"),
        },
        ("POST", Some("lease")) => lease(machine, request),
        ("DELETE", Some("lease")) => {
            if !holds_lease(machine, request) {
                return Answer::error(409, "machine is leased by someone else");
            }
            machine.lease = None;
            Answer::ok(&json!({"status": "success"}))
        }
        // A restart keeps the secrets that the machine was last updated with.
        ("GET", Some("wait")) | ("POST", Some("restart" | "start" | "stop")) => {
            Answer::ok(&json!({"ok": true}))
        }
        _ => Answer::error(404, "page not found"),
    }
}

fn lease(machine: &mut Machine, request: &Request) -> Answer {
    if !holds_lease(machine, request) {
        return Answer::error(409, "machine is leased by someone else");
    }
    // Its holder takes the lease again to keep it, under the same nonce.
    let fresh = || format!("{:012x}", machine.instance + 0x00fa_ce00);
    let nonce = machine.lease.clone().unwrap_or_else(fresh);
    machine.lease = Some(nonce.clone());
    Answer::json(
        201,
        &json!({"status": "success", "data": {"nonce": nonce, "expires_at": 0, "owner": "you"}}),
    )
}

/// An unleased machine is everybody's.
fn holds_lease(machine: &Machine, request: &Request) -> bool {
    machine
        .lease
        .as_deref()
        .is_none_or(|nonce| request.header("fly-machine-lease-nonce") == Some(nonce))
}

/// An update gives the machine its new configuration and the newest secrets.
fn update(machine: &mut Machine, request: &Request, version: u64) -> Answer {
    if !holds_lease(machine, request) {
        return Answer::error(409, "machine is leased by someone else");
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(config) = body.get("config").filter(|config| config.is_object()) else {
        return Answer::error(400, "config is required");
    };
    let wanted = body.get("min_secrets_version").and_then(Value::as_u64).unwrap_or(0);
    if wanted > version {
        let message = format!("min_secrets_version {wanted} is not yet available on this app");
        return Answer::error(412, &message);
    }
    machine.config = config.clone();
    machine.secrets_version = version;
    machine.instance += 1;
    Answer::ok(&shown(machine))
}

fn shown(machine: &Machine) -> Value {
    json!({
        "id": machine.id,
        "name": format!("machine-{}", machine.id),
        "state": machine.state,
        "region": "iad",
        "instance_id": format!("01FAKE{:020}", machine.instance),
        "host_status": "ok",
        "config": machine.config,
        "checks": [],
    })
}
