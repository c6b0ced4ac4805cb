//! The six pipelines of the sample operator's repo, in order and with what really goes wrong.

use std::fs;
use std::path::PathBuf;

use testbed::fly::{Fault, State};

use crate::{Sample, appended};

const ORDER: [(&str, &[&str]); 6] = [
    ("preflight", &[]),
    ("align", &["fix"]),
    ("refresh", &["apply"]),
    ("redeploy", &["worker-away", "deploy"]),
    ("smoke", &[]),
    ("readiness", &[]),
];

fn state() -> State {
    State::default().with_app("hotdash-chatwoot")
}

fn run(sample: &Sample, name: &str, more: &[&str]) -> (u8, String) {
    let approvals = ORDER.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, ids)| ids);
    let mut args = vec![name, "--quiet"];
    args.extend(approvals.iter().flat_map(|id| ["--approve", id]));
    args.extend(more);
    let output = sample.xtask(&args);
    (u8::try_from(output.code()).unwrap(), format!("{output}"))
}

/// The newest bundle of a pipeline.
fn newest(sample: &Sample, pipeline: &str) -> PathBuf {
    let is_its_own = |bundle: &PathBuf| {
        bundle.file_name().unwrap().to_str().unwrap().starts_with(&format!("{pipeline}-"))
    };
    sample.bundles().into_iter().rfind(is_its_own).unwrap()
}

fn check_bundles(sample: &Sample) {
    let bundles = sample.bundles();
    let verified = sample.tool("evidence-log").arg("verify").args(&bundles).run();
    assert_eq!(verified.code(), 0, "{verified}");
}

/// Every bundle holds, and no value is anywhere but in the vault.
fn check_all(sample: &Sample) {
    check_bundles(sample);
    let leaks = sample.tool("vault-check").arg("leaks").run();
    assert_eq!(leaks.code(), 0, "{leaks}");
}

#[test]
fn all_six_pipelines_succeed_in_order() {
    let sample = Sample::with(state());
    for (name, _) in ORDER {
        let (code, output) = run(&sample, name, &[]);
        assert_eq!(code, 0, "{name}: {output}");
    }
    check_all(&sample);
    let log = appended(&sample);
    assert_eq!(log.matches("each ended as expected").count(), 6, "{log}");
    let matrix = sample.xtask(&["matrix", "--format", "json"]).json();
    let status = |id: &str| {
        let items = matrix["items"].as_array().unwrap();
        items.iter().find(|item| item["id"] == id).unwrap()["status"].as_str().unwrap().to_owned()
    };
    for item in [
        "vault-files",
        "fly-secrets",
        "database-prepared",
        "worker-memory",
        "super-admin",
        "api-token",
        "webhook-signed",
    ] {
        assert_eq!(status(item), "proved", "{item}: {matrix}");
    }
    assert_eq!(status("inbox-scopes"), "missing");
    let calls = fs::read_to_string(sample.flyctl_state()).unwrap();
    assert!(calls.contains("scale count worker=1 --vm-memory 2048"), "{calls}");
    assert!(!calls.contains("CANARY"), "a value in a command line");
}

/// Something that goes wrong in the sample's repo: where the pipeline then halts, and what the log says.
struct Wrong {
    pipeline: &'static str,
    /// What is changed in this file: the text, and what stands there instead. An empty text is the whole file.
    file: &'static str,
    before: &'static str,
    after: &'static str,
    halts_at: &'static str,
    /// The next to the right.
    not_run: &'static str,
    says: &'static str,
}

const WRONG: [Wrong; 8] = [
    Wrong {
        pipeline: "preflight",
        file: "vault/occ/chatwoot/redis_staging.env",
        before: "REDIS_URL=",
        after: "REDIS=",
        halts_at: "vault",
        not_run: "toolchain",
        says: "- what: REDIS_URL is not in its file; where: vault/occ/chatwoot/redis_staging.env; who: chatwoot",
    },
    Wrong {
        pipeline: "preflight",
        file: ".git/HEAD",
        before: "refs/heads/main",
        after: "refs/heads/other",
        halts_at: "git-branch",
        not_run: "dsn",
        says: "step `git-branch` failed",
    },
    Wrong {
        pipeline: "preflight",
        file: "docs/directions/chatwoot.md",
        before: "In order:",
        after: "In any order:",
        halts_at: "documents",
        not_run: "dsn",
        says: "step `documents` failed: exit 1",
    },
    Wrong {
        pipeline: "preflight",
        file: "deploy/chatwoot/fly.toml",
        before: "path = \"/api\"",
        after: "path = \"/rails/health\"",
        halts_at: "fly-toml",
        not_run: "dsn",
        says: "step `fly-toml` failed: exit 1",
    },
    Wrong {
        pipeline: "redeploy",
        file: "vault/occ/chatwoot/postgres_staging.env",
        before: "POSTGRES_USERNAME=postgres.hdchatwootstagingref",
        after: "POSTGRES_USERNAME=postgres",
        halts_at: "dsn",
        not_run: "plan",
        says: "step `dsn` failed: exit 1",
    },
    Wrong {
        pipeline: "smoke",
        file: "vault/occ/chatwoot/webhook_secret_staging.env",
        before: "CHATWOOT_WEBHOOK_SECRET_STAGING=",
        after: "CHATWOOT_WEBHOOK_SECRET=",
        halts_at: "vault",
        not_run: "health",
        says: "- what: CHATWOOT_WEBHOOK_SECRET_STAGING is not in its file; where: vault/occ/chatwoot/webhook_secret_staging.env; who: data",
    },
    Wrong {
        pipeline: "smoke",
        file: "vault/occ/chatwoot/api_token_staging.env",
        before: "STAGING=3",
        after: "STAGING=4",
        halts_at: "api",
        not_run: "webhook",
        says: "the token does not see the account",
    },
    Wrong {
        pipeline: "smoke",
        file: "vault/occ/chatwoot/webhook_secret_staging.env",
        before: "=CANARY",
        after: "=otherCANARY",
        halts_at: "webhook",
        not_run: "",
        says: "status 401 for an event signed right",
    },
];

