//! The exported workflow, played by a stand-in for GitHub's runner: its scripts are run by the real bash, its
//! checkouts by the real git, and artifacts are folders. It builds no tools; it takes those that are built.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use duct::cmd;
use serde_json::{Value, json};

use super::{Sample, tools};

const TOOLS: &[&str] =
    &["vault-check", "dsn-align", "fly-secrets", "evidence-log", "feedback-append"];

/// A repository with the exported workflow, and what one run of it leaves.
struct StandInRunner<'a> {
    sample: &'a Sample,
    folder: PathBuf,
    text: String,
    secrets: Value,
    jobs: Value,
    /// What every script printed.
    transcript: RefCell<String>,
}

impl<'a> StandInRunner<'a> {
    /// Exports the pipeline and pushes the sample to a bare repository.
    fn new(sample: &'a Sample, pipeline: &str) -> Self {
        let folder = sample.bed.home().with_file_name("github");
        fs::create_dir_all(folder.join("artifacts")).unwrap();
        let output = export(sample, pipeline, &[]);
        assert_eq!(output.code(), 0, "{output}");
        let text = sample.bed.read(format!(".github/workflows/opsproof-{pipeline}.yml"));
        let secrets = text
            .lines()
            .filter_map(|line| line.strip_prefix("#   "))
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, path)| {
                let path = path.replace('~', sample.bed.home().to_str().unwrap());
                let value = fs::read_to_string(sample.bed.path(path)).unwrap_or_default();
                (name.to_owned(), Value::from(value.trim_end()))
            })
            .collect::<serde_json::Map<_, _>>();
        sample.bed.git(["add", "--all"]);
        sample.bed.git(["commit", "--quiet", "--message", "the workflow"]);
        let origin = folder.join("origin");
        cmd!("git", "clone", "--quiet", "--bare", sample.bed.root(), &origin).run().unwrap();
        let jobs = serde_saphyr::from_str::<Value>(&text).unwrap()["jobs"].clone();
        let transcript = RefCell::default();
        Self { sample, folder, text, secrets: Value::from(secrets), jobs, transcript }
    }

    /// Plays every job in order and gives the result of each; `refused` is an environment that nobody approves.
    fn play(&self, refused: Option<&str>) -> BTreeMap<String, String> {
        let mut needs = json!({});
        for (id, job) in self.jobs.as_object().unwrap() {
            let context = json!({ "needs": needs });
            let is_refused = refused.is_some() && job["environment"].as_str() == refused;
            let needed = strings(&job["needs"]);
            let succeeded = needed.iter().all(|need| context["needs"][need]["result"] == "success");
            let (result, outputs) = if !starts(job, &context, succeeded) {
                ("skipped", json!({}))
            } else if is_refused {
                ("failure", json!({}))
            } else if id == "tools" {
                self.keep_tools();
                ("success", json!({}))
            } else {
                self.play_job(id, job, &context)
            };
            needs[id] = json!({ "result": result, "outputs": outputs });
        }
        let results = needs.as_object().unwrap().iter();
        results.map(|(id, job)| (id.clone(), job["result"].as_str().unwrap().to_owned())).collect()
    }

    fn keep_tools(&self) {
        let folder = self.folder.join("artifacts/opsproof-tools");
        fs::create_dir_all(&folder).unwrap();
        for tool in TOOLS {
            fs::copy(tools().join(tool), folder.join(tool)).unwrap();
        }
        fs::copy(testbed::bin!("xtask"), folder.join("xtask")).unwrap();
    }

    fn play_job(&self, id: &str, job: &Value, context: &Value) -> (&'static str, Value) {
        let machine = self.folder.join(id);
        for part in ["work", "temp", "home"] {
            fs::create_dir_all(machine.join(part)).unwrap();
        }
        let mut context = context.clone();
        context["env"] = json!({});
        context["steps"] = json!({});
        context["secrets"] = self.secrets.clone();
        context["runner"] = json!({ "temp": machine.join("temp") });
        context["github"] = json!({ "ref_name": "main" });
        let mut result = "success";
        for step in job["steps"].as_array().unwrap() {
            let outcome = if starts(step, &context, result == "success") {
                if self.play_step(step, &machine, &mut context) { "success" } else { "failure" }
            } else {
                "skipped"
            };
            if let Some(id) = step["id"].as_str() {
                context["steps"][id] = json!({ "outcome": outcome });
            }
            if outcome == "failure" && step["continue-on-error"] != true {
                result = "failure";
            }
        }
        let outputs = job["outputs"].as_object().cloned().unwrap_or_default();
        let outputs = outputs.into_iter().map(|(name, text)| {
            let value = expand(text.as_str().unwrap(), &context);
            (name, Value::from(value))
        });
        (result, Value::from(outputs.collect::<serde_json::Map<_, _>>()))
    }

    fn play_step(&self, step: &Value, machine: &Path, context: &mut Value) -> bool {
        let with =
            |key: &str| step["with"][key].as_str().map(|text| PathBuf::from(expand(text, context)));
        let artifacts = self.folder.join("artifacts");
        let copy = |from: &Path, to: &Path| {
            fs::create_dir_all(to).unwrap();
            cmd!("cp", "-r", from.join("."), to).run().unwrap();
        };
        match step["uses"].as_str().map(|uses| uses.split('@').next().unwrap()) {
            None => return self.play_script(step, machine, context),
            Some("actions/checkout") => {
                let work = machine.join("work");
                cmd!("git", "clone", "--quiet", self.folder.join("origin"), work).run().unwrap();
            }
            Some("actions/upload-artifact") => {
                copy(&with("path").unwrap(), &artifacts.join(with("name").unwrap()));
            }
            Some("actions/download-artifact") => {
                if let Some(name) = with("name") {
                    copy(&artifacts.join(name), &with("path").unwrap());
                    return true;
                }
                let pattern = step["with"]["pattern"].as_str().unwrap().replace('*', "");
                let names = fs::read_dir(&artifacts).unwrap();
                let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
                let names: Vec<String> = names.filter(|name| name.starts_with(&pattern)).collect();
                for name in &names {
                    // Since its fifth version a single artifact goes into the folder itself.
                    let inside = if names.len() == 1 { "" } else { name };
                    copy(&artifacts.join(name), &with("path").unwrap().join(inside));
                }
            }
            // Nothing else puts it on the path of a job.
            Some("superfly/flyctl-actions/setup-flyctl") => {
                let folder = self.sample.bed.home().join("stand-in-flyctl");
                let mut found = fs::OpenOptions::new();
                let mut found = found.append(true).create(true).open(machine.join("path")).unwrap();
                writeln!(found, "{}", folder.display()).unwrap();
            }
            other => unreachable!("the stand-in has no {other:?}"),
        }
        true
    }

    fn play_script(&self, step: &Value, machine: &Path, context: &mut Value) -> bool {
        let [script, environment, path] =
            ["script", "environment", "path"].map(|name| machine.join(name));
        fs::write(&script, step["run"].as_str().unwrap()).unwrap();
        let bash = ["--noprofile", "--norc", "-e", "-o", "pipefail"].map(str::to_owned);
        let command = self.sample.bed.command("bash").args(bash).arg(script);
        let mut command = self
            .sample
            .surround(command)
            .cwd(machine.join("work"))
            .unguarded()
            .env("HOME", machine.join("home"))
            .env("RUNNER_TEMP", machine.join("temp"))
            .env("GITHUB_ENV", &environment)
            .env("GITHUB_PATH", &path)
            .env("GITHUB_RUN_ID", "17")
            .env("GITHUB_RUN_ATTEMPT", "1")
            .env("GITHUB_ACTOR", "somebody")
            .env("GITHUB_REF_NAME", "main")
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_REPOSITORY", "acme/shop");
        let found = fs::read_to_string(path).unwrap_or_default();
        if !found.is_empty() {
            let newest_first: Vec<&str> = found.lines().rev().collect();
            command = command.path_first(newest_first.join(":"));
        }
        let own = step["env"].as_object().cloned().unwrap_or_default();
        for (name, value) in own.iter().chain(context["env"].as_object().unwrap()) {
            command = command.env(name, expand(value.as_str().unwrap(), context));
        }
        let output = command.run();
        for line in fs::read_to_string(environment).unwrap_or_default().lines() {
            let (name, value) = line.split_once('=').unwrap();
            context["env"][name] = Value::from(value);
        }
        let _ = writeln!(self.transcript.borrow_mut(), "{}: {output}", step["name"]);
        output.code() == 0
    }

    /// What the branch holds after the run.
    fn committed(&self, path: &str) -> String {
        let origin = self.folder.join("origin");
        cmd!("git", "-C", origin, "show", format!("main:{path}")).read().unwrap()
    }

    fn bundles(&self) -> Vec<String> {
        let origin = self.folder.join("origin");
        let list = cmd!("git", "-C", origin, "ls-tree", "-r", "--name-only", "main", "artifacts");
        let list = list.read().unwrap();
        let manifests = list.lines().filter(|path| path.ends_with("/manifest.sha256"));
        manifests.map(str::to_owned).collect()
    }
}

