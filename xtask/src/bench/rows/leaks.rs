//! The leak search against ripgrep with the same values as literals.

use std::path::Path;

use super::{Ctx, FEW, installed, material, wall};
use crate::bench::measure::{Row, Side};
use crate::error::Error;

const N_CREDENTIALS: usize = 50;
const N_FILES: usize = 20_000;
const FILE_BYTES: usize = 25_000;

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let folder = material::folder(&ctx.scratch.join("leaks"))?;
    let mut numbers = material::Numbers::new(7);
    let values = material::vault(&folder, N_CREDENTIALS, &mut numbers)?;
    material::file(&folder.join("literals.txt"), format!("{}\n", values.join("\n")))?;
    for index in 0..N_FILES {
        let path = folder.join(format!("tree/{:03}/{index:05}.log", index % 200));
        if index < 200 {
            material::folder(path.parent().unwrap_or(&folder))?;
        }
        material::text(&path, FILE_BYTES, &mut numbers)?;
    }
    let row = |work: &'static str, args: &[&str], goal: f64| Row {
        tool: "vault-check",
        work,
        ours: ctx.ours("vault-check", args, &folder),
        peer: ripgrep(&folder),
        goal: wall(goal, Some(32.0)),
        max_rounds: FEW,
    };
    Ok(vec![
        row(
            "leaks, every encoding of 50 values and credentials by form, 20,000 files of 500 MB",
            &["leaks", "tree"],
            1.0,
        ),
        // No search leaves the encodings out: it would hardly be quicker, and miss most leaks.
        row("the same, against the goal for values as they are alone", &["leaks", "tree"], 0.8),
    ])
}

fn ripgrep(folder: &Path) -> Result<Side, String> {
    let words = ["rg", "-uuu", "--threads", "2", "-F", "-f", "literals.txt", "tree"];
    let mut side = installed(&words, folder)?;
    // 1 says that nothing was found, as it must be.
    side.accepts = &[1];
    Ok(side)
}
