//! `attach`: copies of files in a bundle, redacted.

mod inspect;
mod name;
mod utf16;

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use evidence::{Attach, Body, FileEntry, Hasher, Suspect, SuspectFile, Unsearched};
use report::{Common, Exit, Invocation, Streams};
use rustix::fs::OFlags;
use secret::{Redactor, SecretSet};

use self::utf16::{Decoder, Encoder, NoText, Order};
use crate::error::{self, Error};
use crate::redaction::{Cleaner, load};
use crate::run::suspect;
use crate::setting::Setting;
use crate::{args, clock};

/// Copies each file into the folder `attached` of the bundle. Text is redacted; a file in which only replacing bytes
/// would hide a credential, and break it, is refused, and so is one that cannot be looked into, unless that is wanted.
pub(crate) fn attach(
    args: &args::Attach,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let bundle = setting.bundle_to_write(&args.bundle)?;
    if evidence::Bundle::open(&bundle)?.is_sealed() {
        return Err(evidence::Error::Sealed { path: bundle }.into());
    }
    let (set, given) = load(&setting, &[])?;
    given.warn(streams)?;
    let mut cleaner = Cleaner::new(&set);
    let mut looks = Vec::new();
    for path in &args.files {
        let Look { why, utf16 } =
            look_into(&invocation.cwd.join(path), path, &mut cleaner, args.unsearched)?;
        if let Some(why) = &why {
            let path = path.display();
            writeln!(
                streams.stderr,
                "warning: not all of {path} was searched for credentials: {why}"
            )
            .map_err(error::answer)?;
        }
        looks.push(Look { why, utf16 });
    }
    // The copies are made beside the bundle: whoever seals it meanwhile must not find them.
    let waiting = waiting_room(&bundle)?;
    let mut ready = Vec::new();
    let mut counts = Vec::new();
    for (number, (path, look)) in args.files.iter().zip(looks).enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name::of_copy(&cleaner.words(&name));
        let made = waiting.path().join(number.to_string());
        let mut redactor = Redactor::with_forms(&set);
        let source = invocation.cwd.join(path);
        let copied = copy(&source, &made, &mut redactor, look.utf16)
            .map_err(|source| Error::Read { path: path.clone(), source })?;
        if look.utf16.is_some() {
            refuse_what_is_left(&made, path, &set)?;
        }
        let reasons = suspect::of_file(&copied.head);
        if !reasons.is_empty() {
            let words: Vec<_> = reasons.iter().map(|reason| reason.word()).collect();
            let (path, words) = (path.display(), words.join(", "));
            writeln!(streams.stderr, "warning: {path} is suspect: {words}")
                .map_err(error::answer)?;
        }
        ready.push(Waiting { made, name, why: look.why, reasons, copied });
        counts.push(redactor.counts().clone());
    }
    let redactions = cleaner.counts(&counts.iter().collect::<Vec<_>>());

    // What no record came to speak of is taken away again.
    let folder = bundle.join("attached");
    let mut unrecorded = Unrecorded { folder: folder.clone(), made: Vec::new() };
    let mut moved = Ok(Vec::new());
    let appended = evidence::append(&bundle, clock::now(), |_| {
        let record = move_in(ready, &folder, &mut unrecorded.made)
            .map(|attach| (attach.files.clone(), Body::Attach(Attach { redactions, ..attach })));
        match record {
            Ok((files, body)) => {
                moved = Ok(files);
                vec![body]
            }
            Err(failed) => {
                moved = Err(failed);
                Vec::new()
            }
        }
    });
    let files = moved?;
    // After a write that failed it is not known whether the record is there, so what it speaks of stays.
    if matches!(&appended, Ok(_) | Err(evidence::Error::Write(durable::Error::Io { .. }))) {
        unrecorded.made.clear();
    }
    appended?;
    for file in files {
        let path = setting.shown(&bundle.join(&file.path));
        writeln!(streams.stdout, "{path} {}", file.sha256).map_err(error::answer)?;
    }
    Ok(Exit::OK)
}

/// A copy that is not in the bundle yet.
struct Waiting {
    made: PathBuf,
    /// The name that it is to have.
    name: String,
    /// Why not all of it could be searched.
    why: Option<String>,
    reasons: Vec<Suspect>,
    copied: Copied,
}

