//! A pipeline of ops.toml, run under evidence and told in the log.

mod approval;
mod asks;
mod batch;
mod below;
mod choose;
pub(crate) mod declared;
mod entry;
mod excerpt;
mod github;
pub(crate) mod history;
mod kept;
mod known;
mod live;
mod lock;
mod outlived;
mod own;
mod plan;
pub(crate) mod resume;
mod runner;
mod script;
mod stop;
mod tell;
mod work;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use duct::Expression;
use opsfile::{Ops, Pipeline};
use report::{Exit, Invocation, Palette, Streams};

use crate::args::Run;
use crate::error::Error;
use crate::tool::{self, Binaries};
use plan::Plan;

pub(crate) use github::export;

/// What the commands of a pipeline are started with.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The tools; their folder comes first in the search path of every step.
    pub(crate) binaries: Binaries,
    /// Folders to search behind those of the tools, before the inherited ones.
    pub(crate) folders: Vec<PathBuf>,
    /// Variables set beside the inherited ones.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// How what happens is shown on stderr.
    pub(crate) palette: Palette,
}

impl Surroundings {
    /// Sets the variables on a command.
    pub(crate) fn apply(&self, expression: Expression) -> Expression {
        self.variables
            .iter()
            .fold(expression, |expression, (name, value)| expression.env(name, value))
    }
}

/// How a pipeline ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// 0 where every step succeeded, else 1.
    pub(crate) exit: Exit,
    /// Its bundle, relative to the operator's repo.
    pub(crate) bundle: String,
}

/// Runs the pipeline `name` of the operator's repo, or prints its commands.
pub(crate) fn run(
    name: &str,
    args: &Run,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (ops, plan) = load(name, args, ops, invocation)?;
    let binaries = tool::at_hand(invocation)?;
    if args.only_print {
        script::write(&plan, &ops, &binaries, args, invocation, streams.stdout)?;
        return Ok(Exit::OK);
    }
    let surroundings =
        Surroundings { binaries, folders: Vec::new(), variables: Vec::new(), palette };
    Ok(runner::run(&plan, &ops, &surroundings, args, invocation, streams)?.exit)
}

/// Runs the pipeline `name` with tools that are already built.
pub(crate) fn run_in(
    name: &str,
    args: &Run,
    ops: Option<&Path>,
    surroundings: &Surroundings,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Ended, Error> {
    let (ops, plan) = load(name, args, ops, invocation)?;
    runner::run(&plan, &ops, surroundings, args, invocation, streams)
}

fn load(
    name: &str,
    args: &Run,
    ops: Option<&Path>,
    invocation: &Invocation,
) -> Result<(Ops, Plan), Error> {
    let ops = open(args.repo.as_deref(), ops, invocation)?;
    let plan = Plan::new(find(&ops, name)?, &ops);
    Ok((ops, plan))
}

/// Reads the operator's ops.toml, found from `repo` or the present folder upward.
fn open(repo: Option<&Path>, ops: Option<&Path>, invocation: &Invocation) -> Result<Ops, Error> {
    // The tools that a pipeline starts find the file themselves, by its name.
    if let Some(other) = ops.filter(|ops| ops.file_name() != Some(OsStr::new("ops.toml"))) {
        return Err(Error::Setting {
            what: format!("the tools that a pipeline starts would not read {}", other.display()),
            hint: "they read the `ops.toml` of the folder: name it so, in a folder of its own"
                .to_owned(),
        });
    }
    let folder = repo.map_or_else(|| invocation.cwd.clone(), |repo| invocation.cwd.join(repo));
    Ok(opsfile::open(ops, &folder, &|program| invocation.find_program(program).is_some())?)
}

fn find<'a>(ops: &'a Ops, name: &str) -> Result<&'a Pipeline, Error> {
    ops.pipeline(name).ok_or_else(|| {
        let known = ops.pipelines.iter().map(|pipeline| pipeline.name.clone()).collect();
        Error::NoPipeline { name: name.to_owned(), known }
    })
}
