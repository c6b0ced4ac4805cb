//! The check of a vault against a linter of env files.

use std::fmt::Write as _;
use std::path::Path;

use super::{Ctx, installed, material, wall};
use crate::bench::measure::{Row, Side};
use crate::error::Error;

const N_FILES: usize = 5_000;

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    // Outside any work tree, as the linter asks no git either.
    let folder = material::outside("check")?;
    files(&folder)?;
    let mut ours = ctx.ours("vault-check", &["check"], &folder);
    // Who may write to the folders above is a finding.
    ours.accepts = &[0, 1];
    Ok(vec![Row {
        tool: "vault-check",
        work: "check, 5,000 env files",
        ours,
        peer: linter(&folder),
        goal: wall(0.5, None),
        max_rounds: usize::MAX,
    }])
}

fn files(folder: &Path) -> Result<(), Error> {
    let mut numbers = material::Numbers::new(29);
    let mut ops = "version = 1\n[vault]\nroot = \"vault\"\n".to_owned();
    for index in 0..N_FILES {
        let path = format!("{:02}/{index}.env", index % 50);
        let _ = writeln!(
            ops,
            "[[vault.file]]\npath = \"{path}\"\nkeys = {{ API_TOKEN = \"any\", DATABASE_URL = \"postgres-url\", PORT = \"port\" }}"
        );
        let (token, password) = (numbers.word(32), numbers.word(20));
        let text = format!(
            "API_TOKEN=CANARY{token}\nDATABASE_URL=postgresql://app:CANARY{password}@db.example.com:5432/app\nPORT=3000\n"
        );
        material::private_file(&folder.join("vault").join(path), text)?;
    }
    material::file(&folder.join("ops.toml"), ops)
}

fn linter(folder: &Path) -> Result<Side, String> {
    let mut side = installed(&["dotenv-linter", "check", "--recursive", "vault"], folder)?;
    side.accepts = &[0, 1];
    Ok(side)
}
