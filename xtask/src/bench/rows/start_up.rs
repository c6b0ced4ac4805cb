//! `--version`, and a run with nothing to do, of every tool against git's.

use super::{Ctx, material, peer, wall};
use crate::bench::measure::Row;
use crate::error::Error;
use crate::repo;

const OPS: &str = "version = 1
[vault]
root = \"vault\"
[[vault.file]]
path = \"a.env\"
keys = { DATABASE_URL = \"postgres-url\" }
[[dsn.place]]
name = \"a\"
env-file = \"vault/a.env\"
key = \"DATABASE_URL\"
canonical = true
";

/// The least that each tool can be asked to do; fly-secrets does nothing without a service.
const NO_OP: [(&str, &[&str]); 4] = [
    ("vault-check", &["check"]),
    ("dsn-align", &["check"]),
    ("evidence-log", &["list"]),
    ("feedback-append", &["check", "log.md"]),
];

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    // Outside any work tree: within one, git is asked, and that is not nothing.
    let folder = material::outside("empty")?;
    material::file(&folder.join("ops.toml"), OPS)?;
    let line =
        "DATABASE_URL=postgresql://app:CANARY7hGk2@db.example.com:5432/app?sslmode=require\n";
    material::file(&folder.join("vault/a.env"), line)?;
    material::file(&folder.join("log.md"), "")?;
    let mut rows = Vec::new();
    for tool in repo::TOOLS {
        let row = |work: &'static str, args: &[&str]| {
            let mut ours = ctx.ours(tool, args, &folder);
            // Modes and front matter of these bare files are findings.
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
