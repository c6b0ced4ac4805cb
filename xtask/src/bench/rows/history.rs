//! The search of a git history against git's own reading of it.

use std::fmt::Write as _;
use std::path::Path;

use duct::cmd;

use super::{Ctx, installed, material, wall};
use crate::bench::measure::Row;
use crate::error::Error;

const N_CREDENTIALS: usize = 50;
const N_COMMITS: usize = 300;
const FILES_A_COMMIT: usize = 14;
const FILE_BYTES: usize = 25_000;

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let folder = material::folder(&ctx.scratch.join("history"))?;
    let mut numbers = material::Numbers::new(23);
    material::vault(&folder, N_CREDENTIALS, &mut numbers)?;
    commits(&folder, &mut numbers)?;
    let ours = ctx.ours("vault-check", &["leaks", "--history"], &folder);
    let words = ["git", "cat-file", "--batch-all-objects", "--batch"];
    Ok(vec![Row {
        tool: "vault-check",
        work: "leaks --history, 300 commits, 4,200 blobs of 105 MB",
        ours,
        peer: installed(&words, &folder),
        goal: wall(1.3, None),
        max_rounds: usize::MAX,
    }])
}

/// A repository whose every commit writes some files anew, packed as git packs it.
fn commits(folder: &Path, numbers: &mut material::Numbers) -> Result<(), Error> {
    let stream = folder.join("stream");
    let mut text = String::new();
    for commit in 0..N_COMMITS {
        let time = 1_760_000_000 + commit * 60;
        let _ = write!(
            text,
            "commit refs/heads/main\ncommitter Bench <bench@example.com> {time} +0000\ndata 4\nwork\n"
        );
        for file in 0..FILES_A_COMMIT {
            let _ = write!(text, "M 100644 inline logs/{file}.log\ndata {FILE_BYTES}\n");
            material::lines(&mut text, FILE_BYTES, numbers);
            text.push('\n');
        }
    }
    material::file(&stream, text)?;
    let git = |args: &[&str]| cmd("git", args).dir(folder).stdout_null().stderr_null();
    let import = git(&["init", "--quiet", "."])
        .run()
        .and_then(|_| git(&["fast-import", "--quiet"]).stdin_path(&stream).run())
        .and_then(|_| git(&["repack", "-adq", "--depth=50", "--window=10"]).run());
    import.map_err(|source| Error::Start { program: "git".to_owned(), source })?;
    std::fs::remove_file(&stream).map_err(|source| Error::File {
        doing: "removing",
        path: stream,
        source,
    })
}
