//! `plan` on the sample operator's repo.

use testbed::fly::{State, Token};
use testbed::{Bed, FakeFly};

use crate::{APP, brief, chatwoot, command, run, shown};

#[test]
fn a_new_app_needs_everything() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["plan"]), &fly), @"
    hotdash-chatwoot: 9 to add

      + add  FRONTEND_URL       a literal in ops.toml                                 not on Fly yet
      + add  PGSSLMODE          dsn:vault-staging:sslmode                             not on Fly yet
      + add  POSTGRES_DATABASE  dsn:vault-staging:dbname                              not on Fly yet
      + add  POSTGRES_HOST      dsn:vault-staging:host                                not on Fly yet
      + add  POSTGRES_PASSWORD  dsn:vault-staging:password                            not on Fly yet
      + add  POSTGRES_PORT      dsn:vault-staging:port                                not on Fly yet
      + add  POSTGRES_USERNAME  dsn:vault-staging:user                                not on Fly yet
      + add  REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  not on Fly yet
      + add  SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  not on Fly yet

    next: fly-secrets apply --app hotdash-chatwoot --approve             send only, for the next deploy
          fly-secrets apply --app hotdash-chatwoot --deploy --approve    send, and restart the machines
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    let calls: Vec<String> = fly.received().iter().map(ToString::to_string).collect();
    assert_eq!(calls, [format!("GET /v1/apps/{APP}/secrets -> 200")]);
}

