//! `seal`: closes a bundle.

use std::path::Path;

use evidence::Sealed;
use report::{Common, Exit, Invocation, Streams};

use crate::error::{self, Error};
use crate::setting::Setting;
use crate::{args, clock, verify};

/// Closes a bundle and prints the manifest's hash; says on stderr how to check it by hand.
pub(crate) fn seal(
    args: &args::Seal,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle(&args.bundle)?;
    let sealed = close(&setting, &folder, streams)?;
    writeln!(streams.stdout, "{}", sealed.manifest).map_err(error::answer)?;
    let signers = setting.allowed_signers();
    let lines = verify::by_hand(&setting, &folder, signers.as_deref());
    let said = if sealed.signed { "sealed and signed" } else { "sealed, UNSIGNED" };
    let (runs, files) = (sealed.runs, sealed.files);
    write!(streams.stderr, "{said}: {runs} runs, {files} files; by hand:\n{lines}")
        .map_err(error::answer)?;
    Ok(Exit::OK)
}

/// Seals with the declared key. Where that cannot be used the seal is unsigned, and says so.
pub(crate) fn close(
    setting: &Setting,
    folder: &Path,
    streams: &mut Streams<'_>,
) -> Result<Sealed, Error> {
    let (signer, mut why_not) = match setting.signer() {
        Ok(signer) => (signer, None),
        Err(why) => (None, Some(why)),
    };
    let sealed = evidence::seal(folder, clock::now(), signer.as_deref(), None)?;
    why_not = why_not.or_else(|| sealed.why_unsigned.clone());
    if let Some(why) = why_not.filter(|_| !sealed.signed) {
        writeln!(streams.stderr, "warning: the seal is UNSIGNED: {why}").map_err(error::answer)?;
    }
    Ok(sealed)
}
