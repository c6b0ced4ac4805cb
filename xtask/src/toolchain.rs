//! `toolchain`: the programs that steps call are there, in the versions that will do.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use duct::cmd;
use opsfile::{Version, VersionReq};
use report::{Exit, Format, Invocation, Palette, Streams};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;

use crate::args::Toolchain;
use crate::error::Error;

/// The schema of the JSON answer.
pub(crate) const SCHEMA: &str = "xtask/toolchain/1";

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long what it has printed may take to arrive once it has ended.
const GRACE: Duration = Duration::from_millis(50);
/// How much of what it prints is looked at.
const LONGEST: u64 = 64 * 1024;

/// The answer of `toolchain`.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    verdict: &'static str,
    programs: Vec<Program>,
}

/// One declared program.
#[derive(Debug, Serialize)]
struct Program {
    name: String,
    wanted: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    ok: bool,
    /// What it says of itself, or what is wrong.
    said: String,
}

/// Looks for every program of `[toolchain]`.
pub(crate) fn run(
    args: &Toolchain,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = opsfile::open(ops, &invocation.cwd, &|_| true)?;
    let programs: Vec<Program> = ops
        .toolchain
        .iter()
        .map(|(name, wanted)| look(name, wanted, invocation.find_program(name), &ops.folder))
        .collect();
    let is_ok = programs.iter().all(|program| program.ok);
    if args.answer.format == Format::Json {
        let verdict = if is_ok { "ok" } else { "findings" };
        report::json(streams.stdout, &Answer { schema: SCHEMA, verdict, programs })?;
    } else {
        if programs.is_empty() {
            writeln!(streams.stdout, "ops.toml declares no [toolchain]")?;
        }
        for Program { name, wanted, ok, said, .. } in &programs {
            let verdict = if *ok { palette.ok("ok") } else { palette.error("wrong") };
            writeln!(streams.stdout, "{verdict}: {name} {wanted}: {said}")?;
        }
    }
    Ok(if is_ok { Exit::OK } else { Exit::FINDINGS })
}

fn look(name: &str, wanted: &VersionReq, path: Option<PathBuf>, folder: &Path) -> Program {
    let mut program = Program {
        name: name.to_owned(),
        wanted: wanted.to_string(),
        path: path.as_ref().map(|path| path.display().to_string()),
        version: None,
        ok: false,
        said: "it is not installed, or not on PATH".to_owned(),
    };
    let Some(path) = path else { return program };
    let said = ["--version", "version"].into_iter().find_map(|word| {
        let said = ask(&path, word, folder)?;
        Some(line_of(&said, name)?.to_owned())
    });
    if let Some(line) = said {
        let version = version_in(&line, name);
        program.ok = version.as_ref().is_some_and(|version| will_do(wanted, version));
        program.version = version.map(|version| version.to_string());
        program.said = line;
    } else {
        program.ok = *wanted == VersionReq::STAR;
        "it does not say its version".clone_into(&mut program.said);
    }
    program
}

/// A prerelease counts as the release that it leads to: flyctl's builds are named so.
fn will_do(wanted: &VersionReq, version: &Version) -> bool {
    wanted.matches(&Version::new(version.major, version.minor, version.patch))
}

/// What it prints, standard error too; none where it does not end in time, or not well.
///
/// What it leaves running may hold its output open, so that the end of the output is not waited for.
fn ask(path: &Path, word: &str, folder: &Path) -> Option<String> {
    let (reader, writer) = std::io::pipe().ok()?;
    let command = cmd!(path, word)
        .dir(folder)
        .stdin_null()
        .stdout_file(writer.try_clone().ok()?)
        .stderr_file(writer)
        .unchecked()
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        });
    let handle = command.start().ok()?;
    let group = handle.pids().first().and_then(|pid| Pid::from_raw((*pid).try_into().ok()?));
    // The expression holds the other end of the pipe.
    drop(command);
    let (sender, chunks) = mpsc::channel();
    thread::spawn(move || read(reader.take(LONGEST), &sender));
    let ended = handle.wait_timeout(PATIENCE);
    let mut said = Vec::new();
    while let Ok(chunk) = chunks.recv_timeout(GRACE) {
        said.extend(chunk);
    }
    let has_succeeded = matches!(&ended, Ok(Some(output)) if output.status.success());
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    has_succeeded.then(|| String::from_utf8_lossy(&said).into_owned())
}

