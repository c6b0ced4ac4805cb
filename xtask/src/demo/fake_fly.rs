//! The stand-in for Fly.io as a child.

use std::io::{BufRead, BufReader};

use duct::{ReaderHandle, cmd};

use crate::error::Error;
use crate::tool;

/// A running stand-in; it ends when this is dropped.
pub(crate) struct FakeFly {
    handle: ReaderHandle,
    url: String,
}

impl FakeFly {
    /// Starts it on a free port and waits until it says which; a secret goes in as a variable.
    pub(crate) fn start(options: &[&str], variables: &[(&str, &str)]) -> Result<Self, Error> {
        let start_error = |source| Error::Start { program: "fake-fly".to_owned(), source };
        let command = cmd(tool::stand_in("fake-fly"), [&["--port", "0"], options].concat());
        let command =
            variables.iter().fold(command, |command, (name, value)| command.env(name, value));
        let handle = command.unchecked().reader().map_err(start_error)?;
        let mut line = String::new();
        BufReader::new(&handle).read_line(&mut line).map_err(start_error)?;
        let url =
            line.trim().strip_prefix("listening on ").map(str::to_owned).ok_or_else(|| {
                Error::Setting {
                    what: "the stand-in for Fly.io did not say where it listens".to_owned(),
                    hint: "run it by hand to see why: target/debug/fake-fly --port 0".to_owned(),
                }
            })?;
        Ok(Self { handle, url })
    }

    /// Its address, as `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for FakeFly {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.handle.kill();
    }
}
