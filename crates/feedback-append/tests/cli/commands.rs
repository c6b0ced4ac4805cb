//! `list`, `digest`, `new`, `refresh`, `archive`, `init`.

use testbed::Bed;

use crate::{SEED, bed, run};

/// A repo in which the manager waits for the vault.
fn bed_with_a_blocked_role() -> Bed {
    let bed = bed();
    let waiting = ["--role", "manager", "--title", "Waiting", "--blocked-by", "the vault"];
    assert_eq!(run(&bed, [&waiting[..], &["--next", "ask"]].concat()).code(), 0);
    bed
}

#[test]
fn entries_of_any_dialect_are_listed() {
    let bed = bed_with_a_blocked_role();
    let output = run(&bed, ["list"]);
    let lines: Vec<_> = output.stdout().lines().map(|line| &line[16..]).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    chatwoot           Chatwoot Readiness Documentation Created  feedback/chatwoot.md:12
    chatwoot           Chatwoot Direction Review and Ready-for-Execution  (4 citations)  feedback/chatwoot.md:19
    manager   blocked  Waiting  feedback/manager.md:10
    ");
    let json = run(
        &bed,
        ["list", "--role", "chatwoot", "--since", "2025-10-11T01:20Z", "--format", "json"],
    );
    assert_eq!(json.json()["entries"].as_array().unwrap().len(), 1);
    assert_eq!(json.json()["entries"][0]["line"], 19);
    let blocked = run(&bed, ["list", "--latest", "--blocked", "--lines"]);
    insta::assert_snapshot!(blocked, @r#"
    {"path":"feedback/manager.md","line":10,"actor":"manager","at":"[TIME]","precision":"second","action":"Waiting","id":"[ULID]","status":"blocked","state":"blocked","blocked_by":["the vault"],"next_action":["ask"],"evidence":[]}
    [exit status: 0]
    "#);
    assert_eq!(run(&bed, ["list", "--since", "yesterday"]).code(), 2);
}

#[test]
fn the_digest_says_where_each_role_stands() {
    let bed = bed_with_a_blocked_role();
    let output = run(&bed, ["digest"]);
    let text = output.masked(output.stdout());
    let lines: Vec<_> = text.lines().map(|line| line.split("; today").next().unwrap()).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    chatwoot (feedback/chatwoot.md)
      [TIME] Chatwoot Direction Review and Ready-for-Execution
      next: Preflight + evidence scaffolding per runbook; verify Fly auth and toolchain
      next: Supabase DSN alignment and Fly secrets refresh (Supabase-only; no Fly Postgres)
      next: Redeploy; run db:chatwoot_prepare, create_redis_keys, and super admin; verify health endpoint
      next: Coordinate inbound email for customer.support@hotrodan.com; configure webhook to Supabase; generate scoped API token
      next: Run scripts/ops/chatwoot-fly-smoke.sh and update readiness dashboard; log all evidence
      due: the log expired on 2025-10-18
    manager (feedback/manager.md)
      [TIME] [blocked] Waiting
      blocked since [TIME] by the vault
      next: ask
    ");
    assert_eq!(run(&bed, ["digest", "--format", "json"]).code(), 0);
}

#[test]
fn the_digest_looks_behind_the_newest_entry() {
    let bed = bed();
    bed.write(
        "feedback/chatwoot.md",
        "## 2025-10-11T01:00:01Z — Plan\nNext: align the DSN\n\n## 2025-10-12T01:00:01Z — Stuck\nBlocked by: the token\n\n\
         ## 2025-10-13T01:00:01Z — Still stuck\nStatus: blocked\n\n## 2199-01-01T00:00:00Z — Invented\nStatus: blocked\n",
    );
    insta::assert_snapshot!(run(&bed, ["digest"]), @"
    chatwoot (feedback/chatwoot.md)
      [TIME] [blocked] Invented
      blocked since [TIME]
      next, as of [TIME]: align the DSN
    manager (feedback/manager.md)
      no log yet; `feedback-append new --role manager` makes it
    [exit status: 0]
    ");
    let told = run(&bed, ["digest", "--format", "json"]).json();
    assert_eq!(told["roles"][0]["blocked_since"], "2025-10-12T01:00:01Z");
    assert_eq!(told["roles"][0]["next_at"], "2025-10-11T01:00:01Z");
    assert_eq!(told["roles"][1]["role"], "manager");
}

/// Later in the study each role had a folder with a file a day.
#[test]
fn daily_files_belong_to_one_role() {
    let bed = bed();
    bed.write("feedback/data/2025-10-20.md", "## 14:30 - a\nStatus: blocked\n");
    bed.write(
        "feedback/data/2025-10-21.md",
        "## 09:15 - b\nStatus: blocked\nBlocker details: no key\nTask: D-4\n",
    );
    let files = ["feedback/data/2025-10-20.md", "feedback/data/2025-10-21.md"];
    let latest = run(&bed, ["list", "--latest", "--lines"].into_iter().chain(files));
    insta::assert_snapshot!(latest, @r#"
    {"path":"feedback/data/2025-10-21.md","line":1,"actor":"data","at":"[TIME]","precision":"minute","action":"b","status":"blocked","state":"blocked","task_id":"D-4","blocked_by":[],"blocker_details":"no key","next_action":[],"evidence":[]}
    [exit status: 0]
    "#);
    insta::assert_snapshot!(run(&bed, ["digest"].into_iter().chain(files)), @"
    data (feedback/data/2025-10-21.md)
      [TIME] [blocked] b
      blocked since [TIME]
    [exit status: 0]
    ");
}

#[test]
fn a_new_log_is_clean() {
    let bed = bed();
    insta::assert_snapshot!(run(&bed, ["new", "--role", "manager"]), @"
    made feedback/manager.md
    [exit status: 0]
    ");
    assert_eq!(run(&bed, ["check", "feedback/manager.md"]).code(), 0);
    insta::assert_snapshot!(run(&bed, ["new", "--role", "manager"]), @"
    ------- stderr -------
    error: [ROOT]/feedback/manager.md is there already
    [exit status: 2]
    ");
    assert_eq!(run(&bed, ["new", "other.md", "--format", "json"]).code(), 0);
}

#[test]
fn refresh_shows_first_and_writes_on_request() {
    let bed = bed();
    insta::assert_snapshot!(run(&bed, ["refresh"]), @"
    feedback/chatwoot.md: `doc_hash` becomes sha256:431f6a94…
    ------- stderr -------
    nothing is written; add --write to make these changes
    [exit status: 1]
    ");
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    assert_eq!(run(&bed, ["refresh", "--write", "--format", "json"]).code(), 0);
    assert!(!run(&bed, ["check"]).stdout().contains("[doc-hash]"));
    assert_eq!(run(&bed, ["refresh"]).code(), 0);
}

#[test]
fn archived_entries_are_whole_and_the_pointer_holds() {
    let bed = bed();
    bed.git_init();
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "New"]).code(), 0);
    bed.git(["add", "feedback"]);
    bed.git(["commit", "-qm", "x"]);
    let before = bed.read("feedback/chatwoot.md");
    let output = run(&bed, ["archive", "--role", "chatwoot", "--before", "2025-11-01"]);
    insta::assert_snapshot!(output, @"
    moved 2 entries of feedback/chatwoot.md to feedback/archive/chatwoot-before-2025-11-01.md
    [exit status: 0]
    ");
    let (log, archive) = (
        bed.read("feedback/chatwoot.md"),
        bed.read("feedback/archive/chatwoot-before-2025-11-01.md"),
    );
    let old = &before[before.find("## 2025-10-11 01:12").unwrap()
        ..before.find("## 20").unwrap().max(before.rfind("\n## ").unwrap() + 1)];
    assert!(archive.ends_with(old));
    assert!(!log.contains("## 2025-10-11"));
    insta::assert_snapshot!(output.masked(&log[log.find("Archived").unwrap()..]), @"
    Archived: 2 entries before 2025-11-01 → feedback/archive/chatwoot-before-2025-11-01.md ([SHA256])

    ## [TIME] — New

    <!-- entry [ULID] -->
    ");
    let check = run(
        &bed,
        ["check", "feedback/chatwoot.md", "feedback/archive/chatwoot-before-2025-11-01.md"],
    );
    for rule in ["[rewritten]", "[doc-hash]", "[citation-changed]", "[wrong-doc]"] {
        assert!(!check.stdout().contains(rule), "{check}");
    }
    let again =
        run(&bed, ["archive", "--role", "chatwoot", "--before", "2025-11-01", "--format", "json"]);
    assert_eq!(again.json()["moved"], 0);
}