fn read(mut reader: impl Read, chunks: &mpsc::Sender<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = reader.read(&mut chunk) {
        let sent = chunks.send(chunk.get(..n).unwrap_or_default().to_vec());
        if sent.is_err() {
            break;
        }
    }
}

/// The line that says the version: one that names it as one, else the first with something like it.
fn line_of<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    let named = said.lines().find(|line| versions_in(line, name).any(|(_, is_named)| is_named));
    let any = || said.lines().find(|line| versions_in(line, name).next().is_some());
    named.or_else(any).map(str::trim)
}

/// The version in a line: the one that is named as one, else the first.
fn version_in(line: &str, name: &str) -> Option<Version> {
    let named = versions_in(line, name).find(|(_, is_named)| *is_named);
    named.or_else(|| versions_in(line, name).next()).map(|(version, _)| version)
}

/// Everything in a line that looks like a version, two or three numbers with dots between them; and whether it is
/// named as one: by a `v`, by the word `version`, or by the program's name before it.
fn versions_in(line: &str, name: &str) -> impl Iterator<Item = (Version, bool)> {
    let mut before = "";
    line.split(|letter: char| letter.is_whitespace() || "(),;:/".contains(letter)).filter_map(
        move |word| {
            let named_by = std::mem::replace(&mut before, word);
            let is_v = word.starts_with(['v', 'V']);
            let digits = word.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            let end = digits.find(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
            let numbers = digits.get(..end.unwrap_or(digits.len()))?.trim_end_matches('.');
            let numbers: Vec<u64> =
                numbers.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            let version = match numbers[..] {
                [major, minor] => Version::new(major, minor, 0),
                [major, minor, patch] => Version::new(major, minor, patch),
                _ => return None,
            };
            let is_named = is_v
                || named_by.eq_ignore_ascii_case("version")
                || named_by.eq_ignore_ascii_case(name);
            Some((version, is_named))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(major, minor, patch)| Version::new(major, minor, patch));
        let said = line_of(line, "tool").and_then(|line| version_in(line, "tool"));
        assert_eq!(said, expected, "{line}");
    }

    #[test]
    fn programs_say_their_version_in_many_ways() {
        check("git version 2.39.5", Some((2, 39, 5)));
        check("fly v0.4.87 linux/amd64 Commit: 1234", Some((0, 4, 87)));
        check("psql (PostgreSQL) 15.9 (Debian 15.9-0+deb12u1)", Some((15, 9, 0)));
        check("v20.11.1", Some((20, 11, 1)));
        check("go version go1.26.1 linux/amd64", Some((1, 26, 1)));
        check("Usage: nothing 7", None);
        check("built 2024.01.02, tool 1.4.0", Some((1, 4, 0)));
        check("warning: 10.0.0.1 is deprecated\ntool 5.0.1", Some((5, 0, 1)));
        check("notice 9.9.9\nTool version 2.5", Some((2, 5, 0)));
        check("OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.18", Some((9, 2, 0)));
        check("redis-server v=7.0.15 sha=00000000:0", Some((7, 0, 15)));
    }

    #[test]
    fn a_prerelease_will_do_where_its_release_does() {
        let wanted = VersionReq::parse(">=0.3").unwrap();
        assert!(will_do(&wanted, &Version::parse("0.4.87-dev.1").unwrap()));
        assert!(!will_do(&wanted, &Version::new(0, 2, 9)));
    }
}
