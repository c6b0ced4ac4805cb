//! `verify`, `adopt`, `auth`, `config` and `logs`.

use testbed::fly::Token;

use crate::apply::{ALL_KEEP, plan_counts};
use crate::{APP, chatwoot, command, run, shown};

#[test]
fn verify_holds_after_a_deploy_and_names_what_does_not() {
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["verify"]), &fly), @"
    ok: 9 checked, nothing found
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    fly.change(|state| {
        let app = state.apps.get_mut(APP).unwrap();
        app.secrets.remove("FRONTEND_URL");
        // A machine of an older release came back.
        let mut old = app.machines[0].clone();
        "old".clone_into(&mut old.id);
        old.config["metadata"]["fly_release_version"] = "1".into();
        app.machines.push(old);
        *state = state.clone().with_secret(APP, "EXTRA", "CANARY");
    });
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["verify"]), &fly), @"
    ops.toml hotdash-chatwoot:EXTRA: note: not in ops.toml; left alone [extra]
      hint: fly secrets unset --app hotdash-chatwoot EXTRA, if nobody needs it
    ops.toml hotdash-chatwoot:FRONTEND_URL: error: was applied on [DATE] and is gone from Fly [not-on-fly]
      hint: fly-secrets apply --app hotdash-chatwoot --approve
    ops.toml hotdash-chatwoot:PGSSLMODE: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    ops.toml hotdash-chatwoot:POSTGRES_DATABASE: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    ops.toml hotdash-chatwoot:POSTGRES_HOST: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    ops.toml hotdash-chatwoot:POSTGRES_PASSWORD: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    ops.toml hotdash-chatwoot:POSTGRES_PORT: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    ops.toml hotdash-chatwoot:POSTGRES_USERNAME: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    ops.toml hotdash-chatwoot:REDIS_URL: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    ops.toml hotdash-chatwoot:SECRET_KEY_BASE: error: on Fly, but the machines do not run with it yet [staged]
      hint: fly-secrets apply --app hotdash-chatwoot --deploy --approve
    findings: 10 checked, 9 errors, 1 note
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    let json = run(&bed, &fly, ["verify", "--format", "json"]).json();
    assert_eq!(json["verdict"], "findings");
}

#[test]
fn adopting_makes_the_present_values_agreed() {
    let (bed, fly) = chatwoot();
    fly.change(|state| {
        let mut next = state.clone();
        for name in ["REDIS_URL", "PGSSLMODE", "OTHER"] {
            next = next.with_secret(APP, name, "set by hand CANARY");
        }
        *state = next;
    });
    insta::assert_snapshot!(run(&bed, &fly, ["adopt"]), @"
    ------- stderr -------
    error: adopting needs the names you vouch for
    hint: fly-secrets adopt --app hotdash-chatwoot NAME…, or --all for every name of unknown value
    [exit status: 2]
    ");
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["adopt", "--all"]), &fly), @"
    ok: PGSSLMODE: agreed as Fly shows it now
    ok: REDIS_URL: agreed as Fly shows it now
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    assert!(plan_counts(&bed, &fly).contains(r#""keep":2"#));
    insta::assert_snapshot!(run(&bed, &fly, ["adopt", "OTHER", "FRONTEND_URL", "--format", "json"]).stdout(), @r#"{"schema":"fly-secrets/adopt/1","verdict":"refused","app":"hotdash-chatwoot","adopted":[],"refused":[{"name":"OTHER","reason":"ops.toml does not want it"},{"name":"FRONTEND_URL","reason":"Fly does not list it"}]}"#);
    assert!(!fly.received().iter().any(|call| call.method == "POST"));
}

/// Without the number of years, which depends on today.
fn undated(output: &testbed::Output, fly: &testbed::FakeFly) -> String {
    let text = shown(output, fly);
    let (before, after) = text.split_once(", in ").unwrap();
    let (_, after) = after.split_once(" years").unwrap();
    format!("{before}, in [N] years{after}")
}

#[test]
fn auth_says_what_the_token_is_and_sees() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["auth"]), &fly), @"
    hotdash-chatwoot: fly/api_token.env:FLY_API_TOKEN is a broken macaroon
      speaks for ops@example.com
      ok sees the app and its 0 secrets
      note: it begins like a macaroon and cannot be read; it may have been cut
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    // The organization, one app, and an end in 2043, as `fly tokens create deploy` writes them.
    bed.write("vault/occ/fly/api_token.env", "FLY_API_TOKEN=\"FlyV1 fm2_lJPEBkNBTkFSWcQBcsK1aHR0cHM6Ly9hcGkuZmx5LmlvL3YxlgCSBx8DkYHNA+kfBJIAzokAAADEBHRhaWw=\"\n");
    fly.change(|state| state.tokens.clear());
    insta::assert_snapshot!(undated(&run(&bed, &fly, ["auth"]), &fly), @"
    hotdash-chatwoot: fly/api_token.env:FLY_API_TOKEN is a macaroon, bound to one app
      speaks for ops@example.com
      ok sees the app and its 0 secrets
      note: it ends on [DATE], in [N] years; `--expiry` makes one that ends sooner
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    fly.change(|state| state.tokens = vec![Token::of("another")]);
    insta::assert_snapshot!(undated(&run(&bed, &fly, ["auth"]), &fly), @"
    hotdash-chatwoot: fly/api_token.env:FLY_API_TOKEN is a macaroon, bound to one app
      speaks for nobody that Fly names
      no Fly does not accept the token
      note: it ends on [DATE], in [N] years; `--expiry` makes one that ends sooner
    next: the token has expired or was revoked; `fly tokens create deploy --app hotdash-chatwoot` makes a new one
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    let json = run(&bed, &fly, ["auth", "--format", "json"]).json();
    assert_eq!(json["tokens"][0]["sees_app"], false);
}

#[test]
fn the_sample_fly_toml_is_as_it_should_be() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["config"]), &fly), @"
    ok: 1 checked, nothing found
    [exit status: 0]
    ");
    assert!(fly.received().is_empty());
}

