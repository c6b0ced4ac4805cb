//! `export github`: the same steps as a GitHub Actions workflow, for a pipeline of many machines.

mod jobs;
mod scripts;
mod workflow;

use std::fs;
use std::path::{Path, PathBuf};

use opsfile::{Expect, Ops, Pipeline, Step};
use report::{Exit, Invocation, Streams};

use super::plan::Plan;
use crate::args::ExportGithub;
use crate::command_line::CommandWords;
use crate::error::Error;

/// The published programs that the workflow uses, by the major version that was read.
const CHECKOUT: &str = "actions/checkout@v5";
const UPLOAD: &str = "actions/upload-artifact@v5";
const DOWNLOAD: &str = "actions/download-artifact@v6";
/// Fly's own, which has no release tags of its own to pin; pin a commit where policy asks for it.
const SETUP_FLYCTL: &str = "superfly/flyctl-actions/setup-flyctl@master";

/// Writes the workflow of a pipeline into the operator's repo, or says that it is not up to date.
pub(crate) fn export(
    args: &ExportGithub,
    ops: Option<&Path>,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = super::open(args.repo.as_deref(), ops, invocation)?;
    let pipeline = super::find(&ops, &args.name)?;
    let text = render(pipeline, &ops, &Source::parse(&args.tools)?, &args.runs_on)?;
    let (path, shown) = if let Some(path) = &args.output {
        (invocation.cwd.join(path), path.display().to_string())
    } else {
        let shown = format!(".github/workflows/opsproof-{}.yml", args.name);
        (ops.folder.join(&shown), shown)
    };
    if fs::read_to_string(&path).is_ok_and(|present| present == text) {
        writeln!(streams.stdout, "{shown} is up to date")?;
        return Ok(Exit::OK);
    }
    if args.check {
        writeln!(streams.stdout, "{shown} is not up to date; run `{}`", again(args))?;
        return Ok(Exit::FINDINGS);
    }
    write(&path, &text)?;
    writeln!(streams.stdout, "wrote {shown}")?;
    Ok(Exit::OK)
}

/// The command that writes it.
fn again(args: &ExportGithub) -> String {
    let ExportGithub { name, tools, runs_on, output, repo, .. } = args;
    let mut command = CommandWords::new(["cargo", "xtask", "export", "github", name]);
    command.extend(["--tools", tools]);
    if runs_on != ExportGithub::RUNS_ON {
        command.extend(["--runs-on", runs_on]);
    }
    for (option, path) in [("--output", output), ("--repo", repo)] {
        if let Some(path) = path {
            command.extend([option, &path.display().to_string()]);
        }
    }
    command.to_string()
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let file_error = |source| Error::File { doing: "writing", path: PathBuf::from(path), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(file_error)?;
    }
    fs::write(path, text).map_err(file_error)
}

/// Where a runner gets the tools from: a repository of this project, and a commit, tag or branch.
#[derive(Debug, PartialEq, Eq)]
struct Source<'a> {
    repository: &'a str,
    revision: &'a str,
}

impl<'a> Source<'a> {
    fn parse(text: &'a str) -> Result<Self, Error> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        text.split_once('@')
            .map(|(repository, revision)| Self { repository, revision })
            .filter(|source| {
                let owner_and_name = source.repository.split_once('/');
                owner_and_name.is_some_and(|(owner, name)| is_word(owner) && is_word(name))
                    && source.revision.split('/').all(is_word)
            })
            .ok_or_else(|| Error::Setting {
                what: "--tools is not of the form OWNER/REPO@REVISION".to_owned(),
                hint: "name the repository that holds these tools, and a tag or commit to build them from".to_owned(),
            })
    }
}

fn render(
    pipeline: &Pipeline,
    ops: &Ops,
    source: &Source<'_>,
    runs_on: &str,
) -> Result<String, Error> {
    let plan = Plan::new(pipeline, ops);
    refuse_expressions(pipeline, ops)?;
    let workflow = jobs::workflow(pipeline, &plan, ops, source, runs_on)?;
    let options = serde_saphyr::ser_options! {
        compact_list_indent: false,
        folded_wrap_chars: usize::MAX,
    };
    let mut text = head(pipeline, ops);
    serde_saphyr::to_fmt_writer_with_options(&mut text, &workflow, options).map_err(|_| {
        Error::Setting {
            what: format!("the pipeline `{}` cannot be written as YAML", pipeline.name),
            hint: "look for unusual characters in its title and steps".to_owned(),
        }
    })?;
    Ok(text)
}

