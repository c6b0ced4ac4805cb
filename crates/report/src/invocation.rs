//! One call of a tool: its arguments, folder, environment, clock and terminals.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// How one variable of the environment is read, by name.
pub type Variables = Box<dyn Fn(&str) -> Option<OsString>>;

/// Everything a tool may know of the world around it, read once in `main`.
pub struct Invocation {
    /// The command line, with the program's name first.
    pub args: Vec<OsString>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The time of the call, in UTC.
    pub now: DateTime<Utc>,
    /// Whether standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    variables: Variables,
}

impl Invocation {
    /// Reads the present process.
    ///
    /// # Errors
    /// Fails where the working directory no longer exists or may not be read.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where clock, environment and folder enter"
    )]
    pub fn from_process() -> io::Result<Self> {
        Ok(Self {
            args: env::args_os().collect(),
            cwd: env::current_dir()?,
            // The time of a clock that stands before 1970 too.
            now: std::time::SystemTime::now().into(),
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            variables: Box::new(|name| env::var_os(name)),
        })
    }

    /// An invocation made of given values, away from any terminal, for tests and for a tool that calls itself.
    pub fn new(
        args: Vec<OsString>,
        cwd: PathBuf,
        now: DateTime<Utc>,
        variables: Variables,
    ) -> Self {
        Self {
            args,
            cwd,
            now,
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            variables,
        }
    }

    /// One variable of the environment, by name.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        (self.variables)(name)
    }

    /// The path of an executable that a shell in this environment would find under `name`.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            let path = self.cwd.join(name);
            return is_executable(&path).then_some(path);
        }
        let path = self.variable("PATH")?;
        env::split_paths(&path)
            .filter(|folder| !folder.as_os_str().is_empty())
            .map(|folder| self.cwd.join(folder).join(name))
            .find(|candidate| is_executable(candidate))
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
