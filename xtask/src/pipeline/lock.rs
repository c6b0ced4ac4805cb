//! One writer for each app: who holds the lock may work on it, nobody else on this machine.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use evidence::Bundle;
use report::Invocation;

use super::resume::still_runs;
use crate::error::Error;

/// The lock, held while this lives.
///
/// The file says who holds it, and in which bundle the work is recorded: a deploy that has lost its pipeline still
/// works on the app, and what it leaves running in the background does not.
#[derive(Debug)]
pub(super) struct AppLock {
    file: File,
    path: PathBuf,
    holder: String,
}

/// Where the locks of this user lie; the app is one, however many copies of the repo there are.
///
/// Fails where the user has no such place: one that hung on where somebody stands would keep nobody out.
pub(super) fn path(app: &str, invocation: &Invocation) -> Result<PathBuf, Error> {
    let variable = |name| invocation.variable(name).filter(|folder| !folder.is_empty());
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = variable("XDG_STATE_HOME").map(PathBuf::from).or_else(home);
    let state = state.filter(|state| state.is_absolute()).ok_or_else(|| Error::Setting {
        what: format!("there is no place for the lock of the app `{app}`"),
        hint:
            "set HOME, or XDG_STATE_HOME, to a folder of yours that is the same wherever you stand"
                .to_owned(),
    })?;
    Ok(state.join("opsproof/lock").join(app))
}

impl AppLock {
    /// Takes the lock, or says who holds it; never waits, because what it was to do may be wrong by then.
    pub(super) fn take(app: &str, pipeline: &str, invocation: &Invocation) -> Result<Self, Error> {
        let path = path(app, invocation)?;
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
        let is_free = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(source)) => return Err(file_error("locking")(source)),
        };
        let before = io::read_to_string(&mut file).unwrap_or_default();
        let (before, bundle) = before.split_once('\n').unwrap_or((&before, ""));
        if !is_free {
            return Err(held(app, before, None));
        }
        if let Some(step) = running(Path::new(bundle.trim_end())) {
            return Err(held(app, before, Some(&step)));
        }
        let holder = holder(pipeline, std::process::id(), invocation.now);
        let mut lock = Self { file, path, holder };
        lock.write("")?;
        Ok(lock)
    }

    /// Says in which bundle the work is recorded.
    pub(super) fn works_in(&mut self, bundle: &Path) -> Result<(), Error> {
        self.write(&format!("{}\n", bundle.display()))
    }

    fn write(&mut self, bundle: &str) -> Result<(), Error> {
        let Self { file, path, holder } = self;
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| write!(file, "{holder}\n{bundle}"))
            .map_err(|source| Error::File { doing: "writing", path: path.clone(), source })
    }
}

/// The step of a bundle that is still at work, though nobody waits for it.
fn running(bundle: &Path) -> Option<String> {
    still_runs(&Bundle::open(bundle).ok()?).ok().flatten()
}

fn holder(pipeline: &str, process: u32, now: DateTime<Utc>) -> String {
    let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("pipeline `{pipeline}`, process {process}, since {since}")
}

fn held(app: &str, holder: &str, step: Option<&str>) -> Error {
    let holder = if holder.is_empty() { "another process" } else { holder };
    let step = step.map(|step| format!(": its step `{step}` still runs")).unwrap_or_default();
    Error::Setting {
        what: format!("the app `{app}` is being worked on by {holder}{step}"),
        hint: "nothing was run; wait until that has ended, or end it".to_owned(),
    }
}
