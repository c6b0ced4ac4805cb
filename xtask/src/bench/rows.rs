//! The comparisons of the goals, one function a group.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use duct::cmd;

use super::measure::{Figure, Goal, Row, Side};
use crate::error::Error;
use crate::repo;
use crate::tool::Binaries;

/// Every row, in the order of the page; files that they need are made under `scratch`.
pub(super) fn all(binaries: &Binaries, scratch: &Path) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    rows.extend(start_up(binaries, scratch)?);
    rows.extend(wrapping_true(binaries, scratch)?);
    Ok(rows)
}

/// `--version`, and a run with nothing to do, of every tool against git's.
fn start_up(binaries: &Binaries, scratch: &Path) -> Result<Vec<Row>, Error> {
    let folder = scratch.join("empty");
    make_folder(&folder)?;
    make_file(&folder.join("ops.toml"), "version = 1\n")?;
    let git = side("git --version", &["git", "--version"], &folder);
    let goal = Goal { figure: Figure::Wall, ratio: 0.75, memory_mib: Some(5.0) };
    let no_op: [(&'static str, &[&str]); 5] = [
        ("vault-check", &["check"]),
        ("dsn-align", &["check"]),
        ("fly-secrets", &["plan"]),
        ("evidence-log", &["list"]),
        ("feedback-append", &["check"]),
    ];
    let mut rows = Vec::new();
    for tool in repo::TOOLS {
        let row = |work: &'static str, args: &[&str]| Row {
            tool,
            work,
            ours: ours(binaries, tool, args, &folder),
            peer: Ok(git.clone()),
            goal,
        };
        rows.push(row("--version", &["--version"]));
        if let Some((_, args)) = no_op.iter().find(|(name, _)| *name == tool) {
            rows.push(row("a run with nothing to do", args));
        }
    }
    Ok(rows)
}

/// `evidence-log run -- true` against what people type to keep an output.
fn wrapping_true(binaries: &Binaries, scratch: &Path) -> Result<Vec<Row>, Error> {
    let folder = scratch.join("true");
    make_folder(&folder)?;
    make_file(&folder.join("ops.toml"), "version = 1\n")?;
    let peers: [(&[&str], f64); 3] = [
        (&["bash", "-c", "true 2>&1 | tee out.txt"], 0.8),
        (&["asciinema", "rec", "--quiet", "--overwrite", "-c", "true", "out.cast"], 0.5),
        (&["script", "-qec", "true", "out.script"], 0.25),
    ];
    let opened = cmd!(binaries.path("evidence-log"), "open", "bench").dir(&folder).read();
    let bundle = opened
        .map_err(|source| Error::Start { program: "evidence-log open".to_owned(), source })?;
    Ok(peers
        .into_iter()
        .map(|(words, ratio)| Row {
            tool: "evidence-log",
            work: "run true",
            ours: ours(
                binaries,
                "evidence-log",
                &["run", "--into", &bundle, "--", "true"],
                &folder,
            ),
            peer: installed(words, &folder),
            goal: Goal { figure: Figure::Wall, ratio, memory_mib: None },
        })
        .collect())
}

fn ours(binaries: &Binaries, tool: &str, args: &[&str], folder: &Path) -> Side {
    let mut words = vec![OsString::from(binaries.path(tool))];
    words.extend(args.iter().map(OsString::from));
    let name = [&[tool], args].concat().join(" ");
    Side { name: format!("`{name}`"), words, folder: folder.to_path_buf(), accepts: &[0] }
}

fn side(name: &str, words: &[&str], folder: &Path) -> Side {
    let words = words.iter().map(OsString::from).collect();
    Side { name: format!("`{name}`"), words, folder: folder.to_path_buf(), accepts: &[0] }
}

/// A peer that may not be there.
fn installed(words: &[&str], folder: &Path) -> Result<Side, String> {
    let program = words.first().copied().unwrap_or_default();
    match cmd!("which", program).stdout_null().stderr_null().unchecked().run() {
        Ok(output) if output.status.success() => Ok(side(&words.join(" "), words, folder)),
        _ => Err(format!("{program} is not installed")),
    }
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| file_error(folder, source))
}

fn make_file(path: &PathBuf, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> Error {
    Error::File { doing: "writing", path: path.to_path_buf(), source }
}
