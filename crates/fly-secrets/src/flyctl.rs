//! The one module that runs flyctl: values on its stdin, the token in its environment, a private folder for its files.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use report::Invocation;
use rustix::fs::{MemfdFlags, memfd_create};
use secret::Secret;
use tempfile::TempDir;
use vault::Vault;

use crate::api;
use crate::error::Error;

/// Longer than a rolling update of many machines takes.
const TIME_LIMIT: Duration = Duration::from_mins(30);
/// The first flyctl that reads every form that the stream is written in; older ones change values silently.
const OLDEST: [u64; 3] = [0, 4, 14];
/// What a flyctl that was built from source says of itself.
const FROM_SOURCE: [u64; 3] = [0, 0, 0];
/// How the private folders are named, so that those of a killed run can be found.
const FOLDER_PREFIX: &str = ".fly-secrets-flyctl-";

/// A flyctl that was found, with what it needs to run.
pub(crate) struct Flyctl<'a> {
    program: PathBuf,
    variables: Vec<(OsString, OsString)>,
    token: &'a Secret,
    vault: &'a Vault,
}

impl<'a> Flyctl<'a> {
    /// Finds flyctl on the path, and asks it whether it is new enough.
    pub(crate) fn find(
        invocation: &Invocation,
        token: &'a Secret,
        vault: &'a Vault,
    ) -> Result<Self, Error> {
        let program = ["flyctl", "fly"].iter().find_map(|name| invocation.find_program(name));
        let program = program.ok_or(Error::NoFlyctl)?;
        let passed_on =
            ["PATH", "HOME", "FLY_API_BASE_URL", "FLY_FLAPS_BASE_URL", "FLY_UIEX_BASE_URL"];
        let mut variables: Vec<(OsString, OsString)> = passed_on
            .iter()
            .filter_map(|name| Some((OsString::from(name), invocation.variable(name)?)))
            .collect();
        for (name, value) in [("FLY_NO_UPDATE_CHECK", "1"), ("FLY_SEND_METRICS", "0"), ("CI", "1")]
        {
            variables.push((name.into(), value.into()));
        }
        let found = Self { program, variables, token, vault };
        found.check_version()?;
        Ok(found)
    }

    fn check_version(&self) -> Result<(), Error> {
        let said = self.output("version", &["version"], None, None)?;
        let said = String::from_utf8_lossy(&said.stdout);
        match version(&said) {
            Some(version) if version >= OLDEST || version == FROM_SOURCE => Ok(()),
            version => Err(Error::OldFlyctl { version }),
        }
    }

    /// `secrets import --stage` with the stream on stdin.
    pub(crate) fn import(
        &self,
        app: &str,
        stream: &Secret,
        values: &[(&str, &Secret)],
    ) -> Result<(), Error> {
        let args = ["secrets", "import", "--stage", "--app", app];
        self.run("secrets import", &args, Some(stream), values)
    }

    /// `secrets unset --stage`; only names are on its command line.
    pub(crate) fn unset(&self, app: &str, names: &[&str]) -> Result<(), Error> {
        let mut args = vec!["secrets", "unset", "--stage", "--app", app];
        args.extend(names);
        self.run("secrets unset", &args, None, &[])
    }

    /// `secrets deploy`.
    pub(crate) fn deploy(&self, app: &str) -> Result<(), Error> {
        self.run("secrets deploy", &["secrets", "deploy", "--app", app], None, &[])
    }

    fn run(
        &self,
        doing: &'static str,
        args: &[&str],
        stdin: Option<&Secret>,
        values: &[(&str, &Secret)],
    ) -> Result<(), Error> {
        let ended = self.output(doing, args, Some(self.token), stdin)?;
        if ended.status.success() {
            return Ok(());
        }
        Err(Error::Flyctl { doing, reason: self.said(&ended.stderr, values) })
    }

