//! `derive`: a place's string in the form that one client wants, as env lines.

mod form;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use dsn::Dsn;
use opsfile::{Ops, Place};
use report::{Exit, Invocation, Streams};
use secret::Secret;

use crate::args::{Args, DeriveOptions};
use crate::check;
use crate::error::Error;
use crate::load;
use crate::place::Content;

pub(crate) use form::{Form, Line, as_read};

/// Writes the lines to a pipe or a new file, never to a terminal.
pub(crate) fn run(
    args: &Args,
    options: &DeriveOptions,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let form: Form = options.to.parse().map_err(|()| Error::UnknownForm)?;
    if options.output.is_none() && invocation.stdout_is_terminal {
        return Err(Error::DeriveTerminal);
    }
    let ops = load::ops(&args.common, invocation)?;
    let place = source(&ops, options)?;
    let dsn = meant(&ops, place, invocation)?;
    let lines =
        form.lines(&dsn).map_err(|why| Error::NotCarried { form: options.to.clone(), why })?;
    let text = written(&lines)?;
    // To the pipe or file that the operator chose, which is what `derive` is for.
    match &options.output {
        None => streams.stdout.write_all(text.expose()).map_err(Error::Write)?,
        Some(path) => {
            let path = invocation.cwd.join(path);
            // A file that is there already may have other readers, so it is not written over.
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let mut file = file.map_err(|source| Error::Output { path: path.clone(), source })?;
            let result = file.write_all(text.expose()).and_then(|()| file.sync_all());
            result.map_err(|source| Error::Output { path: path.clone(), source })?;
            let names: Vec<&str> = lines.iter().map(|line| line.key.as_str()).collect();
            let said = format!("wrote {} to {}\n", names.join(" "), path.display());
            streams.stderr.write_all(said.as_bytes()).map_err(Error::Write)?;
        }
    }
    Ok(Exit::OK)
}

/// The place that is named, or the one canonical place.
fn source<'ops>(ops: &'ops Ops, options: &DeriveOptions) -> Result<&'ops Place, Error> {
    if let Some(name) = &options.from {
        return load::named(ops, name);
    }
    let mut canonical = ops.dsn.place.iter().filter(|place| place.canonical);
    match (canonical.next(), canonical.next()) {
        (Some(place), None) => Ok(place),
        (None, _) => Err(Error::NoPlaces),
        (Some(_), Some(_)) => Err(Error::WhichPlace),
    }
}

/// What a place means to its reader.
pub(crate) fn meant(ops: &Ops, place: &Place, invocation: &Invocation) -> Result<Dsn, Error> {
    let held = load::places(ops, &[place], invocation)?.pop();
    let no_text = |why| Error::NoText { name: place.name.clone(), why };
    let held = held.ok_or_else(|| no_text("it cannot be read"))?;
    match check::read(&held) {
        Some(Ok(dsn)) => Ok(dsn),
        Some(Err(refusal)) => Err(Error::Refused { reader: check::reader(place).name(), refusal }),
        None if matches!(held.content, Content::Unseen) => {
            Err(no_text("a Fly secret cannot be read back"))
        }
        None if matches!(held.content, Content::Whole(_)) => Err(no_text("its value is empty")),
        None => Err(no_text("the file or key is not there")),
    }
}

/// `KEY=value` lines, quoted so that every dialect of env files reads them alike.
fn written(lines: &[Line]) -> Result<Secret, Error> {
    let mut text = Vec::new();
    for line in lines {
        let value = envfile::quote::portable(&line.value)
            .ok_or_else(|| Error::NotQuoted { key: line.key.clone() })?;
        text.extend_from_slice(line.key.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.expose());
        text.push(b'\n');
    }
    Ok(Secret::new(text))
}