#[test]
fn what_is_wrong_halts_its_step_and_resume_completes_once_it_is_mended() {
    for Wrong { pipeline, file, before, after, halts_at, not_run, says } in WRONG {
        let sample = Sample::with(state());
        if pipeline == "redeploy" {
            assert_eq!(run(&sample, "refresh", &[]).0, 0);
        }
        let right = sample.bed.read(file);
        assert!(right.contains(before), "{file} has no {before}");
        sample.bed.write(file, right.replacen(before, after, 1));
        let (code, output) = run(&sample, pipeline, &[]);
        assert_eq!(code, 1, "{file}: {output}");
        let log = appended(&sample);
        assert!(log.contains(says), "{says}: {log}");
        let bundle = newest(&sample, pipeline);
        let labels: Vec<String> = evidence::Bundle::open(&bundle)
            .unwrap()
            .runs()
            .iter()
            .map(|run| run.begin.label.clone())
            .collect();
        assert!(labels.iter().any(|label| label == halts_at), "{labels:?}");
        assert!(!labels.iter().any(|label| label == not_run), "{labels:?}");
        check_bundles(&sample);

        sample.bed.write(file, right);
        let (code, output) = run(&sample, pipeline, &["--resume", bundle.to_str().unwrap()]);
        assert_eq!(code, 0, "{file}: {output}");
        check_all(&sample);
    }
}

#[test]
fn differences_are_aligned_once_a_person_agrees() {
    let sample = Sample::with(state());
    let file = "vault/occ/chatwoot/postgres_staging.env";
    let right = sample.bed.read(file);
    sample.bed.write(file, right.replace("POSTGRES_PORT=5432", "POSTGRES_PORT=6543"));
    let halted = sample.xtask(&["align"]);
    assert_eq!(halted.code(), 1, "{halted}");
    assert!(sample.bed.read(file).contains("6543"), "nothing is written unseen");
    let bundle = sample.bundles().pop().unwrap();
    let (code, output) = run(&sample, "align", &["--resume", bundle.to_str().unwrap()]);
    assert_eq!(code, 0, "{output}");
    assert_eq!(sample.bed.read(file), right);
    check_all(&sample);
}

#[test]
fn a_failing_service_halts_and_resume_completes() {
    let faults: [(&str, &str, &str); 4] = [
        ("refresh", "POST /v1/apps/hotdash-chatwoot/secrets=500,times=20", "step `apply` failed"),
        ("smoke", "GET /api=503,times=3", "step `health` failed"),
        ("smoke", "GET /api/v1/profile=401,times=2", "step `api` failed: exit 1"),
        ("smoke", "POST /webhooks/chatwoot=200,times=6", "step `webhook` failed: exit 1"),
    ];
    for (pipeline, fault, says) in faults {
        let fault: Fault = fault.parse().unwrap();
        let sample = Sample::with(state().with_fault(fault));
        let (mut code, mut output) = run(&sample, pipeline, &[]);
        assert_eq!(code, 1, "{pipeline}: {output}");
        assert!(appended(&sample).contains(says), "{}", appended(&sample));
        for _ in 0..20 {
            let bundle = sample.bundles().pop().unwrap();
            (code, output) = run(&sample, pipeline, &["--resume", bundle.to_str().unwrap()]);
            if code == 0 {
                break;
            }
        }
        assert_eq!(code, 0, "{pipeline}: {output}");
        check_all(&sample);
    }
}

