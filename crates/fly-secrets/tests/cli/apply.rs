//! `apply` and `encode`: what is sent, what is recorded, and what is left where a run ends early.

use std::collections::BTreeMap;

use testbed::fly::{State, digest};
use testbed::{Bed, FakeFly, Output};

use crate::{APP, chatwoot, command, run, shown};

/// What the stand-in holds, by name.
fn held(fly: &FakeFly) -> BTreeMap<String, String> {
    let state = fly.state();
    let secrets = &state.apps[APP].secrets;
    secrets
        .iter()
        .map(|(name, one)| (name.clone(), one.value.clone().unwrap_or_default()))
        .collect()
}

/// The calls that changed something.
fn writes(fly: &FakeFly) -> Vec<String> {
    let received = fly.received();
    received.iter().filter(|one| one.method != "GET").map(ToString::to_string).collect()
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
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["apply"]), &fly), @"
    hotdash-chatwoot: 9 to add

      + FRONTEND_URL       a literal in ops.toml                                 not on Fly yet
      + PGSSLMODE          dsn:vault-staging:sslmode                             not on Fly yet
      + POSTGRES_DATABASE  dsn:vault-staging:dbname                              not on Fly yet
      + POSTGRES_HOST      dsn:vault-staging:host                                not on Fly yet
      + POSTGRES_PASSWORD  dsn:vault-staging:password                            not on Fly yet
      + POSTGRES_PORT      dsn:vault-staging:port                                not on Fly yet
      + POSTGRES_USERNAME  dsn:vault-staging:user                                not on Fly yet
      + REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  not on Fly yet
      + SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  not on Fly yet

    nothing was sent; the same command with --approve sends 9
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    assert!(writes(&fly).is_empty());
}

#[test]
fn all_values_go_in_one_request_and_are_recorded() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["apply", "--approve"]), &fly), @"
    hotdash-chatwoot: 9 to add

      + FRONTEND_URL       a literal in ops.toml                                 not on Fly yet
      + PGSSLMODE          dsn:vault-staging:sslmode                             not on Fly yet
      + POSTGRES_DATABASE  dsn:vault-staging:dbname                              not on Fly yet
      + POSTGRES_HOST      dsn:vault-staging:host                                not on Fly yet
      + POSTGRES_PASSWORD  dsn:vault-staging:password                            not on Fly yet
      + POSTGRES_PORT      dsn:vault-staging:port                                not on Fly yet
      + POSTGRES_USERNAME  dsn:vault-staging:user                                not on Fly yet
      + REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  not on Fly yet
      + SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  not on Fly yet

    set FRONTEND_URL, PGSSLMODE, POSTGRES_DATABASE, POSTGRES_HOST, POSTGRES_PASSWORD, POSTGRES_PORT, POSTGRES_USERNAME, REDIS_URL, SECRET_KEY_BASE (version 1)
    ok: Fly shows what was sent; the machines run with it after the next deploy
    next: fly-secrets apply --app hotdash-chatwoot --deploy --approve    (or, before a `fly deploy`: fly secrets sync --app hotdash-chatwoot)
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
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["apply", "--deploy", "--approve"]), &fly), @"
    hotdash-chatwoot: 9 to add

      + FRONTEND_URL       a literal in ops.toml                                 not on Fly yet
      + PGSSLMODE          dsn:vault-staging:sslmode                             not on Fly yet
      + POSTGRES_DATABASE  dsn:vault-staging:dbname                              not on Fly yet
      + POSTGRES_HOST      dsn:vault-staging:host                                not on Fly yet
      + POSTGRES_PASSWORD  dsn:vault-staging:password                            not on Fly yet
      + POSTGRES_PORT      dsn:vault-staging:port                                not on Fly yet
      + POSTGRES_USERNAME  dsn:vault-staging:user                                not on Fly yet
      + REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  not on Fly yet
      + SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  not on Fly yet

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
    POST /v1/apps/hotdash-chatwoot/machines/148e123c019968/lease -> 201
    POST /v1/apps/hotdash-chatwoot/machines/148e123c019968 -> 200
    DELETE /v1/apps/hotdash-chatwoot/machines/148e123c019968/lease -> 200
    PATCH /api/v1/releases/hotdash-chatwoot.2 -> 200
    ");
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
    let state = fly.state();
    let app = &state.apps[APP];
    assert_eq!(app.machines[0].secrets_version, app.version);
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["apply", "--deploy", "--approve"]), &fly), @"
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
            "refused: nothing was sent: mend the sources marked x; `vault-check check` says more\n"
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
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["apply", "--prune", "--approve"]), &fly), @"
    hotdash-chatwoot: 9 staged, 2 extra

      ^ FRONTEND_URL       a literal in ops.toml                                 on Fly, but the machines do not run with it yet
      ^ PGSSLMODE          dsn:vault-staging:sslmode                             on Fly, but the machines do not run with it yet
      ^ POSTGRES_DATABASE  dsn:vault-staging:dbname                              on Fly, but the machines do not run with it yet
      ^ POSTGRES_HOST      dsn:vault-staging:host                                on Fly, but the machines do not run with it yet
      ^ POSTGRES_PASSWORD  dsn:vault-staging:password                            on Fly, but the machines do not run with it yet
      ^ POSTGRES_PORT      dsn:vault-staging:port                                on Fly, but the machines do not run with it yet
      ^ POSTGRES_USERNAME  dsn:vault-staging:user                                on Fly, but the machines do not run with it yet
      ^ REDIS_URL          chatwoot/redis_staging.env:REDIS_URL                  on Fly, but the machines do not run with it yet
      ^ SECRET_KEY_BASE    chatwoot/secret_key_base_staging.env:SECRET_KEY_BASE  on Fly, but the machines do not run with it yet
      - OLD_ONE                                                                  not in ops.toml; `--prune` removes it
      - OLD_TWO                                                                  not in ops.toml; left alone

    removed OLD_ONE (version 4)
    ok: Fly shows what was sent; the machines run with it after the next deploy
    next: fly-secrets apply --app hotdash-chatwoot --deploy --approve    (or, before a `fly deploy`: fly secrets sync --app hotdash-chatwoot)
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
fn an_answer_that_was_lost_is_looked_for_instead_of_sent_again() {
    for fault in ["close-after", "half"] {
        let (bed, fly) = chatwoot();
        fly.add_fault(format!("POST /secrets={fault},times=1").parse().unwrap());
        let output = run(&bed, &fly, ["apply", "--approve"]);
        assert_eq!(output.code(), 0, "{fault}: {output}");
        assert_eq!(fly.state().apps[APP].version, 1, "{fault}: sent twice");
        assert_eq!(plan_counts(&bed, &fly), ALL_STAGED);
    }
}

