//! What went wrong in the field, from end to end: staged and never applied, drift, and renamed mirrors.

use testbed::{Bed, FakeFly};

use crate::apply::{ALL_KEEP, held, plan_counts};
use crate::flyctl::recording;
use crate::{APP, brief, chatwoot, command, run};

const ROTATED: &str = "REDIS_URL=rediss://default:rotated-CANARY-once@eu1-redis.upstash.io:6379\n";

/// The names and digests that the stand-in lists, as a capture in one of flyctl's forms.
fn capture(fly: &FakeFly, head: &str, row: impl Fn(&str, &str) -> String, foot: &str) -> String {
    let rows: Vec<String> =
        fly.state().apps[APP].secrets.iter().map(|(name, one)| row(name, &one.digest)).collect();
    let between = if head.starts_with('[') { "," } else { "\n" };
    format!("{head}{}{foot}", rows.join(between))
}

/// What `plan` says of the names that a capture is about, without those that are as agreed.
fn plan(bed: &Bed, fly: &FakeFly, captured: &str) -> String {
    bed.write("list", captured);
    brief(&run(bed, fly, ["plan", "--listing", "list"]), fly)
}

#[test]
fn stale_staged_and_unequal_are_told_from_captures_before_and_after() {
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    // STAGED: after a restart one name still is. This flyctl has a column for it.
    let status = |name: &str| if name == "REDIS_URL" { "Staged" } else { "Deployed" };
    let table = capture(
        &fly,
        "NAME\tDIGEST\tSTATUS\n",
        |name, digest| format!("{name}\t{digest}\t{}", status(name)),
        "\n",
    );
    insta::assert_snapshot!(plan(&bed, &fly, &table), @"
    hotdash-chatwoot: 1 staged, 8 as agreed

      ^ staged  REDIS_URL  chatwoot/redis_staging.env:REDIS_URL  on Fly, but the machines do not run with it yet

    next: fly-secrets apply --app hotdash-chatwoot --deploy --approve    restart the machines
    [exit status: 1]
    ");
    // STALE: the vault's copy changed, Fly's digest did not. This flyctl has no such column; one name is extra.
    bed.write("vault/occ/chatwoot/redis_staging.env", ROTATED);
    let json = capture(
        &fly,
        "[",
        |name, digest| format!(r#"{{"Name":"{name}","Digest":"{digest}"}}"#),
        r#",{"Name":"LEFT_OVER","Digest":"00ff00ff00ff00ff"}]"#,
    );
    insta::assert_snapshot!(plan(&bed, &fly, &json), @"
    hotdash-chatwoot: 1 to change, 8 as agreed, 1 extra

      ~ change  REDIS_URL  chatwoot/redis_staging.env:REDIS_URL  the vault's value changed since it was applied on [DATE]
      - extra   LEFT_OVER                                        not in ops.toml; left alone

    next: fly-secrets apply --app hotdash-chatwoot --approve             send only, for the next deploy
          fly-secrets apply --app hotdash-chatwoot --deploy --approve    send, and restart the machines
    [exit status: 1]
    ");
    // A list that was cut is refused, in both forms.
    for whole in [&table, &json] {
        bed.write("list", &whole[..whole.len() - 10]);
        let output = run(&bed, &fly, ["plan", "--listing", "list"]);
        assert_eq!(output.code(), 2, "{output}");
        assert!(output.stderr().contains("hint: capture it again"), "{output}");
    }
    // UNEQUAL: two names have one value in the vault and two digests on Fly.
    let two = "REDIS_A = \"chatwoot/redis_staging.env:REDIS_URL\"\nREDIS_B = \"chatwoot/redis_staging.env:REDIS_URL\"\n";
    let ops = bed.read("ops.toml");
    let (before, _) = ops.split_once("[fly.app.secrets]").unwrap();
    bed.write("ops.toml", format!("{before}[fly.app.secrets]\n{two}"));
    let table = "NAME\tDIGEST\nREDIS_A\t00ff00ff00ff00ff\nREDIS_B\t11ee11ee11ee11ee\n";
    insta::assert_snapshot!(plan(&bed, &fly, table), @"
    hotdash-chatwoot: 2 of unknown value

      ? unknown  REDIS_A  chatwoot/redis_staging.env:REDIS_URL  on Fly, but never applied from here
      ? unknown  REDIS_B  chatwoot/redis_staging.env:REDIS_URL  on Fly, but never applied from here

    unequal: REDIS_A and REDIS_B have one value in the vault and different ones on Fly

    next: fly-secrets apply --app hotdash-chatwoot --approve             send only, for the next deploy
          fly-secrets apply --app hotdash-chatwoot --deploy --approve    send, and restart the machines
    [exit status: 1]
    ");
    // Nothing of all this was ever removed.
    assert_eq!(held(&fly).len(), 9);
}

/// The sample repo, with a credential that is called otherwise at Fly.
fn renamed(bed: &Bed) {
    let line = "CHATWOOT_TOKEN = \"chatwoot/api_token_staging.env:CHATWOOT_API_TOKEN_STAGING\"";
    let ops = bed.read("ops.toml");
    bed.write("ops.toml", ops.replace("[fly.app.secrets]", &format!("[fly.app.secrets]\n{line}")));
}

#[test]
fn a_renamed_credential_is_mirrored_in_one_request_and_one_restart() {
    let (bed, fly) = chatwoot();
    renamed(&bed);
    // Local only: Fly is not asked. Without approval: nothing is sent.
    assert_eq!(run(&bed, &fly, ["plan", "--local-only"]).code(), 1);
    // What asks nobody cannot send either.
    assert_eq!(run(&bed, &fly, ["apply", "--local-only", "--approve"]).code(), 2);
    assert!(fly.received().is_empty());
    assert_eq!(run(&bed, &fly, ["apply"]).code(), 1);
    assert!(fly.received().iter().all(|call| call.method == "GET"));
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    let count = |is_it: &dyn Fn(&str) -> bool| {
        let posts = fly.received().into_iter().filter(|call| call.method == "POST");
        posts.filter(|call| is_it(&call.path)).count()
    };
    assert_eq!(count(&|path| path.ends_with("/secrets")), 1);
    assert_eq!(count(&|path| path.contains("/machines/") && !path.ends_with("/lease")), 1);
    let held = held(&fly);
    assert!(held.contains_key("CHATWOOT_TOKEN"));
    assert!(!held.contains_key("CHATWOOT_API_TOKEN_STAGING"));
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP.replace(":9", ":10"));
}

#[test]
fn a_renamed_credential_goes_by_flyctls_stdin_alone() {
    let (bed, fly) = recording();
    renamed(&bed);
    let apply = ["apply", "--via", "flyctl", "--approve"];
    // The recorder sets nothing, so the list afterwards does not have it.
    assert_eq!(command(&bed, &fly, apply).path_first("bin").run().code(), 1);
    let read = fly_secrets::encode::import::read(&bed.read_bytes("record/stdin")).unwrap();
    assert!(read.iter().any(|(name, _)| name == "CHATWOOT_TOKEN"));
    // One call with all of them; the guard has read its arguments and its environment.
    assert_eq!(bed.read("record/argv").matches("import").count(), 1);
    assert!(bed.read("record/env").contains("FLY_CONFIG_DIR="));
}