/// A hidden folder beside the bundle, which goes when it is dropped.
fn waiting_room(bundle: &Path) -> Result<tempfile::TempDir, Error> {
    let beside = bundle.parent().unwrap_or(bundle);
    tempfile::Builder::new()
        .prefix(".attach-")
        .suffix(".tmp")
        .tempdir_in(beside)
        .map_err(|source| Error::Write { what: "the copies of attachments", source })
}

/// Moves the copies into the bundle, whose lock is held, and makes the record that speaks of them; what was moved is
/// noted in `made`.
fn move_in(copies: Vec<Waiting>, folder: &Path, made: &mut Vec<PathBuf>) -> Result<Attach, Error> {
    let failed = |source| Error::Write { what: "an attachment", source };
    // A link in its place would lead the copies out of the bundle.
    match folder.symlink_metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            let why = format!("{} is in its place, and is no folder", folder.display());
            let source = io::Error::new(io::ErrorKind::NotADirectory, why);
            return Err(Error::Write { what: "the folder of attachments", source });
        }
        Err(_) => std::fs::create_dir(folder)
            .map_err(|source| Error::Write { what: "the folder of attachments", source })?,
    }
    let mut attach = Attach::of(Vec::new());
    for copy in copies {
        let name = (1_u32..1000)
            .map(|number| match number {
                1 => copy.name.clone(),
                _ => format!("{number}-{}", copy.name),
            })
            .find(|name| folder.join(name).symlink_metadata().is_err())
            .ok_or_else(|| failed(io::ErrorKind::AlreadyExists.into()))?;
        let target = folder.join(&name);
        std::fs::rename(&copy.made, &target).map_err(failed)?;
        made.push(target);
        let path = format!("attached/{name}");
        attach.unsearched.extend(copy.why.map(|why| Unsearched { path: path.clone(), why }));
        if !copy.reasons.is_empty() {
            attach.suspect.push(SuspectFile { path: path.clone(), reasons: copy.reasons });
        }
        let Copied { bytes, sha256, .. } = copy.copied;
        attach.files.push(FileEntry { path, role: "attachment".into(), bytes, sha256 });
    }
    durable::sync_folder(folder)?;
    durable::sync_folder(&folder.join("attached"))?;
    Ok(attach)
}

/// Copies that no record speaks of yet; they are removed unless they are cleared.
struct Unrecorded {
    folder: PathBuf,
    made: Vec<PathBuf>,
}

impl Drop for Unrecorded {
    fn drop(&mut self) {
        for path in &self.made {
            drop(std::fs::remove_file(path));
        }
        // The folder stays where it holds anything.
        drop(std::fs::remove_dir(&self.folder));
    }
}

/// Opens a file that is to be attached. What is no regular file is refused: it is read twice, and a pipe is waited
/// for.
fn open(source: &Path) -> io::Result<File> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(nonblocking).open(source)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

/// Refuses to seal a file that holds a credential, in whatever form.
pub(crate) fn refuse_credentials(
    source: &Path,
    shown: &Path,
    set: &SecretSet,
) -> Result<(), Error> {
    let unreadable = |source| Error::Read { path: shown.to_path_buf(), source };
    let mut file = open(source).map_err(unreadable)?;
    let inspected = inspect::inspect(&mut file, set).map_err(unreadable)?;
    if inspected.holding.is_empty() {
        Ok(())
    } else {
        Err(Error::UnrecordedSecret { path: shown.to_path_buf(), part: "it" })
    }
}

/// What of a copy's bytes, read as they are, still holds a credential: in UTF-16 something else was read.
fn refuse_what_is_left(copy: &Path, shown: &Path, set: &SecretSet) -> Result<(), Error> {
    let unreadable = |source| Error::Read { path: shown.to_path_buf(), source };
    let inspected =
        open(copy).and_then(|mut file| inspect::inspect(&mut file, set)).map_err(unreadable)?;
    if inspected.holding.is_empty() { Ok(()) } else { Err(not_cut_out(shown)) }
}

