//! The stand-in over real HTTP, by a client as plain as can be.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use testbed::FakeFly;
use testbed::fly::{State, Token, digest};

const TOKEN: &str = "fo1_of-the-test";

fn fly(state: State) -> FakeFly {
    FakeFly::start(state.with_app("web")).unwrap()
}

/// The status and body of one call; status 0 where the connection was closed without an answer.
fn call(fly: &FakeFly, method: &str, path: &str, body: &str) -> (u16, String) {
    call_as(fly, TOKEN, method, path, body)
}

fn call_as(fly: &FakeFly, token: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(fly.url().trim_start_matches("http://")).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let status = answer.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    let body = answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned());
    (status, body)
}

fn json_of((status, body): (u16, String)) -> Value {
    assert!(status == 200 || status == 201, "{status} {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn secrets_are_set_listed_and_unset_but_never_read() {
    let fly = fly(State::default());
    let set =
        json_of(call(&fly, "POST", "/v1/apps/web/secrets", r#"{"values":{"A":"x","B":"y"}}"#));
    assert_eq!((&set["version"], &set["secrets"][1]["digest"]), (&json!(1), &json!(digest("y"))));
    let one = json_of(call(&fly, "POST", "/v1/apps/web/secrets/C", r#"{"value":"x"}"#));
    assert_eq!((&one["version"], &one["digest"]), (&json!(2), &json!(digest("x"))));
    json_of(call(&fly, "POST", "/v1/apps/web/secrets", r#"{"values":{"A":null}}"#));
    json_of(call(&fly, "DELETE", "/v1/apps/web/secrets/C", ""));
    let list = json_of(call(&fly, "GET", "/v1/apps/web/secrets", ""));
    let names: Vec<&Value> =
        list["secrets"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, [&json!("B")]);
    assert!(list["secrets"][0].get("value").is_none());
    assert_eq!(call(&fly, "GET", "/v1/apps/web/secrets?show_secrets=true", "").0, 403);
}

#[test]
fn wrong_calls_get_the_real_services_statuses() {
    let fly = fly(State::default().with_token(Token::of(TOKEN).only(&["web"])).with_app("other"));
    let status = |method, path, body| call(&fly, method, path, body).0;
    assert_eq!(call_as(&fly, "another", "GET", "/v1/apps/web/secrets", "").0, 401);
    assert_eq!(status("GET", "/v1/apps/other/secrets", ""), 403);
    assert_eq!(status("GET", "/v1/apps/nothing/secrets", ""), 404);
    assert_eq!(status("GET", "/v1/apps", ""), 403);
    assert_eq!(status("POST", "/v1/apps/web/secrets", r#"{"secrets":[]}"#), 422);
    let (status, body) = call(&fly, "POST", "/v1/apps/web/secrets", r#"{"values":{"A-B":"x"}}"#);
    assert_eq!(status, 422);
    assert!(body.contains("Name only allows letters, numbers, and underscores"), "{body}");
}

#[test]
fn an_update_under_a_lease_gives_a_machine_the_newest_secrets() {
    let fly = fly(State::default());
    json_of(call(&fly, "POST", "/v1/apps/web/secrets", r#"{"values":{"A":"x"}}"#));
    let machines = json_of(call(&fly, "GET", "/v1/apps/web/machines", ""));
    let path = format!("/v1/apps/web/machines/{}", machines[0]["id"].as_str().unwrap());
    let lease = json_of(call(&fly, "POST", &format!("{path}/lease"), "{}"));
    assert!(lease["data"]["nonce"].is_string());
    let update = json!({"config": machines[0]["config"], "min_secrets_version": 1}).to_string();
    assert_eq!(call(&fly, "POST", &path, &update).0, 409);
    assert_eq!(fly.state().apps["web"].machines[0].secrets_version, 0);
    fly.change(|state| state.apps.get_mut("web").unwrap().machines[0].lease = None);
    json_of(call(&fly, "POST", &path, &update));
    assert_eq!(fly.state().apps["web"].machines[0].secrets_version, 1);
    let too_new = json!({"config": {}, "min_secrets_version": 9}).to_string();
    assert_eq!(call(&fly, "POST", &path, &too_new).0, 412);
}

#[test]
fn graphql_knows_what_flyctl_asks() {
    let fly = fly(State::default());
    let whoami = r#"{"query":"query { viewer { ... on User { id email } } }"}"#;
    let viewer = json_of(call(&fly, "POST", "/graphql", whoami));
    assert_eq!(viewer["data"]["viewer"]["email"], "ops@example.com");
    let compact = |name: &str| {
        let query = "query($name: String!) { appcompact:app(name: $name) { id } }";
        let body = json!({"query": query, "variables": {"name": name}}).to_string();
        json_of(call(&fly, "POST", "/graphql", &body))
    };
    assert_eq!(compact("web")["data"]["appcompact"]["platformVersion"], "machines");
    assert_eq!(compact("nothing")["errors"][0]["message"], "Could not find App \"nothing\"");
}

#[test]
fn releases_are_made_finished_and_listed_newest_first() {
    let fly = fly(State::default());
    let made = json_of(call(&fly, "POST", "/api/v1/releases", r#"{"app_name":"web"}"#));
    let id = made["release"]["id"].as_str().unwrap();
    let path = format!("/api/v1/releases/{id}");
    let done = json_of(call(&fly, "PATCH", &path, r#"{"status":"complete"}"#));
    assert_eq!(done["status"], "complete");
    let list = json_of(call(&fly, "GET", "/api/v1/apps/web/releases?limit=20", ""));
    assert_eq!(
        (&list["releases"][0]["version"], &list["releases"][1]["version"]),
        (&json!(2), &json!(1))
    );
}

#[test]
fn the_sample_app_is_healthy_in_status_only() {
    let fly = fly(State::default());
    fly.change(|state| "failing".clone_into(&mut state.sample.data_services));
    let health = json_of(call_as(&fly, "", "GET", "/api", ""));
    assert_eq!(
        (&health["data_services"], &health["queue_services"]),
        (&json!("failing"), &json!("ok"))
    );
    for path in ["/hc", "/rails/health", "/up"] {
        assert_eq!(call(&fly, "GET", path, "").0, 404, "{path}");
    }
}

#[test]
fn each_fault_happens_as_asked() {
    let fly = fly(State::default());
    let list = |fault: &str| {
        fly.change(|state| state.faults = vec![fault.parse().unwrap()]);
        call(&fly, "GET", "/v1/apps/web/secrets", "")
    };
    for status in [401, 403, 404, 422, 429, 500, 503] {
        assert_eq!(list(&format!("GET /secrets={status}")).0, status);
    }
    assert_eq!(list("/secrets=close").0, 0);
    let whole = list("/nothing=500").1;
    let half = list("/secrets=half");
    assert_eq!((half.0, half.1.len()), (200, whole.len() / 2));
    assert!(list("/secrets=html").1.starts_with("<!DOCTYPE html>"));
    let started = std::time::Instant::now();
    assert_eq!(list("/secrets=slow:200").0, 200);
    assert!(started.elapsed().as_millis() >= 200);
    fly.change(|state| state.faults = vec!["POST /secrets=close-after".parse().unwrap()]);
    assert_eq!(call(&fly, "POST", "/v1/apps/web/secrets", r#"{"values":{"A":"x"}}"#).0, 0);
    assert!(fly.state().apps["web"].secrets.contains_key("A"));
}

#[test]
fn requests_are_kept_without_showing_values() {
    let fly = fly(State::default());
    json_of(call(&fly, "POST", "/v1/apps/web/secrets", r#"{"values":{"A":"CANARY","B":null}}"#));
    let received = fly.received();
    assert_eq!(format!("{received:?}"), "[POST /v1/apps/web/secrets -> 200]");
    assert_eq!(received[0].names(), ["A", "B"]);
    assert_eq!(received[0].values_sent()["A"].as_deref(), Some("CANARY"));
    assert!(!format!("{:?}", fly.state()).contains("CANARY"));
    let (_, control) = call(&fly, "GET", "/_fake/requests", "");
    assert!(!control.contains("CANARY"));
}

#[test]
fn the_program_says_where_it_listens_and_what_it_is() {
    let bed = testbed::Bed::new();
    let output = bed.command(testbed::bin!("fake-fly")).args(["--help"]).run();
    assert!(output.stdout().contains("It is not Fly."));
    let mut child =
        duct::cmd(testbed::bin!("fake-fly"), ["--app", "web", "--secret", "A=00ff00ff00ff00ff"])
            .reader()
            .unwrap();
    let mut line = [0; 64];
    let length = child.read(&mut line).unwrap();
    let text = std::str::from_utf8(&line[..length]).unwrap();
    assert!(text.starts_with("listening on http://127.0.0.1:") && text.ends_with('\n'), "{text}");
    child.kill().unwrap();
}
