//! Appending to a log and checking logs, against the shell.

use std::fmt::Write as _;
use std::path::Path;

use duct::cmd;

use super::{Ctx, FEW, installed, material, peer, wall};
use crate::bench::measure::Row;
use crate::error::Error;

const FRONT_MATTER: &str = "---\nepoch: 2026.11\ndoc: log.md\nowner: bench\nlast_reviewed: 2026-11-01\ndoc_hash: TBD\nexpires: 2026-11-08\n---\n";

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let small = log(&ctx.scratch.join("log-1"), 1_000_000)?;
    let large = log(&ctx.scratch.join("log-100"), 100_000_000)?;
    let append: &[&str] = &["log.md", "--title", "One more", "--message", "One line."];
    let shell = "flock log.lock -c 'cat entry.md >> log.md'; sync log.md";
    let copy = "sha256sum log.md; cp --reflink=auto log.md copy.md; sync copy.md";
    let mut rows = vec![
        Row {
            tool: "feedback-append",
            work: "one entry, 1 MB log",
            ours: ctx.ours("feedback-append", append, &small),
            peer: Ok(peer(&["bash", "-c", shell], &small)),
            goal: wall(1.0, None),
            max_rounds: usize::MAX,
        },
        Row {
            tool: "feedback-append",
            work: "one entry, 100 MB log",
            ours: ctx.ours("feedback-append", append, &large),
            peer: Ok(peer(&["bash", "-c", copy], &large)),
            goal: wall(1.2, Some(32.0)),
            max_rounds: FEW,
        },
    ];
    rows.push(check(ctx)?);
    Ok(rows)
}

/// A log of about `n_bytes` in a folder of its own, beside an entry to append by hand.
fn log(folder: &Path, n_bytes: usize) -> Result<std::path::PathBuf, Error> {
    let folder = material::folder(folder)?;
    let entry = "\n## 2026-11-01T12:00:00Z — An entry\nStatus: done\n\nOne line that says what was done and why it was done.\n";
    material::repeated(&folder.join("log.md"), FRONT_MATTER, entry, n_bytes / entry.len())?;
    material::file(&folder.join("entry.md"), entry)?;
    Ok(folder)
}

/// 27 logs of 1,570 KB with 1,700 citations, as large as the project that was studied.
fn check(ctx: &Ctx<'_>) -> Result<Row, Error> {
    let folder = material::folder(&ctx.scratch.join("logs"))?;
    material::file(&folder.join("ops.toml"), "version = 1\n")?;
    let mut numbers = material::Numbers::new(19);
    let mut args = vec!["check".to_owned()];
    for log in 0..27 {
        let mut text = FRONT_MATTER.to_owned();
        for entry in 0..63 {
            let path = format!("artifacts/{log}/{entry}.log");
            material::file(&folder.join(&path), numbers.word(400))?;
            let prose = numbers.word(10).repeat(70);
            let _ = writeln!(
                text,
                "\n## 2026-11-{:02}T12:{entry:02}:00Z — Entry {entry}\nStatus: done\n\n{prose}\n\nEvidence: `{path}`",
                log % 20 + 1,
            );
        }
        let name = format!("feedback/{log}.md");
        material::file(&folder.join(&name), text)?;
        args.push(name);
    }
    // The logs and what they cite are committed, as they are where they are checked.
    for words in [
        &["init", "-q"][..],
        &["add", "-A"],
        &["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "x"],
    ] {
        cmd("git", words).dir(&folder).stdout_null().stderr_null().run().map_err(|source| {
            Error::Start { program: format!("git {}", words.join(" ")), source }
        })?;
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut ours = ctx.ours("feedback-append", &args, &folder);
    "`feedback-append check feedback/*.md`".clone_into(&mut ours.name);
    ours.accepts = &[0, 1];
    Ok(Row {
        tool: "feedback-append",
        work: "check, 27 logs of 1,570 KB with 1,700 citations",
        ours,
        peer: installed(&["rg", "-c", ".", "feedback"], &folder),
        goal: wall(10.0, None),
        max_rounds: usize::MAX,
    })
}
