//! The command line of `cargo xtask`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use report::{AnswerFormat, CommandLine, Common, Format};

use crate::probe_command::args::{ProbeApi, ProbeMail, ProbeWebhook};

/// Run an operator's pipelines, and the chores of this repo
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
pub(crate) struct Xtask {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Task,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Show the main job on a sample operator's repo, with everything it needs started for you
    Demo(Demo),
    /// Run a pipeline of the operator's ops.toml by name
    Run(RunNamed),
    /// Run the pipeline `preflight`
    Preflight(Run),
    /// Run the pipeline `align`
    Align(Run),
    /// Run the pipeline `refresh`
    Refresh(Run),
    /// Run the pipeline `redeploy`
    Redeploy(Run),
    /// Run the pipeline `smoke`
    Smoke(Run),
    /// Run the pipeline `readiness`
    Readiness(Run),
    /// Write a pipeline for another machine to run
    Export(Export),
    /// Look at a service once and say what it is
    Probe(Probe),
    /// Check that the programs of [toolchain] are there, in the versions that will do
    Toolchain(Toolchain),
    /// Show how every item of the checklist stands, by the newest evidence for it
    Matrix(Matrix),
    /// Make the app's super admin, from the vault's credentials, over flyctl's standard input
    Admin(Admin),
    /// Run every test, and say what could not run and why
    Test(Test),
    /// Run what a merge needs: tests, lints, format, tidy, docs and the demo
    Ci(Ci),
    /// Check the rules that the compiler does not
    Tidy,
    /// Write the generated documents
    Docs(Docs),
    /// Measure against the peers, side by side, and write docs/bench.md
    Bench(Bench),
    /// Build the tools as they are given to others, with checksums, in target/dist
    Dist,
    /// Feed random bytes to everything that reads bytes from outside
    Fuzz(Fuzz),
}

/// How to run a pipeline.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Run {
    /// The operator's repo, or any folder in it
    #[arg(long, value_name = "DIR")]
    pub(crate) repo: Option<PathBuf>,
    /// Print the commands instead of running them
    #[arg(long = "dry-run")]
    pub(crate) only_print: bool,
    /// Approve a step that needs a person; repeat for several
    #[arg(long, value_name = "STEP")]
    pub(crate) approve: Vec<String>,
    /// Go on behind this bundle: what it proves is verified and not run again
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) resume: Option<PathBuf>,
    /// Run a step again that was cut short, after looking what it did; repeat for several
    #[arg(long, value_name = "STEP", requires = "resume")]
    pub(crate) repeat: Vec<String>,
    /// Begin with this step; those before it are taken as done
    #[arg(long, value_name = "STEP")]
    pub(crate) from: Option<String>,
    /// Run this step alone; repeat for several
    #[arg(long, value_name = "STEP", conflicts_with = "from")]
    pub(crate) only: Vec<String>,
    /// Show what a step prints only where it fails
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How to run a pipeline of any name.
#[derive(Debug, Args)]
pub(crate) struct RunNamed {
    /// The pipeline, as ops.toml names it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) run: Run,
}

/// What to write a pipeline as.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(subcommand)]
    pub(crate) target: ExportTarget,
}

/// The machines that can run a pipeline.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportTarget {
    /// A GitHub Actions workflow of the same steps, with approvals as protected environments
    Github(ExportGithub),
}

/// How to write the workflow.
#[derive(Debug, Args)]
pub(crate) struct ExportGithub {
    /// The pipeline, as ops.toml names it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The operator's repo, or any folder in it
    #[arg(long, value_name = "DIR")]
    pub(crate) repo: Option<PathBuf>,
    /// The repository that a runner builds the tools from, and a tag or commit of it
    #[arg(long, value_name = "OWNER/REPO@REVISION")]
    pub(crate) tools: String,
    /// The kind of runner
    #[arg(long, value_name = "LABEL", default_value = Self::RUNS_ON)]
    pub(crate) runs_on: String,
    /// The file to write [default: .github/workflows/opsproof-NAME.yml of the repo]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write nothing; exit with 1 where the file is not up to date
    #[arg(long)]
    pub(crate) check: bool,
}

