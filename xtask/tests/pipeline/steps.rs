//! The runner on a repo of made-up steps: every failure at every step, kills, signals, locks, and going on.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use duct::cmd;
use testbed::{Bed, Command, Output, Running};

use crate::tools;

/// Notes that it ran, then does what the files beside it say: hang until told, fail, die, or be silent.
const STEP: &str = r#"#!/bin/sh
echo "$1" >> ran
if [ -e "$1.hang" ]; then
  : > "$1.hangs"
  while [ ! -e "$1.go" ]; do sleep 0.02; done
fi
[ -e "$1.fail" ] && { echo "no $1"; exit 3; }
[ -e "$1.die" ] && kill -9 $$
[ -e "$1.mute" ] || echo "done $1"
"#;

const HEAD: &str = r#"version = 1
[evidence]
root = "artifacts"
[feedback]
epoch = "E1"
roles = { ops = { file = "ops.md", owner = "ops" } }
[[fly.app]]
name = "app"
[pipeline.work]
title = "Work"
role = "ops"
"#;

const STEPS: [&str; 4] = ["a", "b", "c", "d"];

/// A repo with one pipeline, `work`, of the steps that the test declares.
pub(crate) struct Repo {
    pub(crate) bed: Bed,
}

impl Repo {
    pub(crate) fn new(pipeline: &str, steps: &[String]) -> Self {
        let bed = Bed::new();
        bed.write("ops.toml", format!("{HEAD}{pipeline}\n{}", steps.concat()));
        bed.write_mode("step", STEP, 0o755);
        bed.git_init();
        let repo = Self { bed };
        let made = repo.tool("feedback-append").args(["new", "--role", "ops"]).run();
        assert_eq!(made.code(), 0, "{made}");
        repo
    }

