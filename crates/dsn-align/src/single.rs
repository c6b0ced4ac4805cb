//! The one string that `parse` and `readings` are about.

use report::{Invocation, Streams};
use secret::Secret;

use crate::args::{Args, SubjectOptions};
use crate::error::Error;
use crate::load;
use crate::place::{Content, Missing};

/// Takes the string from the command line, a place, or standard input.
///
/// One line break at the end of standard input is the shell's, not the string's.
pub(crate) fn text(
    args: &Args,
    options: &SubjectOptions,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Secret, Error> {
    if options.reveal && invocation.stdout_is_terminal {
        return Err(Error::Terminal);
    }
    if let Some(name) = &options.place {
        return place_text(args, name, invocation);
    }
    match options.dsn.as_deref() {
        Some("-") => {}
        Some(text) => return Ok(Secret::new(text.as_bytes().to_vec())),
        None if invocation.stdin_is_terminal => return Err(Error::NoInput),
        None => {}
    }
    let mut bytes = Vec::new();
    streams.stdin.read_to_end(&mut bytes).map_err(Error::ReadInput)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err(Error::NoInput);
    }
    Ok(Secret::new(bytes))
}

fn place_text(args: &Args, name: &str, invocation: &Invocation) -> Result<Secret, Error> {
    let ops = load::ops(&args.common, invocation)?;
    let place = load::named(&ops, name)?;
    let held = load::places(&ops, &[place], invocation)?.pop();
    let why = match held.map(|held| held.content) {
        Some(Content::Whole(value)) if value.text.is_empty() => "its value is empty",
        Some(Content::Whole(value)) => return Ok(value.text),
        Some(Content::Split(_)) => "its fields are split over several keys",
        Some(Content::Missing(Missing::File)) => "the file is not there",
        Some(Content::Missing(Missing::Key(_))) => "the key is not there",
        Some(Content::Unseen) | None => "a Fly secret cannot be read back",
    };
    Err(Error::NoText { name: name.to_owned(), why })
}
