//! One writer for each app: who holds the lock may work on it, nobody else on this machine.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};
use report::Invocation;

use crate::error::Error;

/// The lock, held while this lives, and while any command lives that was started meanwhile: a deploy that has lost
/// its pipeline still works on the app.
#[derive(Debug)]
pub(super) struct AppLock {
    _file: File,
}

/// Where the locks of this user lie; the app is one, however many copies of the repo there are.
pub(super) fn path(app: &str, invocation: &Invocation) -> PathBuf {
    let state = invocation.variable("XDG_STATE_HOME").filter(|state| !state.is_empty());
    let home = || PathBuf::from(invocation.variable("HOME").unwrap_or_else(|| ".".into()));
    let state = state.map_or_else(|| home().join(".local/state"), PathBuf::from);
    state.join("opsproof/lock").join(app)
}

impl AppLock {
    /// Takes the lock, or says who holds it; never waits, because what it was to do may be wrong by then.
    pub(super) fn take(app: &str, pipeline: &str, invocation: &Invocation) -> Result<Self, Error> {
        let path = path(app, invocation);
        let file_error = |doing| {
            let path = path.clone();
            move |source| Error::File { doing, path, source }
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file_error("making the folder of"))?;
        }
        let mut options = File::options();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(file_error("opening"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = io::read_to_string(&file).unwrap_or_default();
                return Err(held(app, holder.trim()));
            }
            Err(TryLockError::Error(source)) => return Err(file_error("locking")(source)),
        }
        let holder = holder(pipeline, std::process::id(), invocation.now);
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{holder}"))
            .map_err(file_error("writing"))?;
        // The commands that are started inherit it, so that the lock is free only when all of them have ended.
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())
            .map_err(|source| file_error("keeping")(source.into()))?;
        Ok(Self { _file: file })
    }
}

fn holder(pipeline: &str, process: u32, now: DateTime<Utc>) -> String {
    let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("pipeline `{pipeline}`, process {process}, since {since}")
}

fn held(app: &str, holder: &str) -> Error {
    let holder = if holder.is_empty() { "another process" } else { holder };
    Error::Setting {
        what: format!("the app `{app}` is being worked on by {holder}"),
        hint: "nothing was run; wait until that has ended, or end it".to_owned(),
    }
}
