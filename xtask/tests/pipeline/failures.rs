//! Each kind of failure at each step of the sample's pipelines, as `ops.toml` declares them: it halts there, nothing to
//! the right runs, what is left verifies, and going on completes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use evidence::Bundle;
use opsfile::{OnFailure, Pipeline, Step};
use testbed::Output;
use testbed::fly::State;

use crate::{Sample, appended, tools};

/// Stands in front of a program: fails in the way that a file says where its command is the one that another names,
/// after as many as a third says.
const IN_FRONT: &str = r#"#!/bin/sh
if [ "NAME $*" = "$(cat FOLDER/command 2>/dev/null)" ]; then
  skip=$(cat FOLDER/skip)
  if [ "$skip" -gt 0 ]; then
    echo $((skip - 1)) > FOLDER/skip
  else
    case $(cat FOLDER/kind) in
      exit) echo 'an injected failure'; exit 9 ;;
      kill) kill -KILL $$ ;;
      hang) exec sleep 600 ;;
      other) echo 'something else'; exit 0 ;;
    esac
  fi
fi
exec REAL "$@"
"#;

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The command ends with another code than is expected.
    Exit,
    /// It is killed.
    Kill,
    /// It does not end in time.
    Hang,
    /// It succeeds, and its output is not as expected.
    Other,
    /// Nobody approves the step.
    Refused,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Kill => "kill",
            Self::Hang => "hang",
            Self::Other => "other",
            Self::Refused => "",
        }
    }

    /// Those that a step can fail in.
    fn of(step: &Step) -> Vec<Self> {
        let mut kinds = vec![Self::Exit];
        // To a step that is repeatable it is the same as a hang.
        kinds.extend((!step.repeatable || step.timeout.is_none()).then_some(Self::Kill));
        kinds.extend(step.timeout.map(|_| Self::Hang));
        let has_output = !step.expect.matches.is_empty() || !step.expect.json.is_empty();
        kinds.extend(has_output.then_some(Self::Other));
        kinds.extend(step.approve.then_some(Self::Refused));
        kinds
    }
}

/// The sample with programs in front of those that its steps start.
struct Injected {
    sample: Sample,
    folder: PathBuf,
    ops: String,
    pipeline: Pipeline,
}

impl Injected {
    fn new(name: &str) -> Self {
        let sample = Sample::with(State::default().with_app("hotdash-chatwoot"));
        let ops = sample.bed.read("ops.toml").replace("wait = \"5s\"\n", "");
        let ops = ops.replace("wait = \"10s\"\n", "").replace("attempts = 6", "attempts = 2");
        sample.bed.write("ops.toml", &ops);
        let path = sample.bed.path("ops.toml");
        let read = opsfile::parse(&path, &ops, &|_| true).unwrap();
        let pipeline = read.pipeline(name).unwrap().clone();
        let folder = sample.bed.root().with_file_name("in-front");
        fs::create_dir(&folder).unwrap();
        let programs = read.pipelines.iter().flat_map(|pipeline| &pipeline.step);
        let programs: BTreeSet<&str> = programs.map(|step| step.run[0].as_str()).collect();
        for name in programs.into_iter().chain(["evidence-log"]) {
            let program = match name {
                "xtask" => PathBuf::from(testbed::bin!("xtask")),
                "fly" => sample.bed.home().join("stand-in-flyctl/fly"),
                "git" => PathBuf::from("/usr/bin/git"),
                tool => tools().join(tool),
            };
            assert!(program.is_file(), "{}", program.display());
            let text = IN_FRONT.replace("NAME", name).replace("REAL", program.to_str().unwrap());
            let text = text.replace("FOLDER", folder.to_str().unwrap());
            let file = folder.join(name);
            sample.bed.write_mode(file, text, 0o755);
        }
        Self { sample, folder, ops, pipeline }
    }

    fn run(&self, name: &str, approve: &dyn Fn(&Step) -> bool, more: &[&str]) -> Output {
        let read = opsfile::parse(Path::new("/ops.toml"), &self.ops, &|_| true).unwrap();
        let steps = &read.pipeline(name).unwrap().step;
        let approved = steps.iter().filter(|step| step.approve && approve(step));
        let approved = approved.flat_map(|step| ["--approve", step.id.as_str()]);
        let words = [name, "--quiet"].into_iter().chain(approved).chain(more.iter().copied());
        let command = self.sample.surround(self.sample.bed.command(testbed::bin!("xtask")));
        command.env("OPSPROOF_TOOLS", self.folder.as_os_str()).args(words).run()
    }

    /// Lets the step fail until it is told otherwise.
    fn inject(&self, index: usize, kind: Kind) {
        let step = &self.pipeline.step[index];
        let same = self.pipeline.step[..index].iter().filter(|other| other.run == step.run);
        fs::write(self.folder.join("command"), step.run.join(" ")).unwrap();
        fs::write(self.folder.join("skip"), same.count().to_string()).unwrap();
        fs::write(self.folder.join("kind"), kind.word()).unwrap();
        if kind == Kind::Hang {
            let head = format!("[[pipeline.{}.step]]\nid = \"{}\"\n", self.pipeline.name, step.id);
            let (before, block) = self.ops.split_once(&head).unwrap();
            let (block, after) = block.split_once("\n\n").unwrap_or((block, ""));
            let is_timeout = |line: &str| line.starts_with("timeout = ");
            let lines = block.lines();
            let lines = lines.map(|line| if is_timeout(line) { "timeout = \"1s\"" } else { line });
            let block = lines.collect::<Vec<_>>().join("\n");
            self.sample.bed.write("ops.toml", format!("{before}{head}{block}\n\n{after}"));
        }
    }

