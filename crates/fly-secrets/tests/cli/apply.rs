//! `apply` and `encode`: what is sent and what is recorded.

use std::collections::BTreeMap;

use testbed::fly::{State, digest};
use testbed::{Bed, FakeFly, Output};

use crate::{APP, brief, chatwoot, command, run, shown};

/// What the stand-in holds, by name.
pub(crate) fn held(fly: &FakeFly) -> BTreeMap<String, String> {
    let state = fly.state();
    let secrets = &state.apps[APP].secrets;
    secrets
        .iter()
        .map(|(name, one)| (name.clone(), one.value.clone().unwrap_or_default()))
        .collect()
}

/// The calls that changed something.
pub(crate) fn writes(fly: &FakeFly) -> Vec<String> {
    let received = fly.received();
    received.iter().filter(|one| one.method != "GET").map(ToString::to_string).collect()
}

/// The output without the lines of the plan that it begins with.
fn outcome(output: &Output, fly: &FakeFly) -> String {
    let text = shown(output, fly);
    let is_plan = |line: &&str| line.starts_with("  ") && !line.starts_with("      ");
    let rest = text.lines().filter(|line| !is_plan(line));
    rest.collect::<Vec<_>>().join("\n")
}

fn counts(output: &Output) -> String {
    output.json()["apps"][0]["counts"].to_string()
}

pub(crate) fn plan_counts(bed: &Bed, fly: &FakeFly) -> String {
    counts(&run(bed, fly, ["plan", "--format", "json"]))
}

pub(crate) const ALL_KEEP: &str =
    r#"{"add":0,"change":0,"drift":0,"unknown":0,"staged":0,"keep":9,"extra":0,"blocked":0}"#;
pub(crate) const ALL_STAGED: &str =
    r#"{"add":0,"change":0,"drift":0,"unknown":0,"staged":9,"keep":0,"extra":0,"blocked":0}"#;

#[test]
fn without_approve_nothing_is_sent() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(outcome(&run(&bed, &fly, ["apply"]), &fly), @"
    hotdash-chatwoot: 9 to add


    nothing was sent; the same command with --approve sends 9 values
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    assert!(writes(&fly).is_empty());
}

#[test]
fn all_values_go_in_one_request_and_are_recorded() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(outcome(&run(&bed, &fly, ["apply", "--approve"]), &fly), @"
    hotdash-chatwoot: 9 to add


    set FRONTEND_URL, PGSSLMODE, POSTGRES_DATABASE, POSTGRES_HOST, POSTGRES_PASSWORD, POSTGRES_PORT, POSTGRES_USERNAME, REDIS_URL, SECRET_KEY_BASE (version 1)
    ok: Fly shows what was sent; the machines run with it after the next deploy

    next: fly-secrets apply --app hotdash-chatwoot --deploy --approve    restart the machines
          fly secrets sync --app hotdash-chatwoot                        or this first, then `fly deploy`
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    assert_eq!(writes(&fly), [format!("POST /v1/apps/{APP}/secrets -> 200")]);
    let held = held(&fly);
    // Decoded from the connection string, in which it is percent-encoded.
    assert!(held["POSTGRES_PASSWORD"].starts_with("p/w!d"));
    assert_eq!(held["FRONTEND_URL"], "https://hotdash-chatwoot.fly.dev");
    assert_eq!((held["POSTGRES_PORT"].as_str(), held["PGSSLMODE"].as_str()), ("5432", "require"));
    assert_eq!(plan_counts(&bed, &fly), ALL_STAGED);
    let mode = bed.command("stat").args(["-c", "%a", "vault/occ/.fly-secrets.json"]).run();
    assert_eq!(mode.stdout(), "600\n");
    // The state file may hold secrets for all the guard knows, so it is looked at here.
    let state = bed.read("vault/occ/.fly-secrets.json");
    assert!(
        held.values().filter(|value| value.len() > 7).all(|value| !state.contains(value.as_str()))
    );
    assert!(!state.contains("CANARY"));
}

