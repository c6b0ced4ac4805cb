//! `verify`, `adopt`, `auth`, `config` and `logs`.

use testbed::fly::Token;

use crate::apply::plan_counts;
use crate::{APP, brief, chatwoot, command, run, shown};

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
    insta::assert_snapshot!(brief(&run(&bed, &fly, ["verify"]), &fly), @"
    ops.toml hotdash-chatwoot:EXTRA: note: not in ops.toml; left alone [extra]
      hint: fly secrets unset --app hotdash-chatwoot EXTRA, if nobody needs it
    ops.toml hotdash-chatwoot:FRONTEND_URL: error: was applied on [DATE] and is gone from Fly [not-on-fly]
      hint: fly-secrets apply --app hotdash-chatwoot --approve
    ops.toml hotdash-chatwoot:PGSSLMODE: error: on Fly, but the machines do not run with it yet [staged]
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

#[test]
fn what_another_name_belies_is_sent_and_not_adopted() {
    let (bed, fly) = chatwoot();
    let two = "REDIS_A = \"chatwoot/redis_staging.env:REDIS_URL\"\nREDIS_B = \"chatwoot/redis_staging.env:REDIS_URL\"\n";
    let ops = bed.read("ops.toml");
    let (before, _) = ops.split_once("[fly.app.secrets]").unwrap();
    bed.write("ops.toml", format!("{before}[fly.app.secrets]\n{two}"));
    fly.change(|state| *state = state.clone().with_secret(APP, "REDIS_A", "CANARY"));
    // Alone it can be vouched for, until the other one is set.
    assert_eq!(run(&bed, &fly, ["adopt", "REDIS_A"]).code(), 0);
    fly.change(|state| *state = state.clone().with_secret(APP, "REDIS_B", "CANARY two"));
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["plan"]), &fly), @"
    hotdash-chatwoot: 2 of unknown value

      ? unknown  REDIS_A  chatwoot/redis_staging.env:REDIS_URL  was adopted on [DATE], but REDIS_B has the same value in the vault and another digest on Fly
      ? unknown  REDIS_B  chatwoot/redis_staging.env:REDIS_URL  on Fly, but never applied from here

    unequal: REDIS_A and REDIS_B have one value in the vault and different ones on Fly

    next: fly-secrets apply --app hotdash-chatwoot --approve             send only, for the next deploy
          fly-secrets apply --app hotdash-chatwoot --deploy --approve    send, and restart the machines
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["adopt", "--all"]), &fly), @"
    refused: REDIS_A: its value in the vault is that of REDIS_B, and Fly shows different ones; `fly-secrets apply` sends it
    refused: REDIS_B: its value in the vault is that of REDIS_A, and Fly shows different ones; `fly-secrets apply` sends it
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["apply", "--approve"]), &fly), @"
    hotdash-chatwoot: 2 staged

      ^ staged  REDIS_A  chatwoot/redis_staging.env:REDIS_URL  on Fly, but the machines do not run with it yet
      ^ staged  REDIS_B  chatwoot/redis_staging.env:REDIS_URL  on Fly, but the machines do not run with it yet

    ok: nothing to send

    next: fly-secrets apply --app hotdash-chatwoot --deploy --approve    restart the machines
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["plan"]), &fly), @"
    hotdash-chatwoot: nothing to do: 2 as agreed
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
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
    next: by its own word it is good until 2045-10-01, so it was revoked, or a part of it is missing; `fly tokens create deploy --app hotdash-chatwoot --expiry 2160h` makes a new one, which belongs in fly/api_token.env:FLY_API_TOKEN
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    // Cut while it was copied.
    bed.write("vault/occ/fly/api_token.env", "FLY_API_TOKEN=\"FlyV1 fm2_lJPEEBkNBTkFSWQ\"\n");
    fly.change(|state| state.tokens.clear());
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["auth"]), &fly), @"
    hotdash-chatwoot: fly/api_token.env:FLY_API_TOKEN is a broken macaroon
      speaks for ops@example.com
      ok sees the app and its 0 secrets
      note: it begins like a macaroon and cannot be read
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 0]
    ");
    fly.change(|state| state.tokens = vec![Token::of("another")]);
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
fn a_machine_that_runs_another_image_is_found() {
    let (bed, fly) = chatwoot();
    fly.change(|state| {
        let machine = &mut state.apps.get_mut(APP).unwrap().machines[0];
        machine.config["image"] = "docker-hub-mirror.fly.io/chatwoot/chatwoot:v4.5.2".into();
    });
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["config", "--machines"]), &fly), @"
    deploy/chatwoot/fly.toml:8 build.image: warning: machine 148e123c019968 runs docker-hub-mirror.fly.io/chatwoot/chatwoot:v4.5.2, fly.toml declares chatwoot/chatwoot:v4.6.0 [machine-image]
      hint: fly deploy --config deploy/chatwoot/fly.toml, or declare what is meant to run
    findings: 1 checked, 1 warning
    ------- stderr -------
    note: asking [FLY] (FLY_FLAPS_BASE_URL) in place of Fly
    [exit status: 1]
    ");
    // An image that was built for the app has no name in the file; all machines run the same one.
    bed.write("deploy/chatwoot/fly.toml", "app = \"hotdash-chatwoot\"\n");
    fly.change(|state| {
        let app = state.apps.get_mut(APP).unwrap();
        app.machines.push(app.machines[0].clone());
        "second".clone_into(&mut app.machines[1].id);
        app.machines[0].config["image"] = "registry.fly.io/hotdash-chatwoot:deployment-2".into();
        app.machines[1].config["image"] = "registry.fly.io/hotdash-chatwoot:deployment-1".into();
    });
    insta::assert_snapshot!(shown(&run(&bed, &fly, ["config", "--machines"]), &fly), @"
    deploy/chatwoot/fly.toml: warning: machine second runs registry.fly.io/hotdash-chatwoot:deployment-1, another runs registry.fly.io/hotdash-chatwoot:deployment-2 [machine-image]
      hint: a deploy may have stopped half way: fly deploy --config deploy/chatwoot/fly.toml
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
fn a_place_without_logs_is_no_clean_place() {
    let (bed, fly) = chatwoot();
    insta::assert_snapshot!(run(&bed, &fly, ["logs", "nowhere"]), @"
    ------- stderr -------
    error: reading [ROOT]/nowhere
      caused by: No such file or directory (os error 2)
    hint: name a file or a folder; without one, flyctl's own folder is looked at
    [exit status: 2]
    ");
    // Longer than is read, with nothing in it.
    bed.write("../home/.fly/logs/flyctl-1.log", "");
    let long =
        std::fs::File::options().write(true).open(bed.path("../home/.fly/logs/flyctl-1.log"));
    long.unwrap().set_len(300 << 20).unwrap();
    insta::assert_snapshot!(run(&bed, &fly, ["logs"]), @"
    [HOME]/.fly/logs/flyctl-1.log: warning: not read: too large, or not readable [value-in-log]
      hint: look through it by hand, or delete it
    findings: 0 checked, 1 warning
    [exit status: 1]
    ");
    bed.remove("../home/.fly/logs/flyctl-1.log");
    // flyctl was never run here.
    assert_eq!(run(&bed, &fly, ["logs"]).code(), 0);
}

#[test]
fn a_fly_toml_that_is_broken_is_named_with_its_line() {
    let (bed, fly) = chatwoot();
    bed.write("deploy/chatwoot/fly.toml", "app = \"hotdash-chatwoot\"\n[env]\nA = 1\nA = 2\n");
    insta::assert_snapshot!(run(&bed, &fly, ["config"]), @"
    ------- stderr -------
    error: reading deploy/chatwoot/fly.toml: line 4 is not TOML: duplicate key
    hint: `fly config validate` says more
    [exit status: 2]
    ");
    insta::assert_snapshot!(run(&bed, &fly, ["config", "--fix", "path=/api"]), @"
    ------- stderr -------
    error: reading deploy/chatwoot/fly.toml: line 4 is not TOML: duplicate key
    hint: `fly config validate` says more
    [exit status: 2]
    ");
    bed.remove("deploy/chatwoot/fly.toml");
    insta::assert_snapshot!(run(&bed, &fly, ["config"]), @"
    ------- stderr -------
    error: reading deploy/chatwoot/fly.toml: No such file or directory (os error 2)
    hint: `fly config validate` says more
    [exit status: 2]
    ");
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
