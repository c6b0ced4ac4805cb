//! Writes a timestamped entry, citing evidence by hash, into a feedback log, and checks a log's claims.
//!
//! Reading order: a log is text whose offsets stay true ([`text`]), made of front matter ([`front_matter`]) and a
//! body of blocks ([`blocks`]) with dated entries ([`entry`]), their times ([`stamp`]), labelled lines ([`field`]),
//! citations ([`citation`]) and claims ([`claim`]). A new entry is a [`draft`].

mod append;
mod archive;
mod args;
mod check;
mod cite;
mod commonmark;
mod digest;
mod error;
mod git;
mod init;
mod json;
mod leak;
mod list;
mod log;
mod masked;
mod new;
mod parallel;
mod refresh;
mod regular;
mod repo;
mod resolve;
mod rules;
mod secrets;
mod summary;
mod survey;
mod target;

pub mod blocks;
pub mod citation;
pub mod claim;
pub mod draft;
pub mod entry;
pub mod field;
pub mod front_matter;
pub mod stamp;
pub mod text;

use std::sync::Arc;

use report::{Exit, Invocation, Streams};
use signal_hook::consts::SIGXFSZ;

use args::{Args, Command};
use error::Error;

/// Runs the program with this invocation.
pub fn run(invocation: &Invocation, streams: &mut Streams<'_>) -> Exit {
    // A limit on the size of files then is an error that is told, and not the end of the process.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    report::dispatch::<Args, Error>(invocation, streams, |args, invocation, streams| {
        dispatch(args, invocation, streams).map_err(|error| masked::error(error, args, invocation))
    })
}

fn dispatch(
    args: &Args,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let Some(command) = &args.command else { return append::run(args, invocation, streams) };
    args.append.make_sure_it_is_empty()?;
    match command {
        Command::Check(check) => check::run(args, check, invocation, streams),
        Command::List(list) => list::run(args, list, invocation, streams),
        Command::Digest(digest) => digest::run(args, digest, invocation, streams),
        Command::New(new) => new::run(args, new, invocation, streams),
        Command::Refresh(refresh) => refresh::run(args, refresh, invocation, streams),
        Command::Archive(archive) => archive::run(args, archive, invocation, streams),
        Command::Init(init) => init::run(args, init, invocation, streams),
    }
}