#[test]
fn what_is_there_already_is_told_from_what_is_missing() {
    let (bed, fly) = chatwoot();
    fly.change(|state| {
        let with = |state: State, name: &str| state.with_secret(APP, name, "CANARY");
        *state = with(with(state.clone(), "REDIS_URL"), "OLD_TOKEN");
    });
    insta::assert_snapshot!(brief(&run(&bed, &fly, ["plan"]), &fly), @"
    hotdash-chatwoot: 8 to add, 1 of unknown value, 1 extra

      + add      FRONTEND_URL       a literal in ops.toml                                 not on Fly yet
      + add      PGSSLMODE          dsn:vault-staging:sslmode                             not on Fly yet
      + add      SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  not on Fly yet
      ? unknown  REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  on Fly, but never applied from here
      - extra    OLD_TOKEN                                                                not in ops.toml; left alone

    next: fly-secrets apply --app hotdash-chatwoot --approve             send only, for the next deploy
          fly-secrets apply --app hotdash-chatwoot --deploy --approve    send, and restart the machines
          fly-secrets adopt --app hotdash-chatwoot REDIS_URL             or keep Fly's, where you know that it is the vault's value
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
}

#[test]
fn the_json_answer_is_stable() {
    let (bed, fly) = chatwoot();
    let answer = run(&bed, &fly, ["plan", "--format", "json"]).json();
    insta::assert_snapshot!(answer["apps"][0]["counts"], @r#"{"add":9,"change":0,"drift":0,"unknown":0,"staged":0,"keep":0,"extra":0,"blocked":0}"#);
    insta::assert_snapshot!(answer["apps"][0]["secrets"][0], @r#"{"name":"FRONTEND_URL","status":"add","source":"a literal in ops.toml","reason":"not on Fly yet"}"#);
}

#[test]
fn a_source_that_fails_its_checks_is_named() {
    let (bed, fly) = chatwoot();
    bed.write("vault/occ/chatwoot/redis_staging.env", "REDIS_URL=changeme\n");
    bed.remove("vault/occ/chatwoot/secret_key_base_staging.env");
    insta::assert_snapshot!(brief(&run(&bed, &fly, ["plan"]), &fly), @"
    hotdash-chatwoot: 2 blocked, 7 to add

      + add      FRONTEND_URL       a literal in ops.toml                                 not on Fly yet
      + add      PGSSLMODE          dsn:vault-staging:sslmode                             not on Fly yet
      x blocked  REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  the value is a placeholder: it is a word that stands for a value
      x blocked  SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  the file is missing

    next: mend the sources marked x, nothing is sent before; `vault-check check` says more of those in the vault
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
}

#[test]
fn a_captured_list_takes_the_place_of_fly() {
    let (bed, fly) = chatwoot();
    bed.write("list.txt", "NAME\tDIGEST\tCREATED AT\nREDIS_URL\t00ff00ff00ff00ff\t2h ago\n");
    let output = run(&bed, &fly, ["plan", "--listing", "list.txt", "--format", "json"]);
    assert_eq!(output.json()["apps"][0]["counts"]["unknown"], 1);
    bed.write("list.txt", r#"[{"name":"REDIS_URL","digest":"00ff00ff"#);
    insta::assert_snapshot!(run(&bed, &fly, ["plan", "--listing", "list.txt"]), @"
    ------- stderr -------
    error: reading the list [ROOT]/list.txt: it stops in the middle
    hint: capture it again: fly secrets list --json > FILE
    [exit status: 2]
    ");
    assert!(fly.received().is_empty());
}

#[test]
fn local_only_asks_nobody() {
    let (bed, fly) = chatwoot();
    let output = run(&bed, &fly, ["plan", "--local-only", "--format", "json"]);
    assert_eq!(output.json()["apps"][0]["counts"]["add"], 9);
    assert!(fly.received().is_empty());
}

/// What is said where the call fails in this way; there is no verdict then.
fn failing(fault: &str) -> String {
    let (bed, fly) = chatwoot();
    fly.add_fault(fault.parse().unwrap());
    let output = run(&bed, &fly, ["plan"]);
    assert_eq!((output.code(), output.stdout()), (2, ""), "{fault}");
    output
        .stderr()
        .lines()
        .filter(|line| !line.starts_with("note: "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_refusal_says_what_to_do() {
    insta::assert_snapshot!(failing("/secrets=401"), @"
    error: listing the secrets of hotdash-chatwoot: Fly does not accept the token (request 01FAKEREQUEST0000000000001-iad)
    hint: by its own word it is good until 2045-10-01, so it was revoked, or a part of it is missing; `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes a new one, which belongs in fly/api_token.env:FLY_API_TOKEN
    ");
    insta::assert_snapshot!(failing("/secrets=403"), @"
    error: listing the secrets of hotdash-chatwoot: the token may not do this (request 01FAKEREQUEST0000000000001-iad)
    hint: the token is for another app or organization, or may only read; `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes one that will do
    ");
    insta::assert_snapshot!(failing("/secrets=404"), @"
    error: listing the secrets of hotdash-chatwoot: Fly knows no such app, or the token may not see it (request 01FAKEREQUEST0000000000001-iad)
    hint: `fly-secrets auth --app hotdash-chatwoot` shows what the token can see; the app's name is in its fly.toml
    ");
    insta::assert_snapshot!(failing("/secrets=422"), @"
    error: listing the secrets of hotdash-chatwoot: Fly refused the request: a fault asked for on purpose (request 01FAKEREQUEST0000000000001-iad)
    hint: names take letters, digits and underscores; values must be text
    ");
}

/// A macaroon for one app, from 1970 to the first of January 2026.
const ENDED: &str =
    "fm2_lJPEBkNBTkFSWcQBcsK1aHR0cHM6Ly9hcGkuZmx5LmlvL3YxlgCSBx8DkYHNA+kfBJIAzmlVuQDEBHRhaWw=";

#[test]
fn a_token_that_is_refused_says_itself_why() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.tokens = vec![Token::of("another")]);
    let refused = |token: &str| {
        bed.write("vault/occ/fly/api_token.env", format!("FLY_API_TOKEN=\"FlyV1 {token}\"\n"));
        let output = run(&bed, &fly, ["plan"]);
        assert_eq!(output.code(), 2, "{output}");
        let lines = output.stderr().lines().filter(|line| !line.starts_with("note: "));
        lines.map(|line| line.split(" (request").next().unwrap()).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(refused(ENDED), @"
    error: listing the secrets of hotdash-chatwoot: Fly does not accept the token: it ended on 2026-01-01
    hint: `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes a new one, which belongs in fly/api_token.env:FLY_API_TOKEN
    ");
    insta::assert_snapshot!(refused(&ENDED[..ENDED.len() - 12]), @"
    error: listing the secrets of hotdash-chatwoot: Fly does not accept the token: it begins like a macaroon and cannot be read
    hint: it may have been cut: copy it whole, with all its commas; or `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes a new one, which belongs in fly/api_token.env:FLY_API_TOKEN
    ");
    insta::assert_snapshot!(refused("fo1_CANARYk3Jd8sLq0Wm5Zt7Xn2Vb"), @"
    error: listing the secrets of hotdash-chatwoot: Fly does not accept the token
    hint: it was revoked, or has expired; `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes a new one, which belongs in fly/api_token.env:FLY_API_TOKEN
    ");
    bed.write("vault/occ/fly/api_token.env", format!("FLY_API_TOKEN=\"FlyV1 {ENDED}\"\n"));
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["auth"]), &fly), @"
    hotdash-chatwoot: fly/api_token.env:FLY_API_TOKEN is a macaroon, bound to one app
      speaks for nobody that Fly names
      no Fly does not accept the token: it ended on [DATE]
    next: `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes a new one, which belongs in fly/api_token.env:FLY_API_TOKEN
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
}

#[test]
fn what_is_broken_on_the_way_is_told_from_a_refusal() {
    insta::assert_snapshot!(failing("/secrets=half"), @"
    error: listing the secrets of hotdash-chatwoot: the answer cannot be used: it stops in the middle (3 tries) (request 01FAKEREQUEST0000000000003-iad)
    hint: something between here and Fly changed the answer, a proxy most likely; run it again
    ");
    insta::assert_snapshot!(failing("/secrets=html"), @"
    error: listing the secrets of hotdash-chatwoot: the answer cannot be used: it is an HTML page (3 tries) (request 01FAKEREQUEST0000000000003-iad)
    hint: something between here and Fly changed the answer, a proxy most likely; run it again
    ");
    insta::assert_snapshot!(failing("/secrets=close"), @"
    error: listing the secrets of hotdash-chatwoot: no answer from 127.0.0.1: unexpected end of file (3 tries)
    hint: look at the network, and at FLY_FLAPS_BASE_URL if it is set; then run the same command again
    ");
}

#[test]
fn what_may_pass_is_tried_again() {
    for fault in ["429,times=2,retry-after=0", "503,times=3", "close,times=2", "half,times=1"] {
        let (bed, fly) = chatwoot();
        fly.add_fault(format!("/secrets={fault}").parse().unwrap());
        assert_eq!(run(&bed, &fly, ["plan"]).code(), 1, "{fault}");
    }
    insta::assert_snapshot!(failing("/secrets=503"), @"
    error: listing the secrets of hotdash-chatwoot: Fly answered 503: a fault asked for on purpose (4 tries) (request 01FAKEREQUEST0000000000004-iad)
    hint: Fly has trouble of its own (https://status.flyio.net); nothing needs undoing, run it again later
    ");
    insta::assert_snapshot!(failing("/secrets=429,retry-after=0"), @"
    error: listing the secrets of hotdash-chatwoot: Fly answers too many requests (4 tries) (request 01FAKEREQUEST0000000000004-iad)
    hint: wait a minute, then run the same command again
    ");
}

#[test]
fn a_refusal_is_not_tried_again() {
    for status in ["401", "403", "404", "422"] {
        let (bed, fly) = chatwoot();
        fly.add_fault(format!("/secrets={status}").parse().unwrap());
        assert_eq!(run(&bed, &fly, ["plan"]).code(), 2);
        assert_eq!(fly.received().len(), 1);
    }
}

#[test]
fn an_app_that_is_named_twice_is_meant_once() {
    let (bed, fly) = chatwoot();
    let twice = ["plan", "--app", APP, "--app", APP, "--format", "json"];
    assert_eq!(run(&bed, &fly, twice).json()["apps"].as_array().unwrap().len(), 1);
    assert_eq!(run(&bed, &fly, ["apply", "--app", APP, "--app", APP]).code(), 1);
}

#[test]
fn a_token_goes_nowhere_in_the_clear() {
    let (bed, fly) = chatwoot();
    let output =
        command(&bed, &fly, ["plan"]).env("FLY_FLAPS_BASE_URL", "http://fly.example").run();
    insta::assert_snapshot!(output, @"
    ------- stderr -------
    error: FLY_FLAPS_BASE_URL is not an address that a token may be sent to
    hint: it must be https://, or http:// on this machine for a stand-in
    [exit status: 2]
    ");
}

#[test]
fn the_declared_token_is_the_one_that_is_sent() {
    let bed = Bed::new();
    bed.copy_fixture("chatwoot");
    let fly =
        FakeFly::start(State::default().with_app(APP).with_token(Token::of("another"))).unwrap();
    assert_eq!(run(&bed, &fly, ["plan"]).code(), 2);
    let line = bed.read("vault/occ/fly/api_token.env");
    let token = line.lines().find_map(|line| line.strip_prefix("FLY_API_TOKEN=")).unwrap();
    fly.change(|state| state.tokens.push(Token::of(token.trim_matches(['"', '\'']))));
    assert_eq!(run(&bed, &fly, ["plan"]).code(), 1);
}

#[test]
fn what_is_not_declared_is_named() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(run(&bed, &fly, ["plan", "--app", "hotdash"]), @"
    ------- stderr -------
    error: ops.toml declares no Fly app hotdash
    hint: it declares hotdash-chatwoot
    [exit status: 2]
    ");
    bed.remove("vault/occ/fly/api_token.env");
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["plan"]), &fly), @"
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    error: using the token fly/api_token.env:FLY_API_TOKEN for hotdash-chatwoot
      caused by: the file is missing
    hint: `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes one; put it under that key, then `vault-check check`
    [exit status: 2]
    ");
    bed.write("vault/occ/.fly-secrets.json", r#"{"version": 9}"#);
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["plan"]), &fly), @"
    ------- stderr -------
    error: reading [ROOT]/vault/occ/.fly-secrets.json: a newer fly-secrets wrote it (format 9, this one knows 1)
    hint: use the fly-secrets that wrote it
    [exit status: 2]
    ");
}
