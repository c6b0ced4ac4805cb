//! `--version`, and a run with nothing to do, of every tool against git's.

use super::{Ctx, material, peer, wall};
use crate::bench::measure::Row;
use crate::error::Error;
use crate::repo;

const NO_OP: [(&str, &[&str]); 5] = [
    ("vault-check", &["check"]),
    ("dsn-align", &["check"]),
    ("fly-secrets", &["plan"]),
    ("evidence-log", &["list"]),
    ("feedback-append", &["check", "log.md"]),
];

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let folder = material::folder(&ctx.scratch.join("empty"))?;
    material::file(&folder.join("ops.toml"), "version = 1\n")?;
    material::file(&folder.join("log.md"), "")?;
    let mut rows = Vec::new();
    for tool in repo::TOOLS {
        let row = |work: &'static str, args: &[&str]| {
            let mut ours = ctx.ours(tool, args, &folder);
            // An empty log lacks its front matter, which is a finding.
            ours.accepts = &[0, 1];
            let peer = Ok(peer(&["git", "--version"], &folder));
            Row { tool, work, ours, peer, goal: wall(0.75, Some(5.0)), max_rounds: usize::MAX }
        };
        rows.push(row("--version", &["--version"]));
        rows.extend(
            NO_OP
                .iter()
                .filter(|(name, _)| *name == tool)
                .map(|(_, args)| row("a run with nothing to do", args)),
        );
    }
    Ok(rows)
}