    fn mend(&self) {
        fs::remove_file(self.folder.join("command")).unwrap();
        self.sample.bed.write("ops.toml", &self.ops);
    }

    /// The newest bundle of the pipeline, and the labels of its runs.
    fn newest(&self) -> (PathBuf, Vec<String>) {
        let own = format!("/{}-", self.pipeline.name);
        let bundles = self.sample.bundles();
        let bundle = bundles.into_iter().rfind(|path| path.to_str().unwrap().contains(&own));
        let bundle = bundle.unwrap();
        let read = Bundle::open(&bundle).unwrap();
        let labels = read.runs().iter().map(|run| run.begin.label.clone()).collect();
        (bundle, labels)
    }

    /// The steps that must not run once this one has failed.
    fn to_the_right(&self, index: usize) -> Vec<&str> {
        let steps = &self.pipeline.step;
        let failed = &steps[index];
        if failed.on_failure == OnFailure::Continue {
            let mut blocked = vec![failed.id.as_str()];
            for step in &steps[index + 1..] {
                if step.needs.iter().any(|need| blocked.contains(&need.as_str())) {
                    blocked.push(&step.id);
                }
            }
            return blocked.split_off(1);
        }
        let beside = steps[index + 1..].iter().take_while(|step| failed.parallel && step.parallel);
        steps[index + 1 + beside.count()..].iter().map(|step| step.id.as_str()).collect()
    }

    fn check(&self, index: usize, kind: Kind) {
        let step = &self.pipeline.step[index];
        let name = &self.pipeline.name;
        let case = format!("{name}, {}, {kind:?}", step.id);
        let before = appended(&self.sample);
        self.inject(index, kind);
        let refused = |other: &Step| !(kind == Kind::Refused && other.id == step.id);
        let halted = self.run(name, &refused, &[]);
        assert_eq!(halted.code(), 1, "{case}: {halted}");
        let (bundle, ran) = self.newest();
        assert_eq!(ran.contains(&step.id), kind != Kind::Refused, "{case}: {ran:?}");
        for right in self.to_the_right(index) {
            assert!(!ran.iter().any(|label| label == right), "{case}: {right} ran");
        }
        let log = appended(&self.sample);
        let entry = log.strip_prefix(before.as_str()).unwrap();
        assert!(entry.contains(&format!("step `{}`", step.id)), "{case}: {entry}");
        // The second try of one run is a second documented failure, and an escalation.
        let status = match kind {
            Kind::Refused => "Status: halted",
            _ if step.attempts > 1 => "Status: blocked",
            _ => "Status: failed",
        };
        assert!(entry.contains(status), "{case}: {entry}");
        let verified = self.sample.tool("evidence-log").arg("verify").arg(&bundle).run();
        assert_eq!(verified.code(), 0, "{case}: {verified}");

        self.mend();
        let mut more = vec!["--resume", bundle.to_str().unwrap()];
        let may_be_half_done = matches!(kind, Kind::Kill | Kind::Hang) && !step.repeatable;
        if may_be_half_done {
            let unseen = self.run(name, &|_| true, &more);
            assert_eq!(unseen.code(), 1, "{case}: {unseen}");
            assert!(!self.newest().1.contains(&step.id), "{case} ran again unseen");
            more.extend(["--repeat", &step.id]);
        }
        let resumed = self.run(name, &|_| true, &more);
        assert_eq!(resumed.code(), 0, "{case}: {resumed}");
    }
}

/// Every kind at every step of a pipeline, on one repo; the pipelines before it have succeeded.
fn check(name: &str, before: &[&str]) {
    let injected = Injected::new(name);
    for name in before {
        let output = injected.run(name, &|_| true, &[]);
        assert_eq!(output.code(), 0, "{name}: {output}");
    }
    for (index, step) in injected.pipeline.step.iter().enumerate() {
        for kind in Kind::of(step) {
            injected.check(index, kind);
        }
    }
    let leaks = injected.sample.tool("vault-check").arg("leaks").run();
    assert_eq!(leaks.code(), 0, "{leaks}");
}

#[test]
fn preflight_fails_in_every_way() {
    check("preflight", &[]);
}

#[test]
fn align_fails_in_every_way() {
    check("align", &[]);
}

#[test]
fn refresh_fails_in_every_way() {
    check("refresh", &[]);
}

#[test]
fn redeploy_fails_in_every_way() {
    check("redeploy", &["refresh"]);
}

#[test]
fn smoke_fails_in_every_way() {
    check("smoke", &[]);
}

#[test]
fn readiness_fails_in_every_way() {
    check("readiness", &["refresh"]);
}
