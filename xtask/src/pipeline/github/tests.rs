//! The workflow of a pipeline: its source, its head, its jobs and steps.

use super::*;

fn check_source(text: &str, expected: Option<(&str, &str)>) {
    let source = Source::parse(text).ok();
    assert_eq!(source.map(|source| (source.repository, source.revision)), expected, "{text}");
}

#[test]
fn the_source_of_the_tools_is_a_repository_and_a_revision() {
    check_source("acme/opsproof@v1.0", Some(("acme/opsproof", "v1.0")));
    check_source("acme/opsproof@release/1", Some(("acme/opsproof", "release/1")));
    for wrong in [
        "acme/opsproof",
        "acme@v1",
        "a/b/c@v1",
        "acme/opsproof@",
        "acme/opsproof@v 1",
        "a/b@${{ x }}",
    ] {
        check_source(wrong, None);
    }
}

const OPS: &str = r#"version = 1
[vault]
root = "vault"
[[vault.file]]
path = "a/token.env"
keys = { TOKEN = "any" }
for = ["check"]
[[vault.file]]
path = "b.env"
keys = { B = "any" }
for = ["other"]
[feedback]
roles = { ops = { file = "ops.md", owner = "ops" } }
[pipeline.p]
title = "Title: with # signs"
role = "ops"
[[pipeline.p.step]]
id = "look"
run = ["vault-check", "check", "--for", "check"]
expect = { exit = [0, 1] }
on-failure = "continue"
[[pipeline.p.step]]
id = "1.act"
run = ["git", "log", "it's"]
approve = true
attempts = 2
wait = "5s"
needs = ["look"]
"#;

fn rendered(ops: &str) -> Result<String, Error> {
    let ops = opsfile::parse(Path::new("/repo/ops.toml"), ops, &|_| true).unwrap();
    let source = Source::parse("acme/opsproof@v1").unwrap();
    render(ops.pipeline("p").unwrap(), &ops, &source, "ubuntu-latest")
}

/// The lines of a workflow from the one that is `from`, as deep as it or deeper, up to the next of its depth.
fn part(from: &str) -> String {
    let text = rendered(OPS).unwrap();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip_while(|line| line.trim() != from);
    let first = lines.next().unwrap_or_else(|| panic!("no line `{from}` in\n{text}"));
    let rest = lines.take_while(|line| depth(line) > depth(first));
    let lines: Vec<&str> =
        [first].into_iter().chain(rest).map(|line| &line[depth(first)..]).collect();
    lines.join("\n")
}

#[test]
fn the_head_says_what_a_person_must_set_up() {
    let text = rendered(OPS).unwrap();
    let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    insta::assert_snapshot!(head.join("\n"), @r"
    # Pipeline `p` of ops.toml, written by `cargo xtask export github`.
    # Change ops.toml and write it again; `--check` tells when that was forgotten.
    # Environments that need required reviewers: p-1.act
    # Secrets, each the whole file:
    #   OPSPROOF_VAULT_A_TOKEN_ENV: vault/a/token.env
    ");
}

#[test]
fn a_title_is_quoted_where_yaml_needs_it() {
    let read: serde_json::Value = serde_saphyr::from_str(&rendered(OPS).unwrap()).unwrap();
    assert_eq!(read["name"], "Title: with # signs");
}

#[test]
fn a_step_that_may_continue_says_so() {
    insta::assert_snapshot!(part("- name: look"), @r#"
    - name: look
      id: step-1-look
      continue-on-error: true
      run: |
        code=0
        evidence-log run --into "$bundle" --label look --expect-exit '0,1' -- vault-check check --for check || code=$?
        case $code in 0|1) ;; *) exit "$code" ;; esac
    "#);
}

#[test]
fn a_step_is_tried_as_often_as_declared_and_needs_what_it_needs() {
    insta::assert_snapshot!(part("- name: 1.act"), @r#"
    - name: 1.act
      id: step-2-1-act
      if: ${{ needs.part-1.outputs.step-1-look == 'success' }}
      run: |
        for ((attempt = 1; ; attempt++)); do
          code=0
          evidence-log run --into "$bundle" --label 1.act -- git log "it's" || code=$?
          case $code in 0) exit 0 ;; esac
          if [ "$attempt" -ge 2 ]; then exit "$code"; fi
          sleep 5
        done
    "#);
}

#[test]
fn a_step_to_approve_waits_in_an_environment_of_its_own() {
    let job = part("part-2:");
    assert!(job.contains("\n  environment: p-1.act\n"), "{job}");
    assert!(job.contains("let through by the environment p-1.act"), "{job}");
    assert!(!part("part-1:").contains("environment:"));
}

#[test]
fn only_the_files_that_the_steps_read_are_laid_out() {
    let read: serde_json::Value = serde_saphyr::from_str(&rendered(OPS).unwrap()).unwrap();
    let all = read.to_string();
    assert!(
        all.contains("OPSPROOF_VAULT_A_TOKEN_ENV") && !all.contains("OPSPROOF_VAULT_B_ENV"),
        "{all}"
    );
    let everything = rendered(&OPS.replace(r#", "--for", "check""#, "")).unwrap();
    assert!(everything.contains("OPSPROOF_VAULT_B_ENV"), "{everything}");
}

#[test]
fn what_github_would_expand_is_refused() {
    let expected = r#"expect = { exit = [0, 1], json = { "/a" = "${{ secrets.X }}" } }"#;
    for ops in [
        OPS.replace("it's", "${{ secrets.X }}"),
        OPS.replace("expect = { exit = [0, 1] }", expected),
        OPS.replace("Title: with", "${{ secrets.X }}"),
    ] {
        let error = rendered(&ops).unwrap_err().to_string();
        assert!(error.contains("would carry to GitHub has `${{`"), "{error}");
    }
}

#[test]
fn pipelines_that_lock_an_app_are_one_group_and_no_job_is_one_of_its_own() {
    let locked = OPS.replace("role = \"ops\"\n[[", "role = \"ops\"\nlock = \"shop\"\n[[");
    let locked = format!("{locked}[[fly.app]]\nname = \"shop\"\n");
    for (ops, expected) in [(OPS, "opsproof-pipeline-p"), (&locked, "opsproof-app-shop")] {
        let text = rendered(ops).unwrap();
        let read: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let concurrency = serde_json::json!({"group": expected, "cancel-in-progress": false});
        assert_eq!(read["concurrency"], concurrency);
        assert_eq!(text.matches("concurrency:").count(), 1, "{text}");
        assert_eq!(text.contains("# One writer: "), ops != OPS, "{text}");
    }
}

#[test]
fn the_head_says_that_steps_beside_each_other_run_in_their_order() {
    let beside = OPS.replace("on-failure = \"continue\"", "parallel = true");
    assert!(rendered(&beside).unwrap().contains("# Steps that may run beside each other"));
    assert!(!rendered(OPS).unwrap().contains("beside each other"));
}