#[test]
fn a_request_that_was_lost_is_sent_again() {
    let (bed, fly) = chatwoot();
    fly.add_fault("POST /secrets=close,times=1".parse().unwrap());
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    assert_eq!(fly.state().apps[APP].version, 1);
}

#[test]
fn a_failed_apply_leaves_a_state_from_which_plan_is_right() {
    for (fault, expected) in [("401", "add"), ("422", "add"), ("503", "add"), ("close", "add")] {
        let (bed, fly) = chatwoot();
        fly.add_fault(format!("POST /secrets={fault}").parse().unwrap());
        assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 2, "{fault}");
        let counts = plan_counts(&bed, &fly);
        assert!(counts.contains(&format!(r#""{expected}":9"#)), "{fault}: {counts}");
        fly.change(|state| state.faults.clear());
        assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
        assert_eq!(fly.state().apps[APP].version, 1);
    }
}

#[test]
fn a_failed_look_after_sending_makes_the_value_unknown_not_lost() {
    let (bed, fly) = chatwoot();
    // The first list passes; the one after the change does not.
    fly.add_fault("GET /secrets=500,after=1".parse().unwrap());
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 2);
    fly.change(|state| state.faults.clear());
    assert!(plan_counts(&bed, &fly).contains(r#""unknown":9"#));
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    assert_eq!(plan_counts(&bed, &fly), ALL_STAGED);
}

#[test]
fn killed_between_any_two_requests_plan_is_right_and_a_second_run_mends_it() {
    // The calls of a whole run, in order: list, set, list, list machines, and so on.
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    let n_calls = fly.received().len();
    for stop in 0..n_calls {
        let (bed, fly) = chatwoot();
        // The call after `stop` others never ends.
        fly.add_fault(format!("/=slow:60000,after={stop},times=1").parse().unwrap());
        let running = command(&bed, &fly, ["apply", "--deploy", "--approve"]).start();
        for _ in 0..400 {
            if fly.received().len() > stop {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(fly.received().len() > stop, "call {stop} never came");
        running.kill();
        let killed = running.wait();
        assert_eq!(killed.code(), 137);
        let counts = plan_counts(&bed, &fly);
        let state = fly.state();
        let app = &state.apps[APP];
        let runs = app.version > 0 && app.machines[0].secrets_version == app.version;
        assert_eq!(counts == ALL_KEEP, runs, "{stop}: {counts}");
        // A lease of the killed run is in the way until it runs out.
        fly.change(|state| state.apps.get_mut(APP).unwrap().machines[0].lease = None);
        let again = run(&bed, &fly, ["apply", "--deploy", "--approve"]);
        assert_eq!(again.code(), 0, "{stop}: {again}");
        assert_eq!(plan_counts(&bed, &fly), ALL_KEEP, "{stop}");
    }
}

#[test]
fn two_applies_at_once_send_once() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.latency_ms = 100);
    let first = command(&bed, &fly, ["apply", "--approve"]).start();
    let second = command(&bed, &fly, ["apply", "--approve"]).start();
    let (first, second) = (first.wait(), second.wait());
    assert_eq!((first.code(), second.code()), (0, 0), "{first}\n{second}");
    assert_eq!(writes(&fly).len(), 1);
}

#[test]
fn a_clock_that_is_wrong_changes_nothing() {
    for offset in [-86_400, 86_400] {
        let (bed, fly) = chatwoot();
        fly.change(|state| state.clock_offset_seconds = offset);
        assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0, "{offset}");
        assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
    }
}

#[test]
fn a_state_file_that_is_broken_stops_before_anything_is_sent() {
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    let whole = bed.read("vault/occ/.fly-secrets.json");
    fly.forget();
    for broken in [&whole[..whole.len() / 2], "", "{}", r#"{"version": 2}"#] {
        bed.write("vault/occ/.fly-secrets.json", broken);
        let output = run(&bed, &fly, ["apply", "--approve"]);
        assert_eq!(output.code(), 2, "{output}");
        assert!(output.stderr().contains("hint: "), "{output}");
    }
    assert!(fly.received().is_empty());
    assert_eq!(bed.read("vault/occ/.fly-secrets.json"), r#"{"version": 2}"#);
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
hint: `fly-secrets apply --via api` carries any text; nothing was written
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

#[test]
fn a_refusal_that_repeats_values_is_not_shown() {
    let (bed, fly) = chatwoot();
    fly.add_fault("POST /secrets=echo".parse().unwrap());
    insta::assert_snapshot!(run(&bed, &fly, ["apply", "--approve", "--format", "json"]).json()["error"], @r#"{"message":"setting the secrets of hotdash-chatwoot: Fly refused the request (request 01FAKEREQUEST0000000000002-iad)","hint":"names take letters, digits and underscores; values must be text"}"#);
}

/// One fault from the call `after` on: the run fails or is not troubled; then plan is right and a second run ends it.
fn survives(effect: &str, after: usize) {
    let (bed, fly) = chatwoot();
    fly.add_fault(format!("/={effect},after={after},retry-after=0").parse().unwrap());
    let failed = run(&bed, &fly, ["apply", "--deploy", "--approve"]);
    assert!(failed.code() == 2 && failed.stderr().contains("hint: "), "{effect} {after}: {failed}");
    fly.change(|state| {
        state.faults.clear();
        state.apps.get_mut(APP).unwrap().machines[0].lease = None;
    });
    let counts = plan_counts(&bed, &fly);
    let state = fly.state();
    let app = &state.apps[APP];
    let runs = app.version > 0 && app.machines[0].secrets_version == app.version;
    assert_eq!(counts == ALL_KEEP, runs, "{effect} {after}: {counts}");
    assert!(app.version <= 1, "{effect} {after}: sent twice");
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0, "{effect} {after}");
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP, "{effect} {after}");
}

#[test]
fn every_call_may_fail_in_every_way() {
    // The calls that cannot be left out; giving back the lease is a courtesy whose failure is none.
    const CALLS: [usize; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12];
    std::thread::scope(|scope| {
        for effect in ["401", "422", "429", "half", "close", "close-after", "html"] {
            scope.spawn(move || CALLS.iter().for_each(|&after| survives(effect, after)));
        }
    });
}

#[test]
fn the_documented_rate_is_kept() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.rate_limit = true);
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
}
