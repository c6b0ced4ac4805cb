//! What libpq looks at beside a string: variables, the home folder, service and password files.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dsn::{Found, World};
use report::Invocation;
use secret::Secret;

/// The surroundings of a process.
pub(crate) struct Surroundings<'a> {
    /// How a variable is read, by name.
    pub(crate) variables: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// The home folder.
    pub(crate) home: Option<PathBuf>,
    /// The folder that relative paths begin in.
    pub(crate) folder: PathBuf,
}

/// The home folder of an invocation.
pub(crate) fn home(invocation: &Invocation) -> Option<PathBuf> {
    let home = invocation.variable("HOME").filter(|home| !home.is_empty())?;
    Some(PathBuf::from(home))
}

/// A variable of an invocation, as bytes.
pub(crate) fn variable(invocation: &Invocation, name: &str) -> Option<Vec<u8>> {
    invocation.variable(name).map(OsString::into_vec)
}

impl World for Surroundings<'_> {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        (self.variables)(name)
    }

    fn file(&self, path: &Path) -> Found {
        let path = self.folder.join(path);
        let data = match fs::metadata(&path) {
            Ok(data) => data,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Found::Unreadable,
            Err(_) => return Found::Nothing,
        };
        if !data.is_file() {
            return Found::NotPlain;
        }
        match fs::read(&path) {
            Ok(text) => Found::File { mode: data.mode() & 0o777, text: Secret::new(text) },
            Err(_) => Found::Unreadable,
        }
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }

    /// The name that the system's list of users has for this process.
    fn user(&self) -> Option<Vec<u8>> {
        let id = fs::metadata("/proc/self").ok()?.uid().to_string();
        let users = fs::read("/etc/passwd").ok()?;
        let named = |line: &[u8]| {
            let mut parts = line.split(|&byte| byte == b':');
            let name = parts.next()?.to_vec();
            (parts.nth(1)? == OsString::from(&id).as_bytes()).then_some(name)
        };
        users.split(|&byte| byte == b'\n').find_map(named)
    }
}
