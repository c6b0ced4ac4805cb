//! `note`: a person's words in a bundle.

use std::io::Read;

use evidence::{Body, Note};
use report::{Common, Exit, Invocation, Streams};

use crate::error::Error;
use crate::redaction::{Cleaner, load};
use crate::setting::Setting;
use crate::{args, clock};

/// More than this is no note; `attach` takes files of any size.
const LONGEST: u64 = 32 * 1024;

/// Adds words, redacted, from the command line or standard input.
pub(crate) fn note(
    args: &args::Note,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle_to_write(&args.bundle)?;
    let (set, given) = load(&setting, &[])?;
    given.warn(streams)?;
    let text = match args.text.clone() {
        Some(text) => text,
        None => read(streams)?,
    };
    if text.len() as u64 > LONGEST {
        return Err(Error::LongNote);
    }
    let text = Cleaner::new(&set).words(text.trim_end());
    evidence::append(&folder, clock::now(), |_| vec![Body::Note(Note { text })])?;
    Ok(Exit::OK)
}

fn read(streams: &mut Streams<'_>) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let taken = streams.stdin.take(LONGEST + 1).read_to_end(&mut bytes);
    taken.map_err(|source| Error::Read { path: "standard input".into(), source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
