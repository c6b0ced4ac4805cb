//! From a pipeline to jobs: one that builds the tools, one for each part, one that tells the log.

use std::collections::{BTreeMap, BTreeSet};

use opsfile::{OnFailure, Ops, Pipeline, PlaceSource, SecretSource, Step};

use super::super::plan::{Plan, PlannedStep};
use super::scripts;
use super::workflow::{
    Concurrency, DefaultShell, Defaults, Job, JobStep, Jobs, On, Permissions, Workflow,
};
use super::{CHECKOUT, DOWNLOAD, SETUP_FLYCTL, Source, UPLOAD};
use crate::error::Error;

const ALWAYS: &str = "${{ always() && env.bundle != '' }}";
/// How long a step may take that declares no time of its own.
const DEFAULT_STEP_SECONDS: u64 = 600;
/// What a job needs beside its steps.
const SET_UP_MINUTES: u64 = 10;
/// What `fly-secrets` remembers, in the vault's root.
const FLY_STATE: &str = ".fly-secrets.json";
/// GitHub ends a job after six hours.
const MAX_MINUTES: u64 = 360;

/// One step with its number in the pipeline.
struct Numbered<'a> {
    number: usize,
    planned: &'a PlannedStep,
    declared: &'a Step,
}

/// Steps that run on one machine; a step that a person must approve begins a new part.
struct Part<'a> {
    number: usize,
    steps: Vec<Numbered<'a>>,
}

/// Makes the workflow of a pipeline.
pub(super) fn workflow(
    pipeline: &Pipeline,
    plan: &Plan,
    ops: &Ops,
    source: &Source<'_>,
    runs_on: &str,
) -> Result<Workflow, Error> {
    let parts = parts(pipeline, plan);
    let files = vault_files(pipeline, ops)?;
    let mut jobs = vec![("tools".to_owned(), tools_job(source, runs_on))];
    for part in &parts {
        let job = part_job(part, &parts, pipeline, plan, ops, &files, runs_on);
        jobs.push((part.id(), job));
    }
    let needs = jobs.iter().map(|(id, _)| id.clone()).collect();
    jobs.push(("record".to_owned(), record_job(needs, pipeline, ops, runs_on)));
    Ok(Workflow {
        name: pipeline.title.clone(),
        on: On { workflow_dispatch: BTreeMap::new() },
        permissions: Permissions { contents: "read" },
        concurrency: one_at_a_time(pipeline),
        defaults: Defaults { run: DefaultShell { shell: "bash" } },
        jobs: Jobs(jobs),
    })
}

/// The protected environment in which a step waits for a person.
pub(super) fn environment(pipeline: &Pipeline, step: &str) -> String {
    format!("{}-{step}", pipeline.name)
}

/// The names of the secrets that the workflow reads, each with what it holds.
pub(super) fn secret_names(pipeline: &Pipeline, ops: &Ops) -> Vec<(String, String)> {
    vault_files(pipeline, ops).unwrap_or_default()
}

/// One run at a time: of all pipelines that lock the same app, else of this pipeline.
///
/// The group is the workflow's and not that of the jobs that change the app. GitHub lets one wait for a group and
/// cancels it where another comes to wait: a whole run that has not begun loses nothing by that, a job in the middle
/// of a run would leave the app half changed; and between two jobs another pipeline could have the app.
fn one_at_a_time(pipeline: &Pipeline) -> Concurrency {
    Concurrency { group: group(pipeline), cancel_in_progress: false }
}

/// The group's name, in which no pipeline can be taken for an app.
pub(super) fn group(pipeline: &Pipeline) -> String {
    match &pipeline.lock {
        Some(app) => format!("opsproof-app-{app}"),
        None => format!("opsproof-pipeline-{}", pipeline.name),
    }
}

fn parts<'a>(pipeline: &'a Pipeline, plan: &'a Plan) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for (number, (planned, declared)) in plan.steps.iter().zip(&pipeline.step).enumerate() {
        let step = Numbered { number: number + 1, planned, declared };
        match parts.last_mut() {
            Some(part) if !declared.approve => part.steps.push(step),
            _ => parts.push(Part { number: parts.len() + 1, steps: vec![step] }),
        }
    }
    parts
}

