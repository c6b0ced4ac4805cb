//! `logs`: vault values in the files that flyctl keeps, which write down the bodies of its requests.

use std::fs;
use std::path::{Path, PathBuf};

use report::{Exit, Finding, Invocation, Palette, Report, Streams};
use secret::SecretSet;

use crate::args;
use crate::error::Error;
use crate::setup::Setup;
use crate::verify::TOOL;

/// The name under which findings are answered.
pub(crate) const SCHEMA: &str = "fly-secrets/logs/1";
/// A log is cut long before; more is not read.
const LARGEST: u64 = 256 << 20;
/// flyctl's own folders are two deep.
const DEEPEST: u32 = 32;

pub(crate) fn run(
    args: &args::Logs,
    setup: &Setup,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let secrets = setup.vault.secret_set();
    let mut files = Vec::new();
    for place in places(args, invocation) {
        // A folder that flyctl never made is empty; one that was named is meant to be there.
        if !args.paths.is_empty()
            && let Err(source) = fs::symlink_metadata(&place)
        {
            return Err(Error::LogUnreadable { path: place, source });
        }
        collect(&place, DEEPEST, &mut files);
    }
    files.sort();
    let mut findings = Vec::new();
    let mut checked = 0;
    for path in &files {
        let Some(bytes) = read(path) else {
            let shown = setup.ops.relative(path);
            findings.push(
                Finding::warning("value-in-log", "not read: too large, or not readable")
                    .path(shown)
                    .hint("look through it by hand, or delete it"),
            );
            continue;
        };
        checked += 1;
        findings.extend(of_file(&setup.ops.relative(path), &bytes, &secrets));
    }
    let report = Report::new(SCHEMA, checked, findings);
    report.write(args.format.format, &TOOL, palette, streams.stdout)?;
    Ok(report.exit())
}

/// One finding for each credential and file, at its first line.
fn of_file(path: &str, bytes: &[u8], secrets: &SecretSet) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for found in secrets.find(bytes) {
        if findings.iter().any(|known| known.subject.key.as_deref() == Some(found.name)) {
            continue;
        }
        let before = bytes.get(..found.range.start).unwrap_or_default();
        let line = 1 + before.split(|&byte| byte == b'\n').count().saturating_sub(1);
        let finding = Finding::error(
            "value-in-log",
            format!("the value of {} lies in a file of flyctl", found.name),
        )
        .path(path)
        .line(u32::try_from(line).unwrap_or(u32::MAX))
        .key(found.name)
        .hint(format!("rm '{path}', then rotate the value if others could read the file"));
        findings.push(finding);
    }
    findings
}

/// flyctl's own folder, and the file that it was told to write requests to.
fn places(args: &args::Logs, invocation: &Invocation) -> Vec<PathBuf> {
    if !args.paths.is_empty() {
        return args.paths.iter().map(|path| invocation.cwd.join(path)).collect();
    }
    let variable = |name: &str| invocation.variable(name).map(PathBuf::from);
    let folder = variable("FLY_CONFIG_DIR").or_else(|| Some(variable("HOME")?.join(".fly")));
    folder.into_iter().chain(variable("FLYCTL_OUTPUT_HAR")).collect()
}

fn collect(path: &Path, depth: u32, files: &mut Vec<PathBuf>) {
    let Ok(data) = fs::symlink_metadata(path) else { return };
    if data.is_file() {
        // The session's own token is meant to be there.
        if path.file_name().is_none_or(|name| name != "config.yml") {
            files.push(path.to_owned());
        }
    } else if data.is_dir() {
        match fs::read_dir(path) {
            Ok(entries) if depth > 0 => {
                for entry in entries.filter_map(Result::ok) {
                    collect(&entry.path(), depth - 1, files);
                }
            }
            // Named later as what could not be read.
            _ => files.push(path.to_owned()),
        }
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let length = fs::metadata(path).ok()?.len();
    if length > LARGEST { None } else { fs::read(path).ok() }
}