#[test]
fn a_fix_changes_the_page_alone() {
    let (bed, fly) = chatwoot();
    let good = bed.read("deploy/chatwoot/fly.toml");
    let broken = good.replace("path = \"/api\"", "path = \"/rails/health\"");
    bed.write("deploy/chatwoot/fly.toml", &broken);
    assert_eq!(run(&bed, &fly, ["config"]).code(), 1);
    let output = run(&bed, &fly, ["config", "--fix", "path=/api"]);
    assert_eq!(output.code(), 0, "{output}");
    assert_eq!(bed.read("deploy/chatwoot/fly.toml"), good);
}

#[test]
fn a_machine_that_came_back_smaller_is_found() {
    let (bed, fly) = chatwoot();
    fly.change(|state| {
        let machine = &mut state.apps.get_mut(APP).unwrap().machines[0];
        machine.config["guest"]["memory_mb"] = 512.into();
        machine.config["metadata"]["fly_process_group"] = "worker".into();
    });
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["config", "--machines"]), &fly), @"
    deploy/chatwoot/fly.toml: warning: machine 148e123c019968 has 512 MB, fly.toml declares 2048 MB [memory]
      hint: fly machine update 148e123c019968 --vm-memory 2048 --app hotdash-chatwoot
    findings: 1 checked, 1 warning
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
}