impl Part<'_> {
    fn id(&self) -> String {
        format!("part-{}", self.number)
    }

    fn minutes(&self) -> u64 {
        let seconds: u64 = self
            .steps
            .iter()
            .map(|Numbered { declared, .. }| {
                let once = declared.timeout.map_or(DEFAULT_STEP_SECONDS, |time| time.as_secs());
                let attempts = u64::from(declared.attempts.max(1));
                once * attempts + declared.wait.as_secs() * (attempts - 1)
            })
            .sum();
        (seconds.div_ceil(60) + SET_UP_MINUTES).min(MAX_MINUTES)
    }
}

impl Numbered<'_> {
    /// An identifier of GitHub's: a pipeline's step may begin with a digit and have points.
    fn id(&self) -> String {
        let id = self.planned.id.replace('.', "-");
        format!("step-{}-{id}", self.number)
    }
}

fn tools_job(source: &Source<'_>, runs_on: &str) -> Job {
    let Source { repository, revision } = source;
    Job {
        name: "tools".to_owned(),
        runs_on: runs_on.to_owned(),
        timeout_minutes: 30,
        steps: vec![
            JobStep::action(
                "Get the tools' source",
                CHECKOUT,
                [("repository", *repository), ("ref", *revision), ("persist-credentials", "false")],
            ),
            JobStep::script("Build the tools", scripts::build()),
            JobStep::action(
                "Keep the tools",
                UPLOAD,
                [
                    ("name", "opsproof-tools"),
                    ("path", "opsproof-tools"),
                    ("if-no-files-found", "error"),
                    ("retention-days", "1"),
                    ("overwrite", "true"),
                ],
            ),
        ],
        ..Job::default()
    }
}

