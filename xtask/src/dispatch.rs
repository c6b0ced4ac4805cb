//! From the command line to the task.

use report::{Exit, Invocation, Palette, Streams};

use crate::args::{ExportTarget, Run, Task, Xtask};
use crate::error::Error;
use crate::{
    admin, bench, ci, demo, dist, docs, fuzz, matrix, pipeline, probe_command, test, tidy,
    toolchain,
};

/// Runs what the command line asks for.
pub(crate) fn run(invocation: &Invocation, streams: &mut Streams<'_>) -> Exit {
    report::dispatch::<Xtask, Error>(invocation, streams, act)
}

fn act(args: &Xtask, invocation: &Invocation, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let palette = Palette::for_stdout(args.common.color, invocation);
    let ops = args.common.ops.as_deref();
    let for_stderr = Palette::for_stderr(args.common.color, invocation);
    let mut named =
        |name: &str, run: &Run| pipeline::run(name, run, ops, invocation, for_stderr, streams);
    match &args.command {
        Task::Run(chosen) => named(&chosen.name, &chosen.run),
        Task::Preflight(run) => named("preflight", run),
        Task::Align(run) => named("align", run),
        Task::Refresh(run) => named("refresh", run),
        Task::Redeploy(run) => named("redeploy", run),
        Task::Smoke(run) => named("smoke", run),
        Task::Readiness(run) => named("readiness", run),
        Task::Demo(demo) => demo::run(demo, invocation, streams),
        Task::Export(export) => match &export.target {
            ExportTarget::Github(github) => pipeline::export(github, ops, invocation, streams),
        },
        Task::Probe(probe) => probe_command::run(&probe.service, ops, invocation, palette, streams),
        Task::Toolchain(args) => toolchain::run(args, ops, invocation, palette, streams),
        Task::Matrix(args) => matrix::run(args, ops, invocation, streams),
        Task::Admin(args) => admin::run(args, ops, invocation, streams),
        Task::Test(test) => test::run(test, invocation, streams),
        Task::Ci(ci) => ci::run(ci, invocation, palette, streams),
        Task::Tidy => tidy::run(palette, streams),
        Task::Docs(docs) => docs::run(docs, streams),
        Task::Bench(bench) => bench::run(bench, invocation.now, streams),
        Task::Dist => dist::run(streams),
        Task::Fuzz(fuzz) => fuzz::run(fuzz, streams),
    }
}
