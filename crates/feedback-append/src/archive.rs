//! `archive`: old entries move, byte for byte, into a file beside the log, and a pointer with its hash stays behind.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use durable::{Change, Edit};
use evidence::{Digest, Hasher};
use report::{Exit, Format, Invocation, Streams};

use crate::args::{ArchiveArgs, Args};
use crate::citation::Roots;
use crate::error::Error;
use crate::front_matter;
use crate::json;
use crate::log::Log;
use crate::new;
use crate::repo::{self, Repo};
use crate::stamp;
use crate::target::Target;

/// How long to wait for other writers of the same log.
const PATIENCE: Duration = Duration::from_mins(2);

/// Moves the entries before a day.
pub(crate) fn run(
    args: &Args,
    archive: &ArchiveArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let before = stamp::read(&archive.before).filter(|(_, length)| *length == archive.before.len());
    let Some(before) = before.and_then(|(stamp, _)| stamp.at) else {
        return Err(Error::Option {
            option: "--before",
            why: "must be a day, as 2026-11-22".to_owned(),
        });
    };
    let file: Vec<_> =
        archive.file.iter().map(|file| repo::plain(&invocation.cwd.join(file))).collect();
    let repo = Repo::around(args.common.ops.as_deref(), &file, invocation)?;
    let target = Target::of(&repo, archive.role.as_deref(), file.first())?;
    target.make_sure_it_is_a_log(&repo)?;
    if !target.path.exists() {
        return Err(Error::NoLog { path: target.path });
    }
    let mut moved = 0;
    let mut place = None;
    durable::replace(&target.path, PATIENCE, |snapshot| {
        let bytes =
            snapshot.read().map_err(|source| Error::Read { path: target.path.clone(), source })?;
        let log = Log::read(&target.path, &target.shown, &bytes, &Roots::default());
        let old = old_entries(&log, before);
        moved = old.len();
        if old.is_empty() {
            return Ok::<_, Error>(Change::Keep);
        }
        // The archive is on disk before anything leaves the log: a crash between the two leaves a copy, not a gap.
        let archive = write_archive(&repo, &target, &bytes, &old, before, invocation.now)?;
        let change = cut(&repo, &log, &bytes, &old, before, &archive);
        place = Some(archive);
        Ok(change)
    })?;
    let shown = place.as_ref().map(|(path, _)| repo.shown(path));
    if archive.answer.format == Format::Json {
        let answer = json::Archive {
            schema: json::ARCHIVE,
            path: &target.shown,
            moved,
            place: shown.as_deref(),
        };
        report::json(streams.stdout, &answer)?;
    } else {
        match shown {
            Some(shown) => {
                writeln!(streams.stdout, "moved {moved} entries of {} to {shown}", target.shown)?;
            }
            None => writeln!(
                streams.stdout,
                "{} has no entry before {}",
                target.shown,
                new::day(before)
            )?,
        }
    }
    Ok(Exit::OK)
}

/// The entries whose time is known and earlier.
fn old_entries(log: &Log, before: DateTime<Utc>) -> Vec<Range<usize>> {
    let entries = log.entries.entries.iter();
    entries
        .filter(|entry| entry.stamp.at.is_some_and(|at| at < before))
        .map(|entry| entry.range.clone())
        .collect()
}

/// Writes the archive: its own front matter, and the entries as they were.
fn write_archive(
    repo: &Repo,
    target: &Target<'_>,
    bytes: &[u8],
    old: &[Range<usize>],
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(PathBuf, Digest), Error> {
    let folder = target.path.parent().unwrap_or(Path::new(".")).join("archive");
    std::fs::create_dir_all(&folder)
        .map_err(|source| Error::Read { path: folder.clone(), source })?;
    let stem = target.path.file_stem().unwrap_or_default().to_string_lossy();
    let body: Vec<u8> = std::iter::once(b"\n".as_slice())
        .chain(old.iter().map(|range| &bytes[range.clone()]))
        .flatten()
        .copied()
        .collect();
    for number in 1_u32.. {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{stem}-before-{}{suffix}.md", new::day(before)));
        let own = Target { shown: repo.shown(&path), path, role: target.role };
        let head = new::front_matter(repo, &own, now);
        let hash = [("doc_hash", format!("sha256:{}", Digest::of(&body).hex()))];
        let head = match front_matter::read(&head) {
            Some(block) => {
                front_matter::apply(&head, &front_matter::set(&head, &block, &hash, false))
            }
            None => head,
        };
        let whole = [head.as_bytes(), &body].concat();
        let digest = Digest::of(&whole);
        match std::fs::read(&own.path) {
            // What a crashed run left is taken over.
            Ok(there) if there == whole => return Ok((own.path, digest)),
            Ok(_) => {}
            Err(_) => {
                durable::write_new(&own.path, &whole, 0o644)?;
                return Ok((own.path, digest));
            }
        }
    }
    Err(Error::Exists { path: folder })
}

/// Takes the entries out, leaves one pointer before the first entry, and keeps the front matter true.
fn cut(
    repo: &Repo,
    log: &Log,
    bytes: &[u8],
    old: &[Range<usize>],
    before: DateTime<Utc>,
    (path, digest): &(PathBuf, Digest),
) -> Change {
    let plural = if old.len() == 1 { "entry" } else { "entries" };
    let pointer = format!(
        "Archived: {} {plural} before {} → {} (sha256:{})\n\n",
        old.len(),
        new::day(before),
        repo.shown(path),
        digest.hex()
    );
    let mut body = Hasher::default();
    let mut edits = Vec::new();
    let mut at = log.block.as_ref().map_or(0, |block| block.range.end);
    // The pointer stands before all entries, so that it becomes part of none.
    let first = log.entries.entries.first().map_or(at, |entry| entry.range.start);
    let stands_alone = old.first().is_none_or(|range| range.start != first);
    let places = stands_alone.then_some(first..first).into_iter().chain(old.iter().cloned());
    for (number, range) in places.enumerate() {
        let text = if number == 0 { pointer.clone() } else { String::new() };
        body.update(&bytes[at..range.start]);
        body.update(text.as_bytes());
        edits.push(Edit { range: range.start as u64..range.end as u64, bytes: text.into_bytes() });
        at = range.end;
    }
    body.update(&bytes[at..]);
    if let Some(block) = &log.block {
        let values = [("doc_hash", format!("sha256:{}", body.finish().hex()))];
        let head = front_matter::set(&log.text, block, &values, false);
        let head = head.into_iter().map(|edit| Edit {
            range: edit.range.start as u64..edit.range.end as u64,
            bytes: edit.text.into_bytes(),
        });
        edits.splice(0..0, head);
    }
    Change::Edit { edits, append: Vec::new() }
}