/// GitHub expands these wherever they stand, inside the shell's quotes too.
fn refuse_expressions(pipeline: &Pipeline, ops: &Ops) -> Result<(), Error> {
    let of_step = |step: &Step| {
        let Expect { matches, json, .. } = &step.expect;
        let json = json.iter().flat_map(|(pointer, value)| [pointer, value]);
        let mut words = step.run.iter().chain(&step.env_from).chain(matches).chain(json);
        words.any(|word| word.contains("${{"))
    };
    let vault = ops.vault.as_ref();
    let files = vault.iter().flat_map(|vault| vault.file.iter().map(|file| &file.path));
    let others = [&pipeline.title, &pipeline.role, &ops.evidence.root, &ops.feedback.root]
        .into_iter()
        .chain(&pipeline.area)
        .chain(vault.map(|vault| &vault.root))
        .chain(files);
    let mut others = others.filter(|word| word.contains("${{"));
    if pipeline.step.iter().any(of_step) || others.next().is_some() {
        return Err(Error::Setting {
            what: format!(
                "a step or setting that pipeline `{}` would carry to GitHub has `${{{{`",
                pipeline.name
            ),
            hint: "GitHub would expand it; move that command into a script of the repo".to_owned(),
        });
    }
    Ok(())
}

/// What a person must set up before the first run.
fn head(pipeline: &Pipeline, ops: &Ops) -> String {
    let mut lines = vec![
        format!(
            "# Pipeline `{}` of ops.toml, written by `cargo xtask export github`.",
            pipeline.name
        ),
        "# Change ops.toml and write it again; `--check` tells when that was forgotten.".to_owned(),
    ];
    let approved = pipeline.step.iter().filter(|step| step.approve);
    let environments: Vec<String> =
        approved.map(|step| jobs::environment(pipeline, &step.id)).collect();
    if !environments.is_empty() {
        lines.push(format!(
            "# Environments that need required reviewers: {}",
            environments.join(", ")
        ));
    }
    lines.extend(one_at_a_time(pipeline));
    if asks_what_was_applied(pipeline) {
        lines.extend(
            [
                "# A machine of GitHub's knows of what `fly-secrets` has applied from elsewhere what OPSPROOF_FLY_SECRETS_STATE",
                "# says, the file of the machine that applied last. Without it, or after it, `plan` answers 1 there.",
            ]
            .map(str::to_owned),
        );
    }
    if writes_the_vault(pipeline) {
        lines.extend(
            [
                "# `dsn-align fix --write` mends the files of GitHub's machine, which end with it: the next run finds the same",
                "# again until a person has mended the secrets below.",
            ]
            .map(str::to_owned),
        );
    }
    let secrets = jobs::secret_names(pipeline, ops);
    if !secrets.is_empty() {
        lines.push("# Secrets, each the whole file:".to_owned());
        lines.extend(secrets.into_iter().map(|(name, what)| format!("#   {name}: {what}")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Whether a step halts where `fly-secrets plan` finds something to do.
fn asks_what_was_applied(pipeline: &Pipeline) -> bool {
    pipeline.step.iter().any(|step| {
        step.run.iter().map(String::as_str).take(2).eq(["fly-secrets", "plan"])
            && !step.expect.exit.contains(&1)
    })
}

/// Whether a step mends the vault's files where it runs.
fn writes_the_vault(pipeline: &Pipeline) -> bool {
    pipeline.step.iter().any(|step| {
        let words: Vec<&str> = step.run.iter().map(String::as_str).collect();
        words.starts_with(&["dsn-align", "fix"]) && words.contains(&"--write")
    })
}

/// What holds of running at the same time as others, which is less than on one machine.
fn one_at_a_time(pipeline: &Pipeline) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(app) = &pipeline.lock {
        lines.extend([
            format!("# One writer: no two runs of pipelines with `lock = \"{app}\"` in this repository at once; one that"),
            "# waits for a reviewer keeps the others out. Of those that wait GitHub keeps the newest and cancels the rest,".to_owned(),
            "# which have done nothing yet. It does not keep out another repository, or who runs a pipeline by hand.".to_owned(),
        ]);
    }
    if pipeline.step.iter().any(|step| step.parallel) {
        lines.push("# Steps that may run beside each other run in their order here; the first failure halts there.".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests;
