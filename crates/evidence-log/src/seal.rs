//! `seal`: closes a bundle.

use std::io::ErrorKind::NotFound;
use std::path::Path;

use evidence::{Bundle, OriginKind, Sealed, Signer};
use report::{Common, Exit, Invocation, Streams};

use crate::count::counted;
use crate::error::{self, Error};
use crate::redaction::{Cleaner, load};
use crate::setting::Setting;
use crate::{args, attach, clock, verify};

/// Closes a bundle and prints the manifest's hash; says on stderr how to check it by hand.
pub(crate) fn seal(
    args: &args::Seal,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle_to_write(&args.bundle)?;
    let sealed = close(&setting, &folder, streams)?;
    writeln!(streams.stdout, "{}", sealed.manifest).map_err(error::answer)?;
    let signers = setting.allowed_signers();
    let lines = verify::by_hand(&folder, signers.as_deref(), &|path| setting.typed_here(path));
    let said = if sealed.signed { "sealed and signed" } else { "sealed, UNSIGNED" };
    let (runs, files) = (counted(&sealed.runs, "run"), counted(&sealed.files, "file"));
    write!(streams.stderr, "{said}: {runs}, {files}; by hand:\n{lines}").map_err(error::answer)?;
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
    let (sealed, unsigned_log) = seal_and_enter(setting, folder, signer.as_deref())?;
    if let Some(why) = unsigned_log.filter(|_| sealed.signed) {
        writeln!(streams.stderr, "warning: the origin log's checkpoint is UNSIGNED: {why}")
            .map_err(error::answer)?;
    }
    tell_unrecorded(&sealed, streams)?;
    if let Some(signer) = signer.as_deref().filter(|_| sealed.signed) {
        tell_stranger(setting, signer, streams)?;
    }
    why_not = why_not.or_else(|| sealed.why_unsigned.clone());
    if let Some(why) = why_not.filter(|_| !sealed.signed) {
        writeln!(streams.stderr, "warning: the seal is UNSIGNED: {why}").map_err(error::answer)?;
    }
    Ok(sealed)
}

/// What nobody recorded was not redacted either: where it holds a credential, the bundle is not sealed over it.
fn refuse_what_would_leak(setting: &Setting, bundle: &Bundle) -> Result<(), Error> {
    let unrecorded = evidence::unrecorded(bundle)?;
    if unrecorded.is_empty() {
        return Ok(());
    }
    let (set, _) = load(setting, &[])?;
    let mut cleaner = Cleaner::new(&set);
    for path in unrecorded {
        let shown = cleaner.words(&path);
        if shown != path {
            let path = setting.shown(&bundle.folder().join(shown)).into();
            return Err(Error::UnrecordedSecret { path, part: "its name" });
        }
        let path = bundle.folder().join(path);
        let looked = attach::refuse_credentials(&path, Path::new(&setting.shown(&path)), &set);
        // Another who seals or attaches at this moment may have had it there only for as long as it was written.
        if looked.is_err() && path.symlink_metadata().is_err_and(|gone| gone.kind() == NotFound) {
            continue;
        }
        looked?;
    }
    Ok(())
}

/// Says which files were sealed that nobody had recorded.
pub(crate) fn tell_unrecorded(sealed: &Sealed, streams: &mut Streams<'_>) -> Result<(), Error> {
    for path in &sealed.unrecorded {
        writeln!(
            streams.stderr,
            "warning: {path} lay in the folder; nobody recorded or redacted it, and it is sealed as `unrecorded`"
        )
        .map_err(error::answer)?;
    }
    Ok(())
}

/// Says when the key that signed is none of those that `verify` will accept.
pub(crate) fn tell_stranger(
    setting: &Setting,
    signer: &dyn Signer,
    streams: &mut Streams<'_>,
) -> Result<(), Error> {
    let Some(key) = signer.raw_key().filter(|key| setting.knows(*key) == Some(false)) else {
        return Ok(());
    };
    let (key, path) = (key.to_openssh(), setting.allowed_signers().unwrap_or_default());
    writeln!(
        streams.stderr,
        "warning: {} does not list the key that signed, so that `verify` will not accept it: {key}",
        setting.shown(&path)
    )
    .map_err(error::answer)
}

/// Seals and enters the manifest into the origin log; once, however often it is called. Answers also why the log's
/// checkpoint is not signed although there is a signer.
pub(crate) fn seal_and_enter(
    setting: &Setting,
    folder: &Path,
    signer: Option<&dyn Signer>,
) -> Result<(Sealed, Option<String>), Error> {
    let bundle = Bundle::open(folder)?;
    if bundle.seal().is_none() {
        refuse_what_would_leak(setting, &bundle)?;
    }
    let was_sealed = bundle.is_sealed();
    let origin = setting.origin();
    let name = origin.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
    let sealed = evidence::seal(folder, clock::now(), signer, name.as_deref())?;
    let bundle = setting.in_root(folder);
    let is_entered = || {
        let known = origin
            .as_ref()
            .and_then(|path| evidence::read_origin(path, &evidence::Trust::default()).ok());
        known.and_then(|log| log.manifest_of(&bundle)) == Some(sealed.manifest)
    };
    let mut why_unsigned = None;
    if !was_sealed || !is_entered() {
        why_unsigned = setting.enter(OriginKind::Seal, folder, sealed.manifest, signer)?;
    }
    Ok((sealed, why_unsigned))
}
