//! `redact`: a filter for shell pipelines.

use std::io::ErrorKind;

use report::{Common, Exit, Invocation, Streams};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use secret::Redactor;

use crate::args;
use crate::error::{self, Error};
use crate::redaction::load;
use crate::setting::Setting;

/// Copies stdin to stdout; each part is written as soon as it can be, so that the filter does not stall a prompt.
pub(crate) fn redact(
    args: &args::Redact,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let (set, given) = load(&setting, &[])?;
    given.warn(streams)?;
    if set.is_empty() {
        let why = why_no_value(&setting);
        if args.values_only {
            return Err(Error::NoValue { why });
        }
        let warning = "warning: only what is a credential by its form is redacted";
        writeln!(streams.stderr, "{warning}: {why}").map_err(error::answer)?;
    }
    let mut redactor =
        if args.values_only { Redactor::new(&set) } else { Redactor::with_forms(&set) };
    let (mut buffer, mut clean) = (vec![0; 64 * 1024], Vec::new());
    loop {
        let length = match streams.stdin.read(&mut buffer) {
            Ok(length) => length,
            Err(again) if again.kind() == ErrorKind::Interrupted => continue,
            Err(source) => return Err(Error::Read { path: "standard input".into(), source }),
        };
        clean.clear();
        if length == 0 {
            redactor.finish_cut(&mut clean);
        } else {
            redactor.push(&buffer[..length], &mut clean);
        }
        streams
            .stdout
            .write_all(&clean)
            .and_then(|()| streams.stdout.flush())
            .map_err(error::answer)?;
        if length == 0 || is_reader_gone() {
            return Ok(Exit::OK);
        }
    }
}

/// Why no value is known: a filter is often typed where the log lies, and not where the vault does.
fn why_no_value(setting: &Setting) -> &'static str {
    match &setting.ops {
        None => "there is no ops.toml in this folder or above it",
        Some(ops) if ops.vault.is_none() => "ops.toml declares no vault",
        Some(_) => "the vault holds none that can be replaced",
    }
}

/// Whether nobody can read our standard output any more. A filter has nothing left to do then, and its input may be
/// endless; that a write to a closed output is silent helps who has an answer to give.
fn is_reader_gone() -> bool {
    let mut stdout = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty())];
    let asked = poll(&mut stdout, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    asked.is_ok() && stdout[0].revents().contains(PollFlags::ERR)
}
