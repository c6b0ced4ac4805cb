//! `attach`: copies of files in a bundle, redacted.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use evidence::{Attach, Body, FileEntry, Hasher};
use report::{Common, Exit, Invocation, Streams};
use rustix::fs::OFlags;
use secret::{Redactor, SecretSet};

use crate::error::{self, Error};
use crate::redaction::{Cleaner, load};
use crate::setting::{Setting, word};
use crate::{args, clock};

/// Copies each file into the folder `attached` of the bundle. Text is redacted; a file in which only replacing bytes
/// would hide a credential, and break it, is refused.
pub(crate) fn attach(
    args: &args::Attach,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let bundle = setting.bundle(&args.bundle)?;
    if evidence::Bundle::open(&bundle)?.is_sealed() {
        return Err(evidence::Error::Sealed { path: bundle }.into());
    }
    let (set, _) = load(&setting, &[])?;
    let mut cleaner = Cleaner::new(&set);
    for path in &args.files {
        refuse_what_cannot_be_redacted(&invocation.cwd.join(path), path, &set)?;
    }
    let folder = bundle.join("attached");
    std::fs::create_dir_all(&folder)
        .map_err(|source| Error::Write { what: "the folder of attachments", source })?;
    // What no record came to speak of is taken away again.
    let mut unrecorded = Copies { folder: folder.clone(), made: Vec::new() };
    let mut files = Vec::new();
    let mut counts = Vec::new();
    for path in &args.files {
        let source = invocation.cwd.join(path);
        let name = word(&cleaner.words(&path.file_name().unwrap_or_default().to_string_lossy()));
        let (file, target) = create(&folder, &name)?;
        unrecorded.made.push(target.clone());
        let mut redactor = Redactor::with_forms(&set);
        let copied = copy(&source, file, &mut redactor);
        let (bytes, sha256) =
            copied.map_err(|source| Error::Read { path: path.clone(), source })?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        files.push(FileEntry {
            path: format!("attached/{name}"),
            role: "attachment".into(),
            bytes,
            sha256,
        });
        counts.push(redactor.counts().clone());
    }
    durable::sync_folder(&folder)?;
    durable::sync_folder(&folder.join("attached"))?;
    let redactions = cleaner.counts(&counts.iter().collect::<Vec<_>>());
    let attach = Attach { files: files.clone(), redactions };
    let appended = evidence::append(&bundle, clock::now(), |_| vec![Body::Attach(attach)]);
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

/// Copies that no record speaks of yet; they are removed unless they are cleared.
struct Copies {
    folder: PathBuf,
    made: Vec<PathBuf>,
}

impl Drop for Copies {
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

/// A file that is no text is copied only when it holds no credential: replacing bytes in a picture or an archive
/// would break it, and leave open what a compressed part of it holds.
fn refuse_what_cannot_be_redacted(
    source: &Path,
    shown: &Path,
    set: &SecretSet,
) -> Result<(), Error> {
    let unreadable = |source| Error::Read { path: shown.to_path_buf(), source };
    let mut file = open(source).map_err(unreadable)?;
    let (mut buffer, mut is_text, mut redactor, mut clean) =
        (vec![0; 64 * 1024], true, Redactor::with_forms(set), Vec::new());
    loop {
        let length = file.read(&mut buffer).map_err(unreadable)?;
        if length == 0 {
            break;
        }
        is_text &= !buffer[..length].contains(&0);
        redactor.push(&buffer[..length], &mut clean);
        clean.clear();
    }
    redactor.finish(&mut clean);
    if !is_text && redactor.counts().values().any(|&count| count > 0) {
        let why = "it is not text, and holds a credential that cannot be cut out";
        return Err(Error::Attachment { path: shown.to_path_buf(), why });
    }
    Ok(())
}

fn create(folder: &Path, name: &str) -> Result<(File, PathBuf), Error> {
    for number in 1_u32..1000 {
        let path =
            folder.join(if number == 1 { name.to_owned() } else { format!("{number}-{name}") });
        match File::options().write(true).create_new(true).mode(0o644).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::Write { what: "an attachment", source }),
        }
    }
    Err(Error::Write { what: "an attachment", source: io::ErrorKind::AlreadyExists.into() })
}

fn copy(
    source: &Path,
    mut target: File,
    redactor: &mut Redactor<'_>,
) -> io::Result<(u64, evidence::Digest)> {
    let mut file = open(source)?;
    let (mut buffer, mut clean, mut hasher, mut bytes) =
        (vec![0; 64 * 1024], Vec::new(), Hasher::default(), 0);
    loop {
        let length = file.read(&mut buffer)?;
        clean.clear();
        if length == 0 {
            redactor.finish(&mut clean);
        } else {
            redactor.push(&buffer[..length], &mut clean);
        }
        target.write_all(&clean)?;
        hasher.update(&clean);
        bytes += clean.len() as u64;
        if length == 0 {
            target.sync_all()?;
            return Ok((bytes, hasher.finish()));
        }
    }
}