#[test]
fn a_deploy_that_fails_in_a_known_way_is_explained_and_the_worker_comes_back() {
    let sample = Sample::with(state());
    assert_eq!(run(&sample, "refresh", &[]).0, 0);
    let text = "release command failed: FATAL: MaxClientsInSessionMode: max clients reached";
    let fail = format!(
        r#"{{"groups": {{"web": {{"count": 1, "memory": 2048}}, "worker": {{"count": 1, "memory": 2048}}}}, "fail": [{{"command": "deploy", "text": "{text}"}}]}}"#
    );
    fs::write(sample.flyctl_state(), fail).unwrap();
    let (code, output) = run(&sample, "redeploy", &[]);
    assert_eq!(code, 1, "{output}");
    let log = appended(&sample);
    assert!(log.contains("Known failure: the session pool has no connection left."), "{log}");
    assert!(log.contains("Not run: admin, health."), "{log}");
    let calls = fs::read_to_string(sample.flyctl_state()).unwrap();
    assert!(calls.contains("scale count worker=1 --vm-memory 2048"), "{calls}");
    let bundle = newest(&sample, "redeploy");
    let (code, output) = run(&sample, "redeploy", &["--resume", bundle.to_str().unwrap()]);
    assert_eq!(code, 0, "{output}");
    check_all(&sample);
}

#[test]
fn a_second_deploy_finds_the_worker_away_again() {
    let sample = Sample::with(state());
    assert_eq!(run(&sample, "refresh", &[]).0, 0);
    let fail = r#"{"groups": {"web": {"count": 1, "memory": 2048}, "worker": {"count": 1, "memory": 2048}}, "fail": [{"command": "deploy", "text": "release command failed\n    Status: done\n```"}]}"#;
    fs::write(sample.flyctl_state(), fail).unwrap();
    let (code, output) = run(&sample, "redeploy", &[]);
    assert_eq!(code, 1, "{output}");
    let bundle = newest(&sample, "redeploy");
    let (code, output) = run(&sample, "redeploy", &["--resume", bundle.to_str().unwrap()]);
    assert_eq!(code, 0, "{output}");
    let calls = fs::read_to_string(sample.flyctl_state()).unwrap();
    let at = |text: &str| -> Vec<usize> { calls.match_indices(text).map(|(at, _)| at).collect() };
    let (away, deploys, back) =
        (at("scale count worker=0"), at("\"deploy "), at("scale count worker=1"));
    assert_eq!((away.len(), deploys.len(), back.len()), (2, 2, 2), "{calls}");
    for round in 0..2 {
        assert!(away[round] < deploys[round] && deploys[round] < back[round], "{calls}");
    }
    check_all(&sample);
}

#[test]
fn what_was_begun_and_not_ended_is_told_with_what_to_type() {
    let sample = Sample::with(state());
    assert_eq!(run(&sample, "refresh", &[]).0, 0);
    let ops = sample.bed.read("ops.toml");
    let halting = ops.replacen(
        "on-failure = \"continue\"\nitem = \"database-prepared\"",
        "item = \"database-prepared\"",
        1,
    );
    assert_ne!(halting, ops);
    sample.bed.write("ops.toml", halting);
    let output = sample.xtask(&["redeploy", "--approve", "worker-away"]);
    assert_eq!(output.code(), 1, "{output}");
    let log = appended(&sample);
    assert!(log.contains("- `worker-back` follows `worker-away`, which has run: `cargo xtask run redeploy --only worker-back`"), "{log}");
    let (code, output) = run(&sample, "redeploy", &["--only", "worker-back"]);
    assert_eq!(code, 0, "{output}");
    let calls = fs::read_to_string(sample.flyctl_state()).unwrap();
    assert!(calls.contains("scale count worker=1 --vm-memory 2048"), "{calls}");
}

#[test]
fn a_deploy_that_is_refused_brings_the_worker_back() {
    let sample = Sample::with(state());
    assert_eq!(run(&sample, "refresh", &[]).0, 0);
    let output = sample.xtask(&["redeploy", "--quiet", "--approve", "worker-away"]);
    assert_eq!(output.code(), 1, "{output}");
    let calls = fs::read_to_string(sample.flyctl_state()).unwrap();
    let at = |text: &str| calls.find(text).unwrap();
    assert!(at("scale count worker=0") < at("scale count worker=1 --vm-memory 2048"), "{calls}");
    check_all(&sample);
}

#[test]
fn a_worker_that_came_back_with_less_memory_is_found() {
    let sample = Sample::with(state());
    assert_eq!(run(&sample, "refresh", &[]).0, 0);
    let ops = sample.bed.read("ops.toml");
    sample.bed.write("ops.toml", ops.replace("\"--vm-memory\", \"2048\", ", ""));
    let (code, output) = run(&sample, "redeploy", &[]);
    assert_eq!(code, 1, "{output}");
    let log = appended(&sample);
    assert!(log.contains("its output has not JSON in which `/1/Memory=2048` holds"), "{log}");
}
