//! `cargo xtask probe` as a step of a pipeline runs it: the real program against stand-ins, and a real mail server.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

#[path = "../../src/demo/dovecot.rs"]
mod dovecot;
mod mail;

use testbed::fly::{FakeFly, Hidden, State, token_sha256};
use testbed::{Bed, Output};

const APP: &str = "hotdash-chatwoot";
const WEBHOOK_SECRET: &str = "whs-CANARY-signs-events";

fn chatwoot() -> (Bed, FakeFly) {
    let bed = Bed::new();
    bed.copy_fixture("chatwoot");
    let fly = FakeFly::start(State::default().with_app(APP)).unwrap();
    (bed, fly)
}

fn probe<const N: usize>(bed: &Bed, fly: &FakeFly, args: [&str; N]) -> Output {
    let command = bed.command(testbed::bin!("xtask")).arg("probe").args(args);
    command.env("OPSPROOF_APP_URL", fly.url()).run()
}

/// The output without ports and times.
fn shown(output: &Output, fly: &FakeFly) -> String {
    let text = output.to_string().replace(&fly.url(), "[APP]");
    let lines = text.lines().map(|line| match line.rsplit_once("  ") {
        Some((before, time)) if time.ends_with(" ms") => before.trim_end().to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_healthy_app_is_ok() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(shown(&probe(&bed, &fly, ["http", "--app", APP]), &fly), @"
    ok: GET [APP]/api: 200, healthy
    [exit status: 0]
    ");
    let json = probe(&bed, &fly, ["http", "--app", APP, "--format", "json"]).json();
    assert_eq!((&json["verdict"], &json["status"]), (&"ok".into(), &200.into()));
}

#[test]
fn an_app_that_says_it_is_failing_is_not_healthy() {
    let (bed, fly) = chatwoot();
    fly.change(|state| "failing".clone_into(&mut state.sample.data_services));
    insta::assert_snapshot!(shown(&probe(&bed, &fly, ["http", "--app", APP]), &fly), @"
    findings: GET [APP]/api: 200, data_services failing
    [exit status: 1]
    ");
}

#[test]
fn where_the_page_is_wrong_the_right_one_is_found() {
    let (bed, fly) = chatwoot();
    let good = bed.read("deploy/chatwoot/fly.toml");
    bed.write("deploy/chatwoot/fly.toml", good.replace("\"/api\"", "\"/rails/health\""));
    insta::assert_snapshot!(shown(&probe(&bed, &fly, ["http", "--app", APP]), &fly), @"
    findings: GET [APP]/rails/health: 404, the app has no such path
      GET [APP]/api: 200, healthy
      GET [APP]/health: 200, healthy
      GET [APP]/up: 404, the app has no such path
      GET [APP]/healthz: 404, the app has no such path
      GET [APP]/: 401, status 401 is no success
      hint: /api answers: `fly-secrets config --app hotdash-chatwoot --fix path=/api` sets it
    [exit status: 1]
    ");
    let json = probe(&bed, &fly, ["http", "--app", APP, "--format", "json"]).json();
    assert_eq!(json["candidates"].as_array().unwrap().len(), 5);
}

#[test]
fn an_app_that_hangs_is_given_up() {
    let (bed, fly) = chatwoot();
    fly.add_fault("/api=slow:60000".parse().unwrap());
    let output = probe(&bed, &fly, ["http", "--app", APP, "--timeout", "1"]);
    insta::assert_snapshot!(shown(&output, &fly), @"
    findings: GET [APP]/api: no whole answer in time
    [exit status: 1]
    ");
}

const API: [&str; 7] = [
    "api",
    "--app",
    APP,
    "--token",
    "chatwoot/api_token_staging.env:CHATWOOT_API_TOKEN_STAGING",
    "--account",
    "chatwoot/api_token_staging.env:CHATWOOT_ACCOUNT_ID_STAGING",
];

#[test]
fn a_token_that_sees_its_account_is_ok() {
    let (bed, fly) = chatwoot();
    let text = bed.read("vault/occ/chatwoot/api_token_staging.env");
    let token = text.lines().find_map(|line| line.strip_prefix("CHATWOOT_API_TOKEN_STAGING="));
    let token = token.unwrap().trim_matches(['"', '\'']).to_owned();
    fly.change(|state| state.sample.api_token_sha256 = Some(token_sha256(&token)));
    insta::assert_snapshot!(shown(&probe(&bed, &fly, API), &fly), @"
    api [APP]
      profile  the token is taken; it sees 1 account
      account  it is open to the token, as administrator
    ok: 2 steps, nothing found
    [exit status: 0]
    ");
    // The same, from variables as `env-from` gives them.
    let command = bed.command(testbed::bin!("xtask")).args(["probe", "api", "--app", APP]);
    let command = command.args(["--token", "TOKEN", "--account", "ACCOUNT", "--format", "json"]);
    let command = command.env("OPSPROOF_APP_URL", fly.url()).env("ACCOUNT", "3");
    let output = command.env("TOKEN", token).run();
    assert_eq!((output.code(), &output.json()["verdict"]), (0, &"ok".into()));
}

#[test]
fn a_token_that_is_refused_and_an_account_that_is_hidden_are_told_apart() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.sample.api_token_sha256 = Some(token_sha256("another")));
    insta::assert_snapshot!(shown(&probe(&bed, &fly, API), &fly), @"
    api [APP]
      error: the app does not take the token [token-refused]
        hint: make one in the user's profile settings; an agent bot's and a platform app's tokens have no profile
    findings: 0 steps, 1 finding
    [exit status: 1]
    ");
    fly.change(|state| {
        state.sample.api_token_sha256 = None;
        state.sample.account = 7;
    });
    insta::assert_snapshot!(shown(&probe(&bed, &fly, API), &fly), @"
    api [APP]
      profile  the token is taken; it sees 1 account
      error: the token does not see the account [account-hidden]
        hint: add its user to the account, or declare the account that it is for
    findings: 1 step, 1 finding
    [exit status: 1]
    ");
    let unset = ["api", "--app", APP, "--token", "NOT_SET"];
    insta::assert_snapshot!(shown(&probe(&bed, &fly, unset), &fly), @r#"
    ------- stderr -------
    error: using the variable NOT_SET: it is not set
    hint: a step gives variables from the vault: env-from = ["FILE"]; or name FILE:KEY here
    [exit status: 2]
    "#);
    let clear =
        probe(&bed, &fly, [API[0], API[1], API[2], API[3], API[4], "--url", "http://app.example"]);
    insta::assert_snapshot!(shown(&clear, &fly), @"
    api http://app.example
      error: the secret would travel in the clear; the address must be https://, or http:// on this machine [no-answer]
        hint: `cargo xtask probe http` says whether the app answers at all
    findings: 0 steps, 1 finding
    [exit status: 1]
    ");
}

fn webhook(bed: &Bed, fly: &FakeFly, page: &str) -> Output {
    let url = format!("{}{page}", fly.url());
    let args = ["probe", "webhook", "--url", &url, "--secret", "SECRET"];
    bed.command(testbed::bin!("xtask")).args(args).env("SECRET", WEBHOOK_SECRET).run()
}

#[test]
fn a_receiver_that_checks_signatures_is_ok() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.sample.webhook_secret = Hidden(WEBHOOK_SECRET.to_owned()));
    insta::assert_snapshot!(shown(&webhook(&bed, &fly, "/webhooks/chatwoot"), &fly), @"
    webhook [APP]/webhooks/chatwoot
      signed wrong     status 401
      signed long ago  status 401
      signed right     status 200
    ok: 3 steps, nothing found
    [exit status: 0]
    ");
}

#[test]
fn a_receiver_with_another_secret_and_one_that_checks_nothing_are_found() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(shown(&webhook(&bed, &fly, "/webhooks/chatwoot"), &fly), @"
    webhook [APP]/webhooks/chatwoot
      signed wrong     status 401
      signed long ago  status 401
      signed right     status 401
      error: status 401 for an event signed right [signature-refused]
        hint: the receiver knows another secret, signs another text, or its clock is wrong
    findings: 3 steps, 1 finding
    [exit status: 1]
    ");
    // This page takes a post from anybody.
    insta::assert_snapshot!(shown(&webhook(&bed, &fly, "/health"), &fly), @"
    webhook [APP]/health
      signed wrong     status 200
      signed long ago  status 200
      signed right     status 200
      error: an event that is signed wrong is taken [signature-unchecked]
        hint: anybody who knows the address can send events; compare X-Chatwoot-Signature
      warning: an event that was signed ten minutes ago is taken [replay]
        hint: refuse an X-Chatwoot-Timestamp that is older than five minutes
    findings: 3 steps, 2 findings
    [exit status: 1]
    ");
    insta::assert_snapshot!(shown(&webhook(&bed, &fly, "/hc"), &fly), @"
    webhook [APP]/hc
      signed wrong     status 404
      signed long ago  status 404
      signed right     status 404
      error: status 404: no webhook is received there [no-receiver]
        hint: check the path, and that the route takes POST
      error: status 404: no webhook is received there [no-receiver]
        hint: check the path, and that the route takes POST
      error: status 404: no webhook is received there [no-receiver]
        hint: check the path, and that the route takes POST
    findings: 3 steps, 3 findings
    [exit status: 1]
    ");
}