fn not_cut_out(shown: &Path) -> Error {
    let why = "it is not text, and holds a credential that cannot be cut out".into();
    Error::Attachment { path: shown.to_path_buf(), why }
}

/// What a look into a file says about its copy.
struct Look {
    /// Why not all of it could be searched, if that is so and wanted.
    why: Option<String>,
    utf16: Option<Order>,
}

/// Refuses what holds a credential that cannot be cut out: replacing bytes in a picture or an archive would break it.
fn look_into(
    source: &Path,
    shown: &Path,
    cleaner: &mut Cleaner<'_>,
    unsearched_too: bool,
) -> Result<Look, Error> {
    let unreadable = |source| Error::Read { path: shown.to_path_buf(), source };
    let mut file = open(source).map_err(unreadable)?;
    let inspected = inspect::inspect(&mut file, cleaner.set()).map_err(unreadable)?;
    let refused = |why| Error::Attachment { path: shown.to_path_buf(), why };
    let utf16 = inspected.utf16;
    let is_text = inspected.is_text || utf16.is_some();
    match inspected.holding.iter().find(|_| !is_text) {
        Some(file) if file.is_empty() => return Err(not_cut_out(shown)),
        Some(member) => {
            let member = cleaner.words(member);
            let why = format!("`{member}` in it holds a credential that cannot be cut out");
            return Err(refused(why));
        }
        None => {}
    }
    let Some((member, why)) = inspected.unread.first() else {
        return Ok(Look { why: None, utf16 });
    };
    let mut why = match member.as_str() {
        "" => (*why).to_owned(),
        member => format!("`{}` in it: {why}", cleaner.words(&shortened(member))),
    };
    if inspected.unread.len() > 1 {
        why = format!("{why}; {} more", inspected.unread.len() - 1);
    }
    if unsearched_too {
        Ok(Look { why: Some(why), utf16 })
    } else {
        Err(Error::Unsearched { path: shown.to_path_buf(), why })
    }
}

/// A member's name as far as it helps to find it; a record has no room for every name there can be.
fn shortened(member: &str) -> String {
    member.chars().take(200).collect()
}

/// A copy that was made.
struct Copied {
    bytes: u64,
    sha256: evidence::Digest,
    /// Its first bytes.
    head: Vec<u8>,
}

fn copy(
    source: &Path,
    target: &Path,
    redactor: &mut Redactor<'_>,
    utf16: Option<Order>,
) -> io::Result<Copied> {
    let changed = |_| io::Error::other("it changed while it was read");
    let is_cut = |_| io::Error::other("what is replaced in it ends inside of a letter");
    let mut decoder = utf16.map(Decoder::new);
    let mut encoder = utf16.map(Encoder::new);
    let mut file = open(source)?;
    let mut target = File::options().write(true).create_new(true).mode(0o644).open(target)?;
    let mut text = Vec::new();
    let (mut buffer, mut clean, mut hasher, mut bytes, mut head) =
        (vec![0; 64 * 1024], Vec::new(), Hasher::default(), 0, Vec::new());
    loop {
        let length = file.read(&mut buffer)?;
        let mut piece = &buffer[..length];
        if let Some(decoder) = &mut decoder {
            text.clear();
            decoder.push(piece, &mut text).map_err(changed)?;
            piece = &text;
        }
        clean.clear();
        if length == 0 {
            redactor.finish(&mut clean);
        } else {
            redactor.push(piece, &mut clean);
        }
        let room = suspect::HEAD.saturating_sub(head.len());
        head.extend_from_slice(&clean[..clean.len().min(room)]);
        if let Some(encoder) = &mut encoder {
            text.clear();
            encoder.push(&clean, &mut text).map_err(is_cut)?;
            mem::swap(&mut clean, &mut text);
        }
        target.write_all(&clean)?;
        hasher.update(&clean);
        bytes += clean.len() as u64;
        if length == 0 {
            if !decoder.as_ref().is_none_or(Decoder::is_whole) {
                return Err(changed(NoText));
            }
            if !encoder.as_ref().is_none_or(Encoder::is_whole) {
                return Err(is_cut(NoText));
            }
            target.sync_all()?;
            return Ok(Copied { bytes, sha256: hasher.finish(), head });
        }
    }
}
