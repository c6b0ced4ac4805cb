//! One run of a program in a bed: a cleared environment, a time limit, and the checks that follow every run.
#![expect(clippy::panic, clippy::missing_panics_doc, reason = "a failed run is a failed test")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bed::Bed;
use crate::canary::Guard;
use crate::output::Output;
use crate::{sarif, schema};

/// Longer than any command of a test takes; a hanging command fails the test instead of stopping it.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// A program about to be run; nothing of the caller's environment but `PATH` reaches it.
#[must_use = "nothing happens before `run` or `start`"]
pub struct Command<'bed> {
    bed: &'bed Bed,
    program: OsString,
    args: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
    folder: PathBuf,
    is_guarded: bool,
    stdout_holds_secrets: bool,
}

impl<'bed> Command<'bed> {
    pub(crate) fn new(bed: &'bed Bed, program: &Path) -> Self {
        let variables = [
            ("PATH", outer_path()),
            ("HOME", bed.home().into_os_string()),
            ("TMPDIR", bed.temporary().into_os_string()),
            ("TZ", "UTC".into()),
            ("COLUMNS", "100".into()),
            ("LC_ALL", "C.UTF-8".into()),
        ];
        Self {
            bed,
            program: program.as_os_str().to_owned(),
            args: Vec::new(),
            variables: variables.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            stdin: None,
            folder: bed.root().to_path_buf(),
            is_guarded: true,
            stdout_holds_secrets: false,
        }
    }

    /// Adds arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds one argument.
    pub fn arg(self, arg: impl Into<OsString>) -> Self {
        self.args([arg.into()])
    }

    /// Sets one variable; the last setting of a name holds.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Puts a folder in front of `PATH`, for stand-ins of other programs.
    pub fn path_first(self, folder: impl AsRef<Path>) -> Self {
        let mut path = self.bed.path(folder).into_os_string();
        path.push(":");
        path.push(outer_path());
        self.env("PATH", path)
    }

    /// Gives these bytes on stdin; without it stdin is empty.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs in a folder of the bed instead of its root.
    pub fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = self.bed.path(folder);
        self
    }

    /// Says that stdout is meant to hold secrets here; the printed form of the output then leaves it out.
    pub fn stdout_holds_secrets(mut self) -> Self {
        self.stdout_holds_secrets = true;
        self
    }

    /// Leaves out the checks after the run, for other people's programs used in a set-up.
    pub fn unguarded(mut self) -> Self {
        self.is_guarded = false;
        self
    }

    /// Runs to the end, then looks for leaked secrets and at the answer's schema.
    pub fn run(self) -> Output {
        self.start().wait()
    }

    /// Starts it and returns while it runs.
    pub fn start(self) -> Running<'bed> {
        let guard = self.is_guarded.then(|| Guard::before(self.bed));
        let command = duct::cmd(&self.program, &self.args)
            .full_env(self.variables)
            .dir(&self.folder)
            .stdout_capture()
            .stderr_capture()
            .unchecked();
        let command = match self.stdin {
            Some(bytes) => command.stdin_bytes(bytes),
            None => command.stdin_null(),
        };
        let name = Path::new(&self.program).file_name().unwrap_or(&self.program).to_owned();
        let handle =
            command.start().unwrap_or_else(|error| panic!("starting {}: {error}", name.display()));
        Running {
            bed: self.bed,
            name,
            handle,
            guard,
            stdout_holds_secrets: self.stdout_holds_secrets,
        }
    }
}

/// A program that is running in a bed; killed when dropped.
#[must_use = "a run that nobody waits for is killed"]
pub struct Running<'bed> {
    bed: &'bed Bed,
    name: OsString,
    handle: duct::Handle,
    guard: Option<Guard>,
    stdout_holds_secrets: bool,
}

impl Running<'_> {
    /// The process id.
    pub fn pid(&self) -> u32 {
        self.handle.pids().first().copied().unwrap_or_default()
    }

    /// Ends it with SIGKILL, as a power cut would; `wait` then gives what it had printed.
    pub fn kill(&self) {
        self.handle
            .kill()
            .unwrap_or_else(|error| panic!("killing {}: {error}", self.name.display()));
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.handle.try_wait().is_ok_and(|ended| ended.is_some())
    }

    /// Waits for its end, then looks for leaked secrets and at the answer's schema.
    pub fn wait(self) -> Output {
        let name = self.name.display();
        let ended = match self.handle.wait_timeout(TIME_LIMIT) {
            Ok(Some(ended)) => ended,
            Ok(None) => {
                let _ = self.handle.kill();
                panic!("{name} still ran after {} s", TIME_LIMIT.as_secs());
            }
            Err(error) => panic!("waiting for {name}: {error}"),
        };
        let output = Output::new(self.bed, ended, self.stdout_holds_secrets);
        if let Some(guard) = &self.guard {
            let streams: &[(&str, &[u8])] = if self.stdout_holds_secrets {
                &[("stderr", &ended.stderr)]
            } else {
                &[("stdout", &ended.stdout), ("stderr", &ended.stderr)]
            };
            guard.after(self.bed, streams);
            if !self.stdout_holds_secrets {
                schema::check_answer(&ended.stdout);
                sarif::check_log(&ended.stdout);
            }
        }
        output
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.has_ended() {
            let _ = self.handle.kill();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one variable of the outside that tests need")]
fn outer_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