    fn output(
        &self,
        doing: &'static str,
        args: &[&str],
        token: Option<&Secret>,
        stdin: Option<&Secret>,
    ) -> Result<Output, Error> {
        let failed = |reason: String| Error::Flyctl { doing, reason };
        let folder = private_folder(&self.vault.root)
            .map_err(|error| failed(format!("no private folder: {}", error.kind())))?;
        let mut variables = self.variables.clone();
        variables.push(("FLY_CONFIG_DIR".into(), folder.path().into()));
        if let Some(token) = token {
            // The token goes to flyctl alone, in its environment, where flyctl looks for it.
            let token = token.expose_text().unwrap_or_default().trim();
            variables.push(("FLY_ACCESS_TOKEN".into(), token.into()));
        }
        let command = duct::cmd(&self.program, args)
            .full_env(variables)
            .dir(folder.path())
            .stdout_capture()
            .stderr_capture()
            .unchecked();
        let command =
            match stdin {
                Some(stream) => command.stdin_file(in_memory(stream).map_err(|error| {
                    failed(format!("no memory for its stdin: {}", error.kind()))
                })?),
                None => command.stdin_null(),
            };
        let handle = command
            .start()
            .map_err(|error| failed(format!("it does not start: {}", error.kind())))?;
        let ended = match handle.wait_timeout(TIME_LIMIT) {
            Ok(Some(ended)) => ended.clone(),
            Ok(None) => {
                let _ = handle.kill();
                return Err(failed("it took longer than 30 minutes".to_owned()));
            }
            Err(error) => return Err(failed(error.kind().to_string())),
        };
        // Not left to `Drop`, so that a folder that cannot be removed is said: flyctl's log in it has the values.
        let path = folder.path().to_owned();
        folder.close().map_err(|_| Error::LeftBehind { path })?;
        Ok(ended)
    }

    /// The line of flyctl's stderr that says what went wrong, or else its last, unless it repeats a secret.
    fn said(&self, stderr: &[u8], values: &[(&str, &Secret)]) -> String {
        let text = String::from_utf8_lossy(stderr);
        let lines = || text.lines().rev();
        let line = lines()
            .find(|line| line.starts_with("Error: "))
            .or_else(|| lines().find(|line| !line.trim().is_empty()))
            .unwrap_or("it says nothing");
        if api::repeats(self.vault, values, stderr) {
            return "its message repeats a value and is not shown".to_owned();
        }
        line.trim()
            .trim_start_matches("Error: ")
            .chars()
            .filter(|character| !character.is_control())
            .take(300)
            .collect()
    }
}

/// The values as a file without a name, for flyctl's stdin. Unlike a pipe it has them whole from the start: should
/// this run be killed, flyctl reads all of them and not a part that ends inside a value.
fn in_memory(stream: &Secret) -> io::Result<File> {
    let mut file = File::from(memfd_create("values", MemfdFlags::CLOEXEC)?);
    file.write_all(stream.expose())?;
    file.rewind()?;
    Ok(file)
}

/// The version in `flyctl v0.4.80 linux/amd64 Commit: …`.
fn version(said: &str) -> Option<[u64; 3]> {
    let word = said.split_whitespace().find_map(|word| word.strip_prefix('v'))?;
    let mut numbers = word.split(['.', '-', '+']).map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// A folder for flyctl's files, 0700, removed afterwards. It lies in the vault, because flyctl writes the bodies of
/// its requests to a log in it: should this run be killed, they lie where the values lie anyway.
fn private_folder(vault_root: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(FOLDER_PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(vault_root)
}

/// Removes what killed runs left behind; to be called under the lock of the state file.
pub(crate) fn remove_left_behind(vault_root: &Path) {
    let Ok(entries) = std::fs::read_dir(vault_root) else { return };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(FOLDER_PREFIX) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_what_flyctl_says_of_itself() {
        let check = |said, expected| assert_eq!(version(said), expected, "{said}");
        check(
            "flyctl v0.4.80 linux/amd64 Commit: 1f BuildDate: 2026-08-21T00:00:00Z",
            Some([0, 4, 80]),
        );
        check("fly v0.0.0-1700000000+dev linux/amd64 Commit: <none>", Some([0, 0, 0]));
        check("flyctl v2025.8.1-pr12.3 linux/amd64", Some([2025, 8, 1]));
        check("flyctl v0.4 linux/amd64", None);
        check("", None);
    }
}