/// How to show the demo.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Remove this vault file first, to see the halt
    #[arg(long, value_name = "FILE")]
    pub(crate) without: Option<PathBuf>,
}

/// What to look at.
#[derive(Debug, Args)]
pub(crate) struct Probe {
    #[command(subcommand)]
    pub(crate) service: Service,
}

/// The kinds of service.
#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// Ask an app for its health, as fly.toml's checks do
    Http(ProbeHttp),
    /// Ask an app's API whether it takes a token, and whether that sees the account
    Api(ProbeApi),
    /// Send a webhook's receiver an event that is signed right, one signed wrong, and one signed long ago
    Webhook(ProbeWebhook),
    /// Reach an SMTP server: its TLS, its login, and whether the settings fit; no mail is sent
    Smtp(ProbeMail),
    /// Reach an IMAP server: its TLS and its login; no mailbox is opened
    Imap(ProbeMail),
}

/// Which app to ask.
#[derive(Debug, Args)]
pub(crate) struct ProbeHttp {
    /// The app of ops.toml whose fly.toml names the health path
    #[arg(long, value_name = "APP")]
    pub(crate) app: String,
    /// Ask this address instead of the app's own; so does the variable `OPSPROOF_APP_URL`
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// How to answer about the programs.
#[derive(Debug, Args)]
pub(crate) struct Toolchain {
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// How to answer about the checklist.
#[derive(Debug, Args)]
pub(crate) struct Matrix {
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// Whose super admin to make.
#[derive(Debug, Args)]
pub(crate) struct Admin {
    /// The app of ops.toml
    #[arg(long, value_name = "APP")]
    pub(crate) app: String,
    /// The credential that is the address
    #[arg(long, value_name = "FILE:KEY")]
    pub(crate) email_from: String,
    /// The credential that is the password
    #[arg(long, value_name = "FILE:KEY")]
    pub(crate) password_from: String,
}

/// Which tests.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Only this package
    #[arg(long, short, value_name = "PACKAGE")]
    pub(crate) package: Option<String>,
}

/// Which checks.
#[derive(Debug, Args)]
pub(crate) struct Ci {
    /// Leave out this check, as it was run before; repeat for several
    #[arg(long, value_name = "CHECK")]
    pub(crate) skip: Vec<String>,
}

/// How to treat the generated documents.
#[derive(Debug, Args)]
pub(crate) struct Docs {
    /// Write nothing; fail where a document is not up to date
    #[arg(long)]
    pub(crate) check: bool,
}

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only these groups; `build`, a clean build, is left out unless it is named
    #[arg(value_name = "GROUP", value_parser = PossibleValuesParser::new(crate::bench::groups()))]
    pub(crate) tools: Vec<String>,
    /// Counted rounds; each runs ours and the peer once
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) rounds: usize,
}

/// What to fuzz.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Only these targets; every target without it
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Feed each target this many inputs instead; with 0 they are built and no more
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub(crate) runs: Option<u64>,
    /// Begin from this seed with no inputs of earlier runs: the same inputs each time
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
}

impl ExportGithub {
    /// The runner where none is named.
    pub(crate) const RUNS_ON: &'static str = "ubuntu-latest";
}

impl CommandLine for Xtask {
    fn common(&self) -> &Common {
        &self.common
    }

    fn schema(&self) -> &'static str {
        match &self.command {
            Task::Probe(probe) => crate::probe_command::schema(&probe.service),
            Task::Toolchain(_) => crate::toolchain::SCHEMA,
            Task::Matrix(_) => crate::matrix::SCHEMA,
            _ => "xtask/error/1",
        }
    }

    fn format(&self) -> Format {
        match &self.command {
            Task::Probe(probe) => crate::probe_command::format(&probe.service),
            Task::Toolchain(toolchain) => toolchain.answer.format,
            Task::Matrix(matrix) => matrix.answer.format,
            _ => Format::Human,
        }
    }
}