    pub(crate) fn tool(&self, name: &str) -> Command<'_> {
        self.bed.command(tools().join(name))
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command<'_> {
        let xtask = self.bed.command(testbed::bin!("xtask")).env("OPSPROOF_TOOLS", tools());
        xtask.args(["run", "work"]).args(args.iter().copied())
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).run()
    }

    pub(crate) fn start(&self, args: &[&str]) -> Running<'_> {
        self.command(args).start()
    }

    pub(crate) fn resume(&self, more: &[&str]) -> Output {
        let bundle = self.bundle();
        let args: Vec<&str> =
            ["--resume", &bundle].into_iter().chain(more.iter().copied()).collect();
        self.run(&args)
    }

    /// Which steps ran, in order, however often.
    pub(crate) fn ran(&self) -> String {
        let ran = fs::read_to_string(self.bed.path("ran")).unwrap_or_default();
        ran.lines().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn bundles(&self) -> Vec<PathBuf> {
        let Ok(listing) = fs::read_dir(self.bed.path("artifacts")) else { return Vec::new() };
        let names = listing.map(|entry| entry.unwrap().path());
        let mut bundles: Vec<PathBuf> =
            names.filter(|path| path.join("evidence.jsonl").is_file()).collect();
        bundles.sort();
        bundles
    }

    /// The newest bundle, from the repo's folder.
    pub(crate) fn bundle(&self) -> String {
        let bundle = self.bundles().pop().unwrap();
        bundle.strip_prefix(self.bed.root()).unwrap().to_str().unwrap().to_owned()
    }

    /// The rules by which `verify` finds fault with the newest bundle.
    pub(crate) fn faults(&self) -> Vec<String> {
        let answer =
            self.tool("evidence-log").args(["verify", &self.bundle(), "--format", "json"]).run();
        let answer = answer.json();
        let findings = answer["findings"].as_array().unwrap();
        let faults = findings.iter().filter(|finding| finding["level"] != "note");
        faults.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    }

    /// Every bundle holds, and the log leads to them.
    pub(crate) fn check_all(&self) {
        for bundle in self.bundles() {
            let verified = self.tool("evidence-log").arg("verify").arg(bundle).run();
            assert_eq!(verified.code(), 0, "{verified}");
        }
        let log = self.tool("feedback-append").args(["check", "feedback/ops.md"]).run();
        assert_eq!(log.code(), 0, "{log}");
    }

    pub(crate) fn log(&self) -> String {
        self.bed.read("feedback/ops.md")
    }

    pub(crate) fn wait_for(&self, name: &str) {
        let until = Instant::now() + Duration::from_mins(1);
        while !self.bed.path(name).exists() {
            assert!(Instant::now() < until, "{name} never came");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn wait_for_end_of_step(&self) {
        let bundle = self.bed.path(self.bundle());
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let open = evidence::Bundle::open(&bundle).unwrap();
            if open.runs().iter().all(|run| run.end.is_some()) {
                return;
            }
            assert!(Instant::now() < until, "the step never ended");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The processes that any thread of this one has started.
pub(crate) fn children(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let lists =
        tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")).unwrap());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

pub(crate) fn step(id: &str, more: &str) -> String {
    format!("[[pipeline.work.step]]\nid = \"{id}\"\nrun = [\"./step\", \"{id}\"]\n{more}\n")
}

pub(crate) fn steps(more: &str) -> Vec<String> {
    STEPS.iter().map(|id| step(id, more)).collect()
}

#[test]
fn every_failure_at_every_step_halts_there_and_resume_completes() {
    let failures = [
        ("fail", "", "exit 3"),
        ("mute", "expect = { match = ['^done'] }", "its output has not a line that matches"),
        ("die", "repeatable = true", "killed by SIGKILL"),
        ("hang", "timeout = \"300ms\"\nrepeatable = true", "timed out"),
    ];
    for (at, id) in STEPS.iter().enumerate() {
        for (kind, more, said) in failures {
            let others = STEPS.iter().map(|other| step(other, if other == id { more } else { "" }));
            let repo = Repo::new("", &others.collect::<Vec<_>>());
            repo.bed.write(format!("{id}.{kind}"), "");
            let halted = repo.run(&[]);
            assert_eq!(halted.code(), 1, "{kind} at {id}: {halted}");
            assert_eq!(repo.ran(), STEPS[..=at].join(" "), "{kind} at {id}");
            assert!(repo.log().contains(&format!("step `{id}` failed: ")), "{}", repo.log());
            assert!(repo.log().contains(said), "{kind}: {}", repo.log());
            repo.check_all();

            repo.bed.remove(format!("{id}.{kind}"));
            let resumed = repo.resume(&[]);
            assert_eq!(resumed.code(), 0, "{kind} at {id}: {resumed}");
            assert_eq!(repo.ran(), [&STEPS[..=at], &STEPS[at..]].concat().join(" "));
            repo.check_all();
        }
    }
}

#[test]
fn a_step_that_was_killed_is_not_run_again_unseen() {
    let repo = Repo::new("", &steps(""));
    repo.bed.write("b.die", "");
    assert_eq!(repo.run(&[]).code(), 1);
    repo.bed.remove("b.die");
    let resumed = repo.resume(&[]);
    assert_eq!(resumed.code(), 1, "{resumed}");
    assert_eq!(repo.ran(), "a b");
    assert!(repo.log().contains("was cut short earlier (killed by SIGKILL)"), "{}", repo.log());
    let repeated = repo.resume(&["--repeat", "b"]);
    assert_eq!(repeated.code(), 0, "{repeated}");
    assert_eq!(repo.ran(), "a b b c d");
    let shown = repo.tool("evidence-log").args(["show", &repo.bundle()]).run();
    assert!(
        shown.stdout().contains("b approved by Test <test@example.com> (the flag --repeat)"),
        "{shown}"
    );
    repo.check_all();
}

#[test]
fn a_killed_runner_leaves_an_unsealed_bundle_that_can_be_gone_on_with() {
    for id in STEPS {
        let repo = Repo::new("", &steps(""));
        repo.bed.write(format!("{id}.hang"), "");
        let running = repo.start(&[]);
        repo.wait_for(&format!("{id}.hangs"));
        running.kill();
        let _ = running.wait();
        assert!(repo.faults().contains(&"unsealed".to_owned()), "{:?}", repo.faults());
        // The command goes on without its runner: nobody else may.
        let refused = repo.resume(&[]);
        assert_eq!(refused.code(), 2, "{refused}");
        assert!(refused.stderr().contains(&format!("the step `{id}` of")), "{refused}");
        assert!(refused.stderr().contains("still runs"), "{refused}");
        repo.bed.write(format!("{id}.go"), "");
        repo.wait_for_end_of_step();
        let resumed = repo.resume(&[]);
        assert_eq!(resumed.code(), 0, "{resumed}");
        assert_eq!(repo.ran(), STEPS.join(" "), "no step ran twice");
        assert_eq!(repo.bundles().len(), 1, "it goes on in the same bundle");
        repo.check_all();
    }
}

#[test]
fn a_killed_recorder_leaves_a_step_that_only_a_repeatable_one_runs_again() {
    for repeatable in [false, true] {
        let repo = Repo::new("", &steps(if repeatable { "repeatable = true" } else { "" }));
        repo.bed.write("b.hang", "");
        let running = repo.start(&[]);
        repo.wait_for("b.hangs");
        let recorders = children(running.pid());
        assert_eq!(recorders.len(), 1, "{recorders:?}");
        running.kill();
        let _ = running.wait();
        cmd!("kill", "-KILL", &recorders[0]).run().unwrap();
        let until = Instant::now() + Duration::from_mins(1);
        while !repo.faults().contains(&"incomplete".to_owned()) && Instant::now() < until {}
        let refused = repo.resume(&[]);
        assert_eq!(refused.code(), 2, "its command lives: {refused}");
        assert!(refused.stderr().contains("still runs, process"), "{refused}");
        repo.bed.write("b.go", "");
        let mut resumed = repo.resume(&[]);
        while resumed.code() == 2 && Instant::now() < until {
            resumed = repo.resume(&[]);
        }
        if repeatable {
            assert_eq!(resumed.code(), 0, "{resumed}");
            assert_eq!(repo.ran(), "a b b c d");
        } else {
            assert_eq!(resumed.code(), 1, "{resumed}");
            assert_eq!(repo.ran(), "a b");
            assert!(repo.log().contains("no end is recorded"), "{}", repo.log());
        }
    }
}

#[test]
fn ctrl_c_ends_the_step_seals_and_says_how_to_go_on() {
    let repo = Repo::new("", &steps("repeatable = true"));
    repo.bed.write("b.hang", "");
    let running = repo.start(&[]);
    repo.wait_for("b.hangs");
    cmd!("kill", "-INT", running.pid().to_string()).run().unwrap();
    let ended = running.wait();
    assert_eq!(ended.code(), 1, "{ended}");
    assert!(ended.stdout().contains("resume: cargo xtask run work --resume "), "{ended}");
    assert!(repo.log().contains("step `b` was interrupted by a signal"), "{}", repo.log());
    repo.check_all();
    repo.bed.write("b.go", "");
    let resumed = repo.resume(&[]);
    assert_eq!(resumed.code(), 0, "{resumed}");
    assert_eq!(repo.ran(), "a b b c d");
}

#[test]
fn an_altered_bundle_is_not_built_on() {
    let repo = Repo::new("", &steps(""));
    repo.bed.write("c.fail", "");
    assert_eq!(repo.run(&[]).code(), 1);
    let output = format!("{}/001-a.out", repo.bundle());
    repo.bed.write(&output, "done b\n");
    let refused = repo.resume(&[]);
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("does not hold"), "{refused}");
    assert_eq!(repo.ran(), "a b c");
}

#[test]
fn steps_beside_each_other_run_at_once_with_their_output_kept_apart() {
    let parallel = "parallel = true";
    let last = step("d", "needs = [\"b\", \"c\"]");
    let repo =
        Repo::new("", &[step("a", parallel), step("b", parallel), step("c", parallel), last]);
    // Each waits for the other, so that one after the other would never end.
    repo.bed.write_mode(
        "step",
        "#!/bin/sh\necho $1 >> ran\n: > $1.here\nfor o in a b c; do while [ ! -e $o.here ]; do sleep 0.02; done; done\necho one $1; sleep 0.05; echo two $1\n",
        0o755,
    );
    let output = repo.run(&[]);
    assert_eq!(output.code(), 0, "{output}");
    for id in ["a", "b", "c"] {
        let block = format!("  {id} | one {id}\n  {id} | two {id}\n  {id}: ok");
        assert!(output.stderr().contains(&block), "{output}");
    }
    assert!(repo.ran().ends_with(" d"));
    repo.check_all();
}

#[test]
fn one_pipeline_at_a_time_works_on_an_app() {
    let repo = Repo::new("lock = \"app\"", &steps(""));
    repo.bed.write("a.hang", "");
    let running = repo.start(&[]);
    repo.wait_for("a.hangs");
    let refused = repo.run(&[]);
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(
        refused.stderr().contains("the app `app` is being worked on by pipeline `work`"),
        "{refused}"
    );
    assert_eq!(repo.bundles().len(), 1);
    // A killed runner frees nothing while its command still works on the app.
    running.kill();
    let _ = running.wait();
    assert_eq!(repo.run(&[]).code(), 2);
    repo.bed.write("a.go", "");
    repo.wait_for_end_of_step();
    let until = Instant::now() + Duration::from_mins(1);
    while repo.resume(&[]).code() == 2 && Instant::now() < until {}
    assert_eq!(repo.ran(), "a b c d");
}

#[test]
fn what_a_step_leaves_running_does_not_keep_the_app() {
    // It runs until the bed is taken away.
    let leaves = "(while [ -e ops.toml ]; do sleep 0.02; done) </dev/null >/dev/null 2>&1 &";
    let a = format!(
        "[[pipeline.work.step]]\nid = \"a\"\nrun = [\"sh\", \"-c\", \"{leaves} echo a\"]\n"
    );
    let repo = Repo::new("lock = \"app\"", &[a]);
    let first = repo.run(&[]);
    assert_eq!(first.code(), 0, "{first}");
    let again = repo.run(&[]);
    assert_eq!(again.code(), 0, "{again}");
    let script = repo.run(&["--dry-run"]).stdout().to_owned();
    repo.bed.write("script.sh", &script);
    let pasted = repo.bed.command("sh").arg("script.sh").run();
    assert_eq!(pasted.code(), 0, "{pasted}");
    assert_eq!(repo.run(&[]).code(), 0);
}

#[test]
fn a_script_that_is_not_agreed_to_says_in_the_log_that_it_halted() {
    let repo = Repo::new("", &[step("a", ""), step("b", "approve = true")]);
    let script = repo.run(&["--dry-run"]).stdout().replace("</dev/tty", "</dev/null");
    repo.bed.write("script.sh", &script);
    let pasted = repo.bed.command("sh").arg("script.sh").run();
    assert_eq!(pasted.code(), 1, "{pasted}");
    assert!(repo.log().contains("Status: halted"), "{}", repo.log());
    repo.bed.write("a.fail", "");
    let failed = repo.bed.command("sh").arg("script.sh").run();
    assert_eq!(failed.code(), 1, "{failed}");
    assert!(repo.log().contains("Status: failed"), "{}", repo.log());
}

#[test]
fn only_and_from_leave_steps_out_and_say_so() {
    let repo = Repo::new("", &steps(""));
    assert_eq!(repo.run(&["--only", "b", "--only", "c"]).code(), 0);
    assert_eq!(repo.ran(), "b c");
    assert!(repo.log().contains("Left out: a, d."), "{}", repo.log());
    assert_eq!(repo.run(&["--from", "c"]).code(), 0);
    assert_eq!(repo.ran(), "b c c d");
    let unknown = repo.run(&["--from", "e"]);
    assert_eq!(unknown.code(), 2);
    assert!(unknown.stderr().contains("its steps are a, b, c, d"), "{unknown}");
}

#[test]
fn an_approval_is_recorded_and_its_absence_too() {
    let repo = Repo::new("", &[step("a", ""), step("b", "approve = true")]);
    let halted = repo.run(&[]);
    assert_eq!(halted.code(), 1, "{halted}");
    assert_eq!(repo.ran(), "a");
    assert!(repo.log().contains("Status: halted"), "{}", repo.log());
    let shown = repo.tool("evidence-log").args(["show", &repo.bundle()]).run();
    assert!(
        shown.stdout().contains("b refused by Test <test@example.com> (nobody at a terminal)"),
        "{shown}"
    );
    let resumed = repo.resume(&["--approve", "b"]);
    assert_eq!(resumed.code(), 0, "{resumed}");
    let shown = repo.tool("evidence-log").args(["show", &repo.bundle()]).run();
    assert!(
        shown.stdout().contains("b approved by Test <test@example.com> (the flag --approve)"),
        "{shown}"
    );
    repo.check_all();
}

/// Runs the pipeline at a terminal, answers its first question with these keys, and says how it ended.
const AT_A_TERMINAL: &str = r#"
soon() { n=0; until eval "$1" || [ $((n += 1)) -gt 600 ]; do sleep 0.05; done; }
(soon 'grep -q y/N typescript 2>/dev/null'; printf "$KEYS"; soon '[ -e ended ]') |
  script -qefc 'trap : INT; "$XTASK" run work --color never; echo $? > ended' typescript > /dev/null
cat typescript ended
"#;

#[test]
fn a_person_at_a_terminal_agrees_declines_or_presses_ctrl_c() {
    for (keys, code, ran, said) in [
        (r"y\r", "0", "a b", "[2/2] b"),
        (r"n\r", "1", "a", "  b: not approved"),
        (r"\004", "1", "a", "  b: not approved"),
        (r"\003", "1", "a", "  b: interrupted"),
    ] {
        let repo = Repo::new("", &[step("a", ""), step("b", "approve = true")]);
        let shell =
            repo.bed.command("sh").env("OPSPROOF_TOOLS", tools()).args(["-c", AT_A_TERMINAL]);
        let output = shell.env("KEYS", keys).env("XTASK", testbed::bin!("xtask")).run();
        assert_eq!(output.stdout().lines().last(), Some(code), "{keys}: {output}");
        assert!(output.stdout().contains("  b: run `./step b`? [y/N] "), "{output}");
        assert!(output.stdout().contains(said), "{keys}: {output}");
        assert_eq!(repo.ran(), ran, "{keys}");
        repo.check_all();
    }
}

#[test]
fn the_second_documented_failure_is_an_escalation() {
    let repo = Repo::new("escalate-to = \"manager\"", &steps(""));
    repo.bed.write("b.fail", "");
    assert_eq!(repo.run(&[]).code(), 1);
    assert!(!repo.log().contains("Escalation"), "{}", repo.log());
    assert_eq!(repo.resume(&[]).code(), 1);
    assert!(
        repo.log().contains("Escalation to manager: step `b` has failed 2 times"),
        "{}",
        repo.log()
    );
    assert!(repo.log().contains("Blocked by: manager: step `b` failed 2 times"), "{}", repo.log());
    repo.check_all();
}

#[test]
fn a_silent_step_may_succeed_and_its_entry_claims_no_more_than_that() {
    let repo = Repo::new("", &steps(""));
    repo.bed.write("b.mute", "");
    let output = repo.run(&[]);
    assert_eq!(output.code(), 0, "{output}");
    assert_eq!(repo.ran(), "a b c d");
    let log = repo.log();
    assert!(log.contains("each ended as expected") && log.contains("Status: unproven"), "{log}");
}