#[test]
fn deploy_ends_when_the_machines_run_with_it() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(outcome(&run(&bed, &fly, ["apply", "--deploy", "--approve"]), &fly), @"
    hotdash-chatwoot: 9 to add


    set FRONTEND_URL, PGSSLMODE, POSTGRES_DATABASE, POSTGRES_HOST, POSTGRES_PASSWORD, POSTGRES_PORT, POSTGRES_USERNAME, REDIS_URL, SECRET_KEY_BASE (version 1)
    ok: Fly shows what was sent, and the machines run with it
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    insta::assert_snapshot!(writes(&fly).join("\n"), @"
    POST /v1/apps/hotdash-chatwoot/secrets -> 200
    POST /graphql -> 200
    POST /api/v1/releases -> 201
    PATCH /api/v1/releases/hotdash-chatwoot.2 -> 200
    POST /v1/apps/hotdash-chatwoot/machines/148e123c019968/lease -> 201
    POST /v1/apps/hotdash-chatwoot/machines/148e123c019968 -> 200
    DELETE /v1/apps/hotdash-chatwoot/machines/148e123c019968/lease -> 200
    PATCH /api/v1/releases/hotdash-chatwoot.2 -> 200
    ");
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
    let state = fly.state();
    let app = &state.apps[APP];
    assert_eq!(app.machines[0].secrets_version, app.version);
    insta::assert_snapshot!(outcome(&run(&bed, &fly, ["apply", "--deploy", "--approve"]), &fly), @"
    hotdash-chatwoot: 9 as agreed

    ok: nothing to do
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
}

#[test]
fn what_was_staged_is_deployed_without_sending_again() {
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    fly.forget();
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    assert!(!writes(&fly).iter().any(|call| call.contains("/secrets")), "{:?}", writes(&fly));
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
}

#[test]
fn only_what_changed_is_sent_the_second_time() {
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    bed.write(
        "vault/occ/chatwoot/redis_staging.env",
        "REDIS_URL=rediss://default:rotated-CANARY-once@eu1-redis.upstash.io:6379\n",
    );
    fly.forget();
    let output = run(&bed, &fly, ["apply", "--approve", "--format", "json"]).json();
    assert_eq!(output["set"], serde_json::json!(["REDIS_URL"]));
    assert_eq!(
        fly.received().iter().find(|call| call.method == "POST").unwrap().names(),
        ["REDIS_URL"]
    );
    assert!(held(&fly)["REDIS_URL"].contains("rotated"));
}

#[test]
fn a_source_that_fails_its_checks_stops_everything() {
    let (bed, fly) = chatwoot();
    bed.write("vault/occ/chatwoot/redis_staging.env", "REDIS_URL=\n");
    let output = run(&bed, &fly, ["apply", "--approve"]);
    assert_eq!(output.code(), 1);
    assert!(
        output.stdout().ends_with(
            "refused: nothing was sent: mend the sources marked x; `vault-check check` says more of those in the vault\n"
        ),
        "{output}"
    );
    assert!(writes(&fly).is_empty());
}

#[test]
fn extras_are_removed_only_where_both_ops_toml_and_the_flag_say_so() {
    let (bed, fly) = chatwoot();
    fly.change(|state| {
        *state = state
            .clone()
            .with_secret(APP, "OLD_ONE", "CANARY")
            .with_secret(APP, "OLD_TWO", "CANARY");
    });
    let ops = bed
        .read("ops.toml")
        .replace("[fly.app.secrets]", "prune = [\"OLD_ONE\"]\n[fly.app.secrets]");
    bed.write("ops.toml", ops);
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    assert!(held(&fly).contains_key("OLD_ONE"));
    insta::assert_snapshot!(brief(&run(&bed, &fly, ["apply", "--prune", "--approve"]), &fly), @"
    hotdash-chatwoot: 9 staged, 2 extra

      ^ staged  FRONTEND_URL       a literal in ops.toml                                 on Fly, but the machines do not run with it yet
      ^ staged  PGSSLMODE          dsn:vault-staging:sslmode                             on Fly, but the machines do not run with it yet
      ^ staged  REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  on Fly, but the machines do not run with it yet
      ^ staged  SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  on Fly, but the machines do not run with it yet
      - extra   OLD_ONE                                                                  not in ops.toml; `--prune` removes it
      - extra   OLD_TWO                                                                  not in ops.toml; left alone

    removed OLD_ONE (version 4)
    ok: Fly shows what was sent; the machines run with it after the next deploy

    next: fly-secrets apply --app hotdash-chatwoot --deploy --approve    restart the machines
          fly secrets sync --app hotdash-chatwoot                        or this first, then `fly deploy`
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    let held = held(&fly);
    assert!(!held.contains_key("OLD_ONE") && held.contains_key("OLD_TWO"));
}

#[test]
fn somebody_elses_change_is_put_right() {
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    fly.change(|state| *state = state.clone().with_secret(APP, "REDIS_URL", "by hand CANARY"));
    assert!(plan_counts(&bed, &fly).contains(r#""drift":1"#));
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    assert!(!held(&fly)["REDIS_URL"].starts_with("by hand"));
}

#[test]
fn the_stream_goes_to_a_pipe_and_reads_back() {
    let (bed, fly) = chatwoot();
    let output = command(&bed, &fly, ["encode"]).stdout_holds_secrets().run();
    assert_eq!(output.code(), 0, "{output}");
    let read = fly_secrets::encode::import::read(output.stdout().as_bytes()).unwrap();
    assert_eq!(read.len(), 9);
    assert!(fly.received().is_empty());
}

#[test]
fn what_flyctl_cannot_carry_is_refused_by_name() {
    let (bed, fly) = chatwoot();
    bed.write("vault/occ/chatwoot/secret_key_base_staging.env", "SECRET_KEY_BASE=\n");
    insta::assert_snapshot!(run(&bed, &fly, ["encode"]), @"
    ------- stderr -------
    refused: SECRET_KEY_BASE (chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE): the value is empty
    hint: mend them; `vault-check check` says more of those in the vault; nothing was written
    [exit status: 1]
    ");
}

#[test]
fn the_digest_that_fly_shows_is_kept_and_never_printed() {
    let (bed, fly) = chatwoot();
    fly.change(|state| *state = State::default().with_app(APP));
    let output = run(&bed, &fly, ["apply", "--approve", "--format", "json"]);
    let redis = digest(&held(&fly)["REDIS_URL"]);
    assert!(!output.stdout().contains(&redis));
    assert!(bed.read("vault/occ/.fly-secrets.json").contains(&redis));
}
