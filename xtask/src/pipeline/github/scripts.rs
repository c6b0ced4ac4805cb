//! The shell scripts of a workflow.

use std::fmt::Write as _;

use opsfile::{Evidence, Ops, Pipeline};

use super::super::plan::{Plan, PlannedStep};
use crate::command_line::{CommandWords, shell_quote};
use crate::repo;

/// Builds the tools and puts them into one folder.
pub(super) fn build() -> String {
    let programs: Vec<&str> = repo::TOOLS.iter().copied().chain(["xtask"]).collect();
    let packages: Vec<String> = programs.iter().map(|name| format!("--package {name}")).collect();
    let paths: Vec<String> = programs.iter().map(|name| format!("target/release/{name}")).collect();
    format!(
        "cargo build --release --locked {}\nmkdir opsproof-tools\ncp {} opsproof-tools\n",
        packages.join(" "),
        paths.join(" ")
    )
}

/// Puts the tools first in the search path; an artifact keeps no modes.
pub(super) const FIND_TOOLS: &str = "\
chmod +x \"$RUNNER_TEMP\"/opsproof-tools/*
echo \"$RUNNER_TEMP/opsproof-tools\" >> \"$GITHUB_PATH\"
";

/// Writes the credential files; one whose secret is not set stays missing, for vault-check to name.
pub(super) fn vault(files: &[(String, String)]) -> String {
    let mut script = "\
umask 077
put() {
  if [ -n \"$2\" ]; then
    mkdir -p \"$(dirname \"$1\")\"
    printf '%s\\n' \"$2\" > \"$1\"
  fi
}
"
    .to_owned();
    for (variable, path) in files {
        let _ = writeln!(script, "put {} \"${variable}\"", path_word(path));
    }
    script
}

/// A path as a word of the shell, `~` being the home folder.
fn path_word(path: &str) -> String {
    match path.strip_prefix("~/") {
        Some(rest) => format!("\"$HOME\"/{}", shell_quote(rest)),
        None => shell_quote(path),
    }
}

/// Opens the part's own bundle, whose name no other part of the run has.
pub(super) fn open(pipeline: &Pipeline, part: &str) -> String {
    let name = format!("{}-{part}", pipeline.name);
    let mut command = CommandWords::new(["evidence-log", "open", &name]);
    if let Some(area) = &pipeline.area {
        command.extend(["--area", area]);
    }
    format!("bundle=$({command})\necho \"bundle=$bundle\" >> \"$GITHUB_ENV\"\n")
}

/// Says in the bundle what let the part run: GitHub makes an environment that is only named, without reviewers.
pub(super) fn approved(environment: &str) -> String {
    format!(
        "evidence-log note \"$bundle\" \"let through by the environment {environment}; \
         who had to approve, if anybody, is told by run $GITHUB_RUN_ID attempt $GITHUB_RUN_ATTEMPT, \
         started by $GITHUB_ACTOR\"\n"
    )
}

/// Runs a step as often as it may be tried.
pub(super) fn step(step: &PlannedStep) -> String {
    let codes = step.expect.exit.iter().map(u8::to_string).collect::<Vec<_>>().join("|");
    let command = &step.command;
    if step.attempts <= 1 {
        if codes == "0" {
            return format!("{command}\n");
        }
        return format!(
            "code=0\n{command} || code=$?\ncase $code in {codes}) ;; *) exit \"$code\" ;; esac\n"
        );
    }
    let attempts = step.attempts;
    let wait = step.wait.as_secs();
    let pause = if wait == 0 { String::new() } else { format!("  sleep {wait}\n") };
    format!(
        "for ((attempt = 1; ; attempt++)); do\n  \
           code=0\n  \
           {command} || code=$?\n  \
           case $code in {codes}) exit 0 ;; esac\n  \
           if [ \"$attempt\" -ge {attempts} ]; then exit \"$code\"; fi\n\
         {pause}done\n"
    )
}

fn verify(evidence: &Evidence) -> &'static str {
    if evidence.sign_with.is_some() {
        "evidence-log verify"
    } else {
        "evidence-log verify --allow-unsigned"
    }
}

/// Seals what there is, packs it with its modes, and checks it; what does not hold is kept too.
pub(super) fn seal(plan: &Plan, ops: &Ops) -> String {
    format!(
        "sealed=0\n{} || sealed=$?\nmkdir \"$RUNNER_TEMP/opsproof-bundle\"\n\
         printf '%s\\n' \"$bundle\" > \"$RUNNER_TEMP/opsproof-bundle/path\"\n\
         tar -cf \"$RUNNER_TEMP/opsproof-bundle/bundle.tar\" \"$bundle\"\n\
         {} \"$bundle\"\nexit $sealed\n",
        plan.seal,
        verify(&ops.evidence)
    )
}

/// Whether every step of every part succeeded, from GitHub's own account of the jobs.
pub(super) const OUTCOME: &str = "\
all='all(.[]; .result == \"success\" and all(.outputs[]; . == \"success\"))'
if jq -e \"$all\" <<< \"$NEEDS\" > /dev/null; then outcome=success; else outcome=failure; fi
echo \"outcome=$outcome\" >> \"$GITHUB_ENV\"
";

/// Checks every bundle again, writes the entry, and commits both, also of a bundle that does not hold, which the
/// entry must not hide; whoever pushed first is not overwritten.
///
/// Several workflows may record at once. A concurrency group would not queue them: GitHub cancels a job that
/// waits when another comes to wait behind it, and its entry would be lost.
pub(super) fn record(pipeline: &Pipeline, ops: &Ops) -> String {
    let Pipeline { role, title, .. } = pipeline;
    let verify = verify(&ops.evidence);
    let (role, title) = (shell_quote(role), shell_quote(title));
    let folders =
        [&ops.evidence.root, &ops.feedback.root].map(|folder| shell_quote(folder)).join(" ");
    let message = shell_quote(&format!("feedback: pipeline {}", pipeline.name));
    format!(
        r#"git config user.name opsproof
git config user.email opsproof@users.noreply.github.com
status=()
if [ "$outcome" != success ]; then status=(--status halted); fi
code=0
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  evidence=()
  # One artifact alone is unpacked into the folder itself, several into a folder each.
  for path in "$RUNNER_TEMP"/opsproof-bundles/path "$RUNNER_TEMP"/opsproof-bundles/*/path; do
    if [ ! -f "$path" ]; then continue; fi
    bundle=$(< "$path")
    tar -xf "${{path%path}}bundle.tar"
    if ! {verify} "$bundle"; then
      code=1
      status=(--status halted)
    fi
    evidence+=(--evidence "$bundle")
  done
  feedback-append --role {role} --title {title} "${{status[@]}}" "${{evidence[@]}}" \
    --id "github-$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT" \
    --message "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID, attempt $GITHUB_RUN_ATTEMPT, started by $GITHUB_ACTOR."
  git add --all -- {folders}
  git commit --quiet --message {message}
  if git push origin "HEAD:$GITHUB_REF_NAME"; then exit "$code"; fi
  git fetch --quiet origin "$GITHUB_REF_NAME"
  git reset --quiet --hard FETCH_HEAD
done
exit 1
"#
    )
}