fn export(sample: &Sample, pipeline: &str, more: &[&str]) -> testbed::Output {
    let args = ["export", "github", pipeline, "--tools", "acme/opsproof@v1"];
    sample.xtask(&[&args, more].concat())
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Whether a job or step runs: its own condition, which includes the success so far unless it says `always()`.
fn starts(value: &Value, context: &Value, succeeded: bool) -> bool {
    let Some(condition) = value["if"].as_str() else { return succeeded };
    let inner = condition.strip_prefix("${{ ").unwrap().strip_suffix(" }}").unwrap();
    let terms: Vec<&str> = inner.split(" && ").collect();
    (succeeded || terms.contains(&"always()"))
        && terms.iter().filter(|term| **term != "always()").all(|term| {
            let equal = term.split_once(" == ");
            let (path, literal) = equal.or_else(|| term.split_once(" != ")).unwrap();
            let same = look_up(path, context) == literal.trim_matches('\'');
            same == equal.is_some()
        })
}

fn look_up(path: &str, context: &Value) -> String {
    if path == "toJSON(needs)" {
        return context["needs"].to_string();
    }
    let value = path.split('.').fold(context, |value, part| &value[part]);
    value.as_str().unwrap_or_default().to_owned()
}

/// Replaces each `${{ path }}`.
fn expand(text: &str, context: &Value) -> String {
    let Some((before, rest)) = text.split_once("${{ ") else { return text.to_owned() };
    let (path, after) = rest.split_once(" }}").unwrap();
    format!("{before}{}{}", look_up(path, context), expand(after, context))
}

#[test]
fn the_exported_workflow_runs_the_same_steps_and_tells_the_log() {
    let sample = Sample::new();
    let runner = StandInRunner::new(&sample, "refresh");
    let results = runner.play(None);
    let printed = runner.transcript.borrow();
    assert!(results.values().all(|result| result == "success"), "{results:?}\n{printed}");
    assert_eq!(results.len(), 4, "tools, two parts, record: {results:?}");
    assert_eq!(runner.bundles().len(), 2, "{:?}", runner.bundles());
    let log = runner.committed("feedback/chatwoot.md");
    let entry = log.rsplit("\n## ").next().unwrap();
    for expected in
        ["Status: done", "actions/runs/17", "001-vault.out (exit 0", "-apply.out (exit 0"]
    {
        assert!(entry.contains(expected), "{expected}: {entry}");
    }
    let origin = runner.folder.join("origin");
    let found = cmd!("git", "-C", origin, "grep", "-l", "CANARY", "main").unchecked().read();
    assert_eq!(found.unwrap(), "", "no credential is committed");
}

#[test]
fn a_refused_approval_halts_the_exported_workflow() {
    let sample = Sample::new();
    let runner = StandInRunner::new(&sample, "refresh");
    let results = runner.play(Some("refresh-apply"));
    assert_eq!(results["part-1"], "success");
    assert_eq!(results["part-2"], "failure");
    assert_eq!(results["record"], "failure");
    assert_eq!(runner.bundles().len(), 1);
    let log = runner.committed("feedback/chatwoot.md");
    assert!(log.rsplit("\n## ").next().unwrap().contains("Status: halted"), "{log}");
}

#[test]
fn a_failed_step_skips_what_is_to_the_right_and_is_recorded() {
    let sample = Sample::new();
    sample.bed.write("vault/occ/chatwoot/redis_staging.env", "REDIS_URL=\n");
    let runner = StandInRunner::new(&sample, "refresh");
    let results = runner.play(None);
    assert_eq!(results["part-1"], "failure");
    assert_eq!(results["part-2"], "skipped");
    assert_eq!(results["record"], "failure");
    let log = runner.committed("feedback/chatwoot.md");
    let entry = log.rsplit("\n## ").next().unwrap();
    assert!(entry.contains("Status: halted") && entry.contains("(exit 1"), "{entry}");
}

#[test]
fn without_the_signing_key_the_evidence_is_kept_and_told_all_the_same() {
    let sample = Sample::new();
    let mut runner = StandInRunner::new(&sample, "smoke");
    runner.secrets.as_object_mut().unwrap().remove("OPSPROOF_SIGNING_KEY").unwrap();
    let results = runner.play(None);
    let printed = runner.transcript.borrow();
    assert_eq!(results["part-1"], "failure", "{printed}");
    assert_eq!(results["record"], "failure", "{printed}");
    assert_eq!(runner.bundles().len(), 1, "{printed}");
    let log = runner.committed("feedback/chatwoot.md");
    let entry = log.rsplit("\n## ").next().unwrap();
    assert!(entry.contains("Status: halted") && entry.contains("-health.out (exit 0"), "{entry}");
}

#[test]
fn steps_that_may_run_beside_each_other_succeed_in_their_order() {
    let sample = Sample::new();
    let runner = StandInRunner::new(&sample, "preflight");
    let results = runner.play(None);
    let printed = runner.transcript.borrow();
    assert!(results.values().all(|result| result == "success"), "{results:?}\n{printed}");
    let log = runner.committed("feedback/chatwoot.md");
    let entry = log.rsplit("\n## ").next().unwrap();
    assert!(entry.contains("Status: done") && entry.contains("-health.out (exit 0"), "{entry}");
}

#[test]
fn pipelines_of_every_kind_succeed_as_exported_workflows() {
    let sample = Sample::new();
    let ops = sample.bed.read("ops.toml");
    let [before, plan] = ["id = \"plan\"\nrun", "id = \"plan\"\nexpect = { exit = [0, 1] }\nrun"];
    let redeploy = ops.find("[[pipeline.redeploy.step]]").unwrap();
    let (others, redeploy) = ops.split_at(redeploy);
    sample.bed.write("ops.toml", format!("{others}{}", redeploy.replacen(before, plan, 1)));
    for pipeline in ["align", "refresh", "redeploy", "smoke"] {
        let runner = StandInRunner::new(&sample, pipeline);
        let results = runner.play(None);
        let printed = runner.transcript.borrow();
        let succeeded = results.values().all(|result| result == "success");
        assert!(succeeded, "{pipeline}: {results:?}\n{printed}");
        fs::remove_dir_all(&runner.folder).unwrap();
    }
}

#[test]
fn a_machine_that_does_not_know_what_was_applied_does_not_deploy() {
    let sample = Sample::new();
    assert_eq!(sample.xtask(&["refresh", "--approve", "apply"]).code(), 0);
    let mut runner = StandInRunner::new(&sample, "redeploy");
    assert!(
        runner.text.contains("# A machine of GitHub's knows of what `fly-secrets` has applied")
    );
    runner.secrets.as_object_mut().unwrap().remove("OPSPROOF_FLY_SECRETS_STATE").unwrap();
    let results = runner.play(None);
    assert_eq!(results["part-1"], "failure");
    assert_eq!(results["part-2"], "skipped");
    assert!(runner.transcript.borrow().contains("never applied from here"));
}

#[test]
fn a_machine_that_is_given_what_was_applied_deploys_and_is_ready() {
    let sample = Sample::new();
    assert_eq!(sample.xtask(&["refresh", "--approve", "apply"]).code(), 0);
    for pipeline in ["redeploy", "readiness"] {
        let runner = StandInRunner::new(&sample, pipeline);
        let results = runner.play(None);
        let printed = runner.transcript.borrow();
        assert!(results.values().all(|result| result == "success"), "{results:?}\n{printed}");
        fs::remove_dir_all(&runner.folder).unwrap();
    }
}

#[test]
fn output_that_is_not_as_expected_halts_the_exported_workflow() {
    let sample = Sample::new();
    let ops = sample.bed.read("ops.toml");
    sample.bed.write("ops.toml", ops.replace("\"^main$\"", "\"^another$\""));
    let runner = StandInRunner::new(&sample, "preflight");
    let results = runner.play(None);
    assert_eq!(results["part-1"], "failure");
    assert_eq!(results["record"], "failure");
    let printed = runner.transcript.borrow();
    let step = printed.split("\"git-branch\": ").nth(1).unwrap();
    assert!(step.contains("[exit status: 123]"), "{step}");
    assert!(!printed.contains("\"git-status\": "), "nothing to the right runs: {printed}");
    let log = runner.committed("feedback/chatwoot.md");
    let entry = log.rsplit("\n## ").next().unwrap();
    assert!(entry.contains("Status: halted"), "{entry}");
    assert!(!entry.contains("-git-status.out"), "{entry}");
}

#[test]
fn a_workflow_that_is_not_up_to_date_is_told() {
    let sample = Sample::new();
    assert_eq!(export(&sample, "preflight", &["--check"]).code(), 1);
    assert_eq!(export(&sample, "preflight", &[]).code(), 0);
    assert_eq!(export(&sample, "preflight", &["--check"]).code(), 0);
    let path = ".github/workflows/opsproof-preflight.yml";
    sample.bed.write(path, sample.bed.read(path).replace("--for preflight", "--for align"));
    assert_eq!(export(&sample, "preflight", &["--check"]).code(), 1);
}

#[test]
fn actionlint_accepts_every_workflow() {
    let sample = Sample::new();
    let found = cmd!("actionlint", "--version").stdout_null().stderr_null().unchecked().run();
    if !found.is_ok_and(|output| output.status.success()) {
        testbed::not_run("actionlint_accepts_every_workflow", "actionlint is not installed");
        return;
    }
    for pipeline in ["preflight", "align", "refresh", "redeploy", "smoke", "readiness"] {
        assert_eq!(export(&sample, pipeline, &[]).code(), 0);
        let path = sample.bed.path(format!(".github/workflows/opsproof-{pipeline}.yml"));
        let output = cmd!("actionlint", path).stderr_to_stdout().stdout_capture().unchecked().run();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
