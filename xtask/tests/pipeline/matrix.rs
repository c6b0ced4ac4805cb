//! The readiness matrix goes by the newest evidence that holds, whatever lies beside it.

use std::fs;
use std::path::PathBuf;

use testbed::Bed;

use crate::tools;

const OPS: &str = r#"version = 1
[evidence]
root = "artifacts"
[feedback]
epoch = "E1"
roles = { ops = { file = "ops.md", owner = "ops" } }
[readiness]
title = "Ready"
[[readiness.item]]
id = "up"
title = "It is up"
owner = "ops"
[[readiness.item]]
id = "work"
title = "Named like the pipeline"
owner = "ops"
[pipeline.work]
title = "Work"
role = "ops"
[[pipeline.work.step]]
id = "look"
run = ["sh", "-c", "cat memory && test -e isup"]
expect = { match = ["2048"] }
item = "up"
"#;

struct Repo(Bed);

impl Repo {
    fn new() -> Self {
        let bed = Bed::new();
        bed.write("ops.toml", OPS);
        bed.write("memory", "2048\n");
        bed.write("isup", "");
        bed.git_init();
        let repo = Self(bed);
        let made = repo.0.command(tools().join("feedback-append")).args(["new", "--role", "ops"]);
        assert_eq!(made.run().code(), 0);
        repo
    }

    fn work(&self, expected: i32) -> PathBuf {
        let before = self.bundles();
        let xtask = self.0.command(testbed::bin!("xtask")).env("OPSPROOF_TOOLS", tools());
        let output = xtask.args(["run", "work", "--quiet"]).run();
        assert_eq!(output.code(), expected, "{output}");
        self.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap()
    }

    fn bundles(&self) -> Vec<PathBuf> {
        let Ok(listing) = fs::read_dir(self.0.path("artifacts")) else { return Vec::new() };
        let folders = listing.map(|entry| entry.unwrap().path());
        let is_bundle = |path: &PathBuf| path.to_str().unwrap().contains("/work-");
        folders.filter(is_bundle).collect()
    }

    /// How an item stands, and why.
    fn stands(&self, item: &str) -> String {
        let xtask = self.0.command(testbed::bin!("xtask")).env("OPSPROOF_TOOLS", tools());
        let matrix = xtask.args(["matrix", "--format", "json"]).run().json();
        let items = matrix["items"].as_array().unwrap();
        let row = items.iter().find(|row| row["id"] == item).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        format!("{}: {}", text("status"), text("reason"))
    }
}

#[test]
fn another_expectation_makes_evidence_stale() {
    let repo = Repo::new();
    repo.work(0);
    assert_eq!(repo.stands("up"), "proved: ");
    repo.0.write("ops.toml", OPS.replace("2048", "4096"));
    let stale = "stale: the command, or what is expected of it, has changed since";
    assert_eq!(repo.stands("up"), stale);
    repo.0.write("ops.toml", OPS.replace("\"2048\"]", "\"2048\"], exit = [0, 1]"));
    assert_eq!(repo.stands("up"), stale);
}

#[test]
fn an_item_named_like_a_pipeline_is_not_proved_by_its_other_steps() {
    let repo = Repo::new();
    repo.work(0);
    assert_eq!(repo.stands("work"), "missing: no command was run for it");
}

#[test]
fn what_was_changed_or_cannot_be_read_hides_no_failure() {
    let repo = Repo::new();
    repo.work(0);
    repo.0.remove("isup");
    let failed = repo.work(1);
    assert!(repo.stands("up").starts_with("contradicted: exit"), "{}", repo.stands("up"));
    let records = failed.join("evidence.jsonl");
    let text = fs::read_to_string(&records).unwrap();
    assert!(text.contains("\"code\":1"), "{text}");
    fs::write(&records, text.replace("\"code\":1", "\"code\":0")).unwrap();
    assert!(repo.stands("up").starts_with("altered: "), "{}", repo.stands("up"));
    fs::write(&records, "garbage\n").unwrap();
    assert!(repo.stands("up").starts_with("altered: "), "{}", repo.stands("up"));
    fs::remove_file(&records).unwrap();
    assert!(repo.stands("up").starts_with("altered: "), "{}", repo.stands("up"));
}

#[test]
fn the_newest_run_decides_in_whichever_bundle_it_is() {
    let repo = Repo::new();
    let evidence_log = |args: &[&str]| {
        let run = repo.0.command(tools().join("evidence-log")).args(args.iter().copied()).run();
        (run.code(), run.stdout().trim().to_owned())
    };
    // Opened first, used last, as a resumed bundle is.
    let (_, first) = evidence_log(&["open", "work"]);
    repo.work(0);
    repo.0.remove("isup");
    let look = ["--label", "look", "--expect-match", "2048", "--"];
    let command = ["sh", "-c", "cat memory && test -e isup"];
    let run = [&["run", "--into", first.as_str()], &look[..], &command[..]].concat();
    assert_eq!(evidence_log(&run).0, 1);
    assert!(repo.stands("up").starts_with("contradicted: exit"), "{}", repo.stands("up"));
}

#[test]
fn the_parts_of_an_exported_workflow_count() {
    let repo = Repo::new();
    let bundle = repo.work(0);
    fs::remove_dir_all(&bundle).unwrap();
    assert_eq!(repo.stands("up"), "missing: no command was run for it");
    let evidence_log = |args: &[&str]| {
        let run = repo.0.command(tools().join("evidence-log")).args(args.iter().copied()).run();
        run.stdout().trim().to_owned()
    };
    let part = evidence_log(&["open", "work-part-1"]);
    let command = ["sh", "-c", "cat memory && test -e isup"];
    let look = ["run", "--into", &part, "--label", "look", "--expect-match", "2048", "--"];
    evidence_log(&[&look[..], &command[..]].concat());
    assert_eq!(repo.stands("up"), "proved: ");
}