#[test]
fn values_in_flyctls_logs_are_found_by_name() {
    let (mut bed, fly) = chatwoot();
    bed.holds_secrets("../home/.fly/logs");
    let redis = bed.read("vault/occ/chatwoot/redis_staging.env");
    let redis = redis.lines().find_map(|line| line.strip_prefix("REDIS_URL=")).unwrap();
    bed.write(
        "../home/.fly/logs/flyctl-1.log",
        format!("DEBUG\nPOST {{\"values\":{{\"REDIS_URL\":\"{redis}\"}}}}\n"),
    );
    bed.write("../home/.fly/logs/flyctl-2.log", "DEBUG nothing\n");
    bed.write("../home/.fly/config.yml", "access_token: x\n");
    insta::assert_snapshot!(command(&bed, &fly, ["logs"]).run(), @"
    [HOME]/.fly/logs/flyctl-1.log:2 chatwoot/redis_staging.env:REDIS_URL: error: the value of chatwoot/redis_staging.env:REDIS_URL lies in a file of flyctl [value-in-log]
      hint: rm '[HOME]/.fly/logs/flyctl-1.log', then rotate the value if others could read the file
    findings: 2 checked, 1 error
    [exit status: 1]
    ");
}

#[test]
fn staged_drift_and_unequal_are_told_from_captures_before_and_after() {
    // Both lists are captures; the second is as JSON of an older flyctl without a status.
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    let listed: Vec<(String, String)> = fly.state().apps[APP]
        .secrets
        .iter()
        .map(|(name, one)| (name.clone(), one.digest.clone()))
        .collect();
    let table = |status: &dyn Fn(&str) -> &'static str| {
        let rows =
            listed.iter().map(|(name, digest)| format!("{name}\t{digest}\t{}\n", status(name)));
        format!("NAME\tDIGEST\tSTATUS\n{}", rows.collect::<String>())
    };
    // STAGED: one name is still staged after a restart.
    bed.write("after.txt", table(&|name| if name == "REDIS_URL" { "Staged" } else { "Deployed" }));
    let counts = |file: &str| {
        run(&bed, &fly, ["plan", "--listing", file, "--format", "json"]).json()["apps"][0]["counts"]
            .clone()
    };
    assert_eq!(
        (counts("after.txt")["staged"].clone(), counts("after.txt")["keep"].clone()),
        (1.into(), 8.into())
    );
    // STALE: the vault's copy changed, Fly's digest did not; and an extra name is only reported.
    bed.write(
        "vault/occ/chatwoot/redis_staging.env",
        "REDIS_URL=rediss://default:rotated-CANARY-once@eu1-redis.upstash.io:6379\n",
    );
    let entries =
        listed.iter().map(|(name, digest)| format!(r#"{{"Name":"{name}","Digest":"{digest}"}}"#));
    let json: Vec<String> =
        entries.chain([r#"{"Name":"LEFT_OVER","Digest":"00ff00ff00ff00ff"}"#.to_owned()]).collect();
    bed.write("before.json", format!("[{}]", json.join(",")));
    let before = counts("before.json");
    assert_eq!((before["change"].clone(), before["extra"].clone()), (1.into(), 1.into()));
    // UNEQUAL: two names with one value in the vault, two digests on Fly.
    let ops = bed.read("ops.toml").replace("[fly.app.secrets]", "[fly.app.secrets]\nREDIS_A = \"chatwoot/redis_staging.env:REDIS_URL\"\nREDIS_B = \"chatwoot/redis_staging.env:REDIS_URL\"");
    bed.write("ops.toml", ops);
    bed.write("two.txt", "NAME DIGEST\n");
    bed.write("two.txt", "NAME\tDIGEST\nREDIS_A\t00ff00ff00ff00ff\nREDIS_B\t11ee11ee11ee11ee\n");
    let output = run(&bed, &fly, ["plan", "--listing", "two.txt", "--format", "json"]).json();
    assert_eq!(output["apps"][0]["unequal"], serde_json::json!([["REDIS_A", "REDIS_B"]]));
    // A list that was cut is refused.
    bed.write("cut.txt", "NAME\tDIGEST\nREDIS_A\t00ff00ff00ff00ff\nREDIS_B\t11ee1\n");
    assert_eq!(run(&bed, &fly, ["plan", "--listing", "cut.txt"]).code(), 2);
    assert!(fly.state().apps[APP].secrets.contains_key("REDIS_URL"));
}

#[test]
fn a_renamed_credential_is_mirrored_in_one_request_and_one_restart() {
    let (bed, fly) = chatwoot();
    let ops = bed.read("ops.toml").replace("[fly.app.secrets]", "[fly.app.secrets]\nCHATWOOT_TOKEN = \"chatwoot/api_token_staging.env:CHATWOOT_API_TOKEN_STAGING\"");
    bed.write("ops.toml", ops);
    // Local only: Fly is not asked. Without approval: nothing is sent.
    assert_eq!(run(&bed, &fly, ["plan", "--local-only"]).code(), 1);
    assert!(fly.received().is_empty());
    assert_eq!(run(&bed, &fly, ["apply"]).code(), 1);
    assert!(fly.received().iter().all(|call| call.method == "GET"));
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    let writes: Vec<String> = fly
        .received()
        .iter()
        .filter(|call| call.method == "POST")
        .map(|call| call.path.clone())
        .collect();
    let n_sets = writes.iter().filter(|path| path.ends_with("/secrets")).count();
    let n_updates = writes
        .iter()
        .filter(|path| path.contains("/machines/") && !path.ends_with("/lease"))
        .count();
    assert_eq!((n_sets, n_updates), (1, 1), "{writes:?}");
    let state = fly.state();
    assert!(state.apps[APP].secrets.contains_key("CHATWOOT_TOKEN"));
    assert!(!state.apps[APP].secrets.contains_key("CHATWOOT_API_TOKEN_STAGING"));
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP.replace(":9", ":10"));
}

#[test]
fn the_running_process_shows_no_value_to_anyone() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.faults = vec!["POST /secrets=slow:2000".parse().unwrap()]);
    let running = command(&bed, &fly, ["apply", "--approve"]).start();
    std::thread::sleep(std::time::Duration::from_millis(800));
    let read =
        |name: &str| std::fs::read(format!("/proc/{}/{name}", running.pid())).unwrap_or_default();
    for name in ["cmdline", "environ"] {
        // The guard reads this file after the next run.
        bed.write(format!("proc-{name}"), read(name));
        assert!(!String::from_utf8_lossy(&read(name)).contains("CANARY"), "{name}");
    }
    assert!(!read("cmdline").is_empty());
    assert_eq!(running.wait().code(), 0);
}

#[test]
fn help_names_every_command_and_binds_no_secret_to_a_flag() {
    let bed = testbed::Bed::new();
    let output = bed.command(testbed::bin!("fly-secrets")).args(["--help"]).run();
    for word in ["plan", "apply", "verify", "adopt", "encode", "auth", "config", "logs"] {
        assert!(output.stdout().contains(&format!("\n  {word} ")), "{word}");
    }
    let command = <fly_secrets::Args as clap::CommandFactory>::command();
    command.clone().debug_assert();
    let mut commands: Vec<&clap::Command> = vec![&command];
    while let Some(command) = commands.pop() {
        assert!(
            command.get_arguments().all(|arg| arg.get_env().is_none()),
            "{}",
            command.get_name()
        );
        commands.extend(command.get_subcommands());
    }
}
