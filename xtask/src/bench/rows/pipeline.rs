//! What the runner and the evidence cost for each step, against the goal itself: a shell that sleeps that long.

use std::ffi::OsString;

use super::{Ctx, FEW, material, peer, wall};
use crate::bench::measure::{Row, Side};
use crate::error::Error;

const N_STEPS: usize = 100;
/// The goal, in seconds for each step beyond the command itself.
const PER_STEP: &str = "0.015";

const HEAD: &str = "version = 1\n[feedback]\nroles = { ops = { file = \"ops.md\", owner = \"ops\" } }\n[pipeline.bench]\ntitle = \"Bench\"\nrole = \"ops\"\n";

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let folder = material::folder(&ctx.scratch.join("pipeline"))?;
    let steps = (1..=N_STEPS).map(|number| {
        format!("[[pipeline.bench.step]]\nid = \"s{number}\"\nrun = [\"echo\", \"ok\"]\n")
    });
    material::file(&folder.join("ops.toml"), format!("{HEAD}{}", steps.collect::<String>()))?;
    ctx.prepare("feedback-append", &["new", "--role", "ops"], &folder)?;
    let mut tools = OsString::from("OPSPROOF_TOOLS=");
    tools.push(&ctx.binaries.folder);
    let xtask = ctx.binaries.own.clone().into_os_string();
    let mut words = vec![OsString::from("env"), tools, xtask];
    words.extend(["run", "bench", "--quiet"].map(OsString::from));
    let script = format!("for step in $(seq {N_STEPS}); do /bin/echo ok; sleep {PER_STEP}; done");
    Ok(vec![Row {
        tool: "pipeline",
        work: "100 steps of echo, with evidence, seal and entry; the peer sleeps 15 ms a step",
        ours: Side::new("cargo xtask run bench", words, &folder),
        peer: Ok(peer(&["sh", "-c", &script], &folder)),
        goal: wall(1.0, None),
        max_rounds: FEW,
    }])
}