fn part_job(
    part: &Part<'_>,
    parts: &[Part<'_>],
    pipeline: &Pipeline,
    plan: &Plan,
    ops: &Ops,
    files: &[(String, String)],
    runs_on: &str,
) -> Job {
    let gate = part.steps.first().filter(|step| step.declared.approve);
    let environment = gate.map(|step| environment(pipeline, &step.planned.id));
    let mut steps = vec![
        JobStep::action(
            "Get the repo",
            CHECKOUT,
            [("fetch-depth", "0"), ("persist-credentials", "false")],
        ),
        get_tools(),
        JobStep::script("Find the tools", scripts::FIND_TOOLS),
    ];
    if part.steps.iter().any(|step| uses_flyctl(step.declared, ops)) {
        steps.push(JobStep::action("Get flyctl", SETUP_FLYCTL, []));
    }
    if !files.is_empty() {
        let mut step = JobStep::script("Lay out the vault", scripts::vault(files));
        step.env = files
            .iter()
            .map(|(name, _)| (name.clone(), format!("${{{{ secrets.{name} }}}}")))
            .collect();
        steps.push(step);
    }
    steps.push(JobStep::script("Open the bundle", scripts::open(pipeline, &part.id())));
    if let Some(environment) = &environment {
        steps.push(JobStep::script("Note the approval", scripts::approved(environment)));
    }
    steps.extend(part.steps.iter().map(|step| pipeline_step(step, part, parts)));
    let mut seal = JobStep::script("Seal and verify the bundle", scripts::seal(plan, ops));
    seal.condition = Some(ALWAYS.to_owned());
    let name = format!("opsproof-{}-{:02}", pipeline.name, part.number);
    let mut keep = JobStep::action(
        "Keep the bundle",
        UPLOAD,
        [
            ("name", name.as_str()),
            ("path", "${{ runner.temp }}/opsproof-bundle"),
            ("if-no-files-found", "error"),
            // Jobs that failed may be run again in the same run.
            ("overwrite", "true"),
        ],
    );
    keep.condition = Some(ALWAYS.to_owned());
    steps.extend([seal, keep]);
    let ids: Vec<&str> = part.steps.iter().map(|step| step.planned.id.as_str()).collect();
    let earlier = parts.iter().take(part.number - 1).map(Part::id);
    Job {
        name: ids.join(", "),
        needs: ["tools".to_owned()].into_iter().chain(earlier).collect(),
        runs_on: runs_on.to_owned(),
        timeout_minutes: part.minutes(),
        environment,
        outputs: part
            .steps
            .iter()
            .map(|step| (step.id(), format!("${{{{ steps.{}.outcome }}}}", step.id())))
            .collect(),
        steps,
        ..Job::default()
    }
}

fn get_tools() -> JobStep {
    JobStep::action(
        "Get the tools",
        DOWNLOAD,
        [("name", "opsproof-tools"), ("path", "${{ runner.temp }}/opsproof-tools")],
    )
}

fn uses_flyctl(step: &Step, ops: &Ops) -> bool {
    let is_flyctl = |word: &String| matches!(word.as_str(), "fly" | "flyctl");
    let is_asked = step.run.iter().map(String::as_str).eq(["xtask", "toolchain"])
        && ops.toolchain.keys().any(is_flyctl);
    let over_ssh = step.run.iter().map(String::as_str).take(2).eq(["xtask", "admin"]);
    step.run.first().is_some_and(is_flyctl)
        || step.run.iter().any(|word| word == "flyctl")
        || is_asked
        || over_ssh
}

fn pipeline_step(step: &Numbered<'_>, part: &Part<'_>, parts: &[Part<'_>]) -> JobStep {
    let conditions: Vec<String> =
        step.planned.needs.iter().filter_map(|need| succeeded(need, part, parts)).collect();
    JobStep {
        id: Some(step.id()),
        condition: (!conditions.is_empty())
            .then(|| format!("${{{{ {} }}}}", conditions.join(" && "))),
        continue_on_error: step.planned.on_failure == OnFailure::Continue,
        ..JobStep::script(&step.planned.id, scripts::step(step.planned))
    }
}

/// The expression that is true where the step that is needed has succeeded.
fn succeeded(need: &str, part: &Part<'_>, parts: &[Part<'_>]) -> Option<String> {
    parts.iter().find_map(|other| {
        let step = other.steps.iter().find(|step| step.planned.id == need)?;
        Some(if other.number == part.number {
            format!("steps.{}.outcome == 'success'", step.id())
        } else {
            format!("needs.{}.outputs.{} == 'success'", other.id(), step.id())
        })
    })
}

fn record_job(needs: Vec<String>, pipeline: &Pipeline, ops: &Ops, runs_on: &str) -> Job {
    let pattern = format!("opsproof-{}-*", pipeline.name);
    let mut outcome = JobStep::script("Tell the outcome", scripts::OUTCOME);
    outcome.env = BTreeMap::from([("NEEDS".to_owned(), "${{ toJSON(needs) }}".to_owned())]);
    let mut verdict = JobStep::script("Fail where a step failed", "exit 1\n");
    verdict.condition = Some("${{ env.outcome != 'success' }}".to_owned());
    Job {
        name: "record".to_owned(),
        needs,
        condition: Some("${{ always() && needs.tools.result == 'success' }}".to_owned()),
        runs_on: runs_on.to_owned(),
        timeout_minutes: SET_UP_MINUTES + 5,
        permissions: Some(Permissions { contents: "write" }),
        steps: vec![
            JobStep::action(
                "Get the repo",
                CHECKOUT,
                [("ref", "${{ github.ref_name }}"), ("fetch-depth", "0")],
            ),
            get_tools(),
            JobStep::script("Find the tools", scripts::FIND_TOOLS),
            JobStep::action(
                "Get the bundles",
                DOWNLOAD,
                [("pattern", pattern.as_str()), ("path", "${{ runner.temp }}/opsproof-bundles")],
            ),
            outcome,
            JobStep::script("Verify, tell the log, commit", scripts::record(pipeline, ops)),
            verdict,
        ],
        ..Job::default()
    }
}

/// The secrets to lay out as files, by name and path: what the pipeline's steps read, and the signing key.
fn vault_files(pipeline: &Pipeline, ops: &Ops) -> Result<Vec<(String, String)>, Error> {
    let mut files: Vec<(String, String)> = Vec::new();
    if let Some(vault) = &ops.vault {
        let purposes = purposes(pipeline);
        let read = files_read(pipeline, ops, &vault.root);
        for file in &vault.file {
            let needed = purposes.as_ref().is_none_or(|purposes| {
                file.purposes.is_empty()
                    || file.purposes.iter().any(|purpose| purposes.contains(purpose.as_str()))
            });
            if needed || read.contains(file.path.as_str()) {
                let name = secret_name(&format!("VAULT_{}", file.path));
                files.push((name, format!("{}/{}", vault.root, file.path)));
            }
        }
    }
    if let (Some(vault), true) = (&ops.vault, starts(pipeline, "fly-secrets")) {
        files.push((secret_name("FLY_SECRETS_STATE"), format!("{}/{FLY_STATE}", vault.root)));
    }
    if let Some(key) = &ops.evidence.sign_with {
        files.push((secret_name("SIGNING_KEY"), key.display().to_string()));
    }
    let names: BTreeSet<&String> = files.iter().map(|(name, _)| name).collect();
    if names.len() != files.len() {
        return Err(Error::Setting {
            what: "two vault files would share the name of one GitHub secret".to_owned(),
            hint: "rename one of them: only letters and digits tell the names apart".to_owned(),
        });
    }
    Ok(files)
}

/// Whether a step of the pipeline is a command of this tool.
fn starts(pipeline: &Pipeline, tool: &str) -> bool {
    pipeline.step.iter().any(|step| step.run.first().is_some_and(|program| program == tool))
}

/// The vault files that the steps read whatever their purposes are, relative to the vault's root.
fn files_read<'a>(pipeline: &'a Pipeline, ops: &'a Ops, root: &str) -> BTreeSet<&'a str> {
    let mut files: BTreeSet<&str> =
        pipeline.step.iter().flat_map(|step| &step.env_from).map(String::as_str).collect();
    // `FILE:KEY`, as `xtask admin` and `xtask probe` take it.
    let words = pipeline.step.iter().flat_map(|step| &step.run);
    files.extend(words.filter_map(|word| Some(word.split_once(':')?.0)));
    let uses_fly = starts(pipeline, "fly-secrets");
    // A secret of an app may be part of a place's connection string.
    if uses_fly || starts(pipeline, "dsn-align") {
        let in_vault = |path: &'a str| path.strip_prefix(root)?.strip_prefix('/');
        files.extend(ops.dsn.place.iter().filter_map(|place| match &place.source {
            PlaceSource::EnvFile { path, .. } => in_vault(path),
            _ => None,
        }));
    }
    if uses_fly {
        for app in &ops.fly.app {
            files.extend(app.token.iter().map(|token| token.file.as_str()));
            files.extend(app.secrets.values().filter_map(|source| match source {
                SecretSource::Credential(name) => Some(name.file.as_str()),
                SecretSource::File { path, .. } => Some(path.as_str()),
                SecretSource::Dsn { .. } | SecretSource::Literal(_) => None,
            }));
        }
    }
    files
}

/// What the pipeline's own checks of the vault ask for; none where one asks for everything.
fn purposes(pipeline: &Pipeline) -> Option<BTreeSet<&str>> {
    let checks = pipeline
        .step
        .iter()
        .filter(|step| step.run.iter().map(String::as_str).take(2).eq(["vault-check", "check"]));
    let mut purposes = BTreeSet::new();
    for check in checks {
        let named: Vec<&str> = check
            .run
            .windows(2)
            .filter(|pair| pair[0] == "--for")
            .map(|pair| pair[1].as_str())
            .collect();
        if named.is_empty() {
            return None;
        }
        purposes.extend(named);
    }
    (!purposes.is_empty()).then_some(purposes)
}

fn secret_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    format!("OPSPROOF_{name}")
}
