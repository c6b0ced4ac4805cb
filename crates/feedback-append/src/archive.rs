//! `archive`: old entries move, byte for byte, into a file beside the log, and a pointer with its hash stays behind.

use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use durable::{Change, Edit};
use evidence::{Digest, Hasher};
use report::{Exit, Format, Invocation, Streams};

use crate::args::{ArchiveArgs, Args};
use crate::entry::Entry;
use crate::error::Error;
use crate::front_matter;
use crate::git::Git;
use crate::json;
use crate::leak::{self, Leak};
use crate::log::Log;
use crate::new;
use crate::repo::{self, Repo};
use crate::stamp::{self, Precision};
use crate::target::Target;

/// Moves the entries before a day.
pub(crate) fn run(
    args: &Args,
    archive: &ArchiveArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let before = stamp::read_whole(&archive.before);
    let before = before.filter(|stamp| stamp.precision == Precision::Day);
    let Some(before) = before.and_then(|stamp| stamp.at) else {
        return Err(Error::option("--before", "must be a day, as 2026-11-22"));
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
    target.replace(|snapshot| {
        let bytes =
            snapshot.read().map_err(|source| Error::Read { path: target.path.clone(), source })?;
        let log = Log::plain(&target.path, &target.shown, &bytes);
        let old = old_entries(&log, before);
        moved = old.len();
        if old.is_empty() {
            return Ok(Change::Keep);
        }
        let body = body(&log, &bytes, &old)?;
        make_sure_it_leaks_nothing(&repo, &log, &old)?;
        let old = with_days(&log, &old);
        // The archive is on disk before anything leaves the log: a crash between the two leaves a copy, not a gap.
        let archive = write_archive(&repo, (&target, &log), &body, before, invocation.now)?;
        let change = cut(&repo, &log, &bytes, (&old, moved), before, &archive);
        place = Some(archive);
        Ok(change)
    })?;
    let shown = place.as_ref().map(|(path, _)| repo.shown(path));
    if let (Some(shown), Some(git)) = (&shown, Git::open(&repo.folder, invocation))
        && git.ignored(std::slice::from_ref(shown))?.contains(shown)
    {
        let warning = "git ignores it, so the next reader's clone will not have the entries";
        writeln!(streams.stderr, "warning: {shown}: {warning}")?;
    }
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
                let plural = if moved == 1 { "entry" } else { "entries" };
                writeln!(streams.stdout, "moved {moved} {plural} of {} to {shown}", target.shown)?;
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

/// The archive's body: the entries as they were, each below the day that its time needs, read back as they were read.
fn body(log: &Log, bytes: &[u8], old: &[Range<usize>]) -> Result<Vec<u8>, Error> {
    let line_break = log.line_break();
    let mut body = line_break.as_bytes().to_vec();
    let mut day = None;
    let moved: Vec<_> =
        log.entries.entries.iter().filter(|entry| old.contains(&entry.range)).collect();
    for entry in &moved {
        let date = entry.stamp.at.map(|at| at.date_naive());
        let says_day = log.text[entry.stamp_range.clone()].contains(['-', '/']);
        if !says_day
            && day != date
            && let Some(date) = date
        {
            let level = "#".repeat(usize::from(entry.level.saturating_sub(1).max(1)));
            body.extend(format!("{level} {date}{line_break}{line_break}").into_bytes());
        }
        // A day of its own ends the section of the day before.
        day = date.filter(|_| !says_day);
        body.extend_from_slice(&bytes[entry.range.clone()]);
    }
    let there = Log::plain(&log.path, &log.shown, &body);
    let told = |entry: &Entry| (entry.stamp.at, entry.title.clone(), entry.id.clone());
    let is_same = there.entries.entries.iter().map(told).eq(moved.iter().map(|entry| told(entry)));
    if is_same {
        return Ok(body);
    }
    Err(Error::NotALog {
        path: log.shown.clone(),
        why: "has entries whose time or end is told by what stands around them, and they would be read otherwise in an archive",
        hint: "move them by hand, or choose another day for `--before`",
    })
}

/// The entries, with the headings of days all of whose entries go.
fn with_days(log: &Log, old: &[Range<usize>]) -> Vec<Range<usize>> {
    let goes = |day: &&Range<usize>| old.iter().any(|range| range.start == day.end);
    let mut all: Vec<Range<usize>> = log.entries.days.iter().filter(goes).cloned().collect();
    all.extend(old.iter().cloned());
    all.sort_by_key(|range| range.start);
    all
}

/// The archived parts of a log: `archive/NAME-*.md` beside it, the oldest first.
pub(crate) fn of(log: &Path) -> Vec<PathBuf> {
    let folder = log.parent().unwrap_or(Path::new(".")).join("archive");
    let stem = log.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_part = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let is_named = || name?.strip_prefix(stem.as_str())?.starts_with(['-', '.']).then_some(());
        // `a-b-before-DATE.md` is of `a-b.md`, and not of `a.md`.
        log_of(path).map_or(is_named().is_some(), |of| of.file_stem() == log.file_stem())
            && path.extension().is_some_and(|extension| extension == "md")
            && path.is_file()
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_part).collect();
    paths.sort_unstable();
    paths
}

/// The log that an archive was taken from, by its name: `archive/NAME-before-DATE.md` beside it.
pub(crate) fn log_of(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    let (name, rest) = path.file_stem()?.to_str()?.rsplit_once("-before-")?;
    let (stamp, length) = stamp::read(rest)?;
    let number = rest[length..].strip_prefix('-').unwrap_or("1");
    let is_part = folder.file_name()? == "archive"
        && (rest.len() == length || rest[length..].starts_with('-'))
        && stamp.precision == Precision::Day
        && number.bytes().all(|digit| digit.is_ascii_digit())
        && !name.is_empty();
    let beside = folder.parent()?.join(name);
    let named = |extension: &str| PathBuf::from(format!("{}.{extension}", beside.display()));
    let long = Some(named("markdown")).filter(|log| log.is_file());
    is_part.then(|| long.unwrap_or_else(|| named("md")))
}

/// What the log says of its owner and epoch, and its archive after it.
fn said_of(target: &Target<'_>, log: &Log) -> Vec<(&'static str, String)> {
    let said = |key: &str| {
        let value = log.block.as_ref()?.value(&log.text, key)?;
        (!value.is_empty() && !front_matter::is_unexpanded(&value)).then(|| value.into_owned())
    };
    if target.role.is_some() {
        return Vec::new();
    }
    let owner = said("owner").unwrap_or_else(|| new::owner(target));
    [("owner", owner)].into_iter().chain(said("epoch").map(|epoch| ("epoch", epoch))).collect()
}

/// Writes the archive: its own front matter, and the entries as they were.
fn write_archive(
    repo: &Repo,
    (target, log): (&Target<'_>, &Log),
    body: &[u8],
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(PathBuf, Digest), Error> {
    let folder = target.path.parent().unwrap_or(Path::new(".")).join("archive");
    if folder.is_symlink() {
        return Err(Error::NotALog {
            path: repo.shown(&folder),
            why: "is a symbolic link, and entries are not moved through one",
            hint: "put a folder in its place",
        });
    }
    std::fs::create_dir_all(&folder)
        .map_err(|source| Error::Read { path: folder.clone(), source })?;
    let stem = target.path.file_stem().unwrap_or_default().to_string_lossy();
    let is_crlf = body.starts_with(b"\r\n");
    for number in 1_u32.. {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{stem}-before-{}{suffix}.md", new::day(before)));
        let own = Target { shown: repo.shown(&path), path, role: target.role };
        own.make_sure_of_its_place(repo)?;
        let head = new::front_matter(repo, &own, Digest::of(body), now);
        let head = if is_crlf { head.replace('\n', "\r\n") } else { head };
        let values = said_of(target, log);
        let head = match front_matter::read(&head) {
            Some(block) => {
                front_matter::apply(&head, &front_matter::set(&head, &block, &values, true))
            }
            None => head,
        };
        let whole = [head.as_bytes(), body].concat();
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

/// Refuses to copy a credential into another file.
fn make_sure_it_leaks_nothing(repo: &Repo, log: &Log, old: &[Range<usize>]) -> Result<(), Error> {
    let found = leak::find(&log.text, repo.secrets()?.set.as_ref());
    let is_old = |leak: &&Leak| {
        old.iter().any(|range| range.start < leak.range.end && leak.range.start < range.end)
    };
    let place = |leak: &Leak| format!("line {}: {}", log.line(leak.range.start), leak.describe());
    let places: Vec<String> = found.iter().filter(is_old).map(place).collect();
    if places.is_empty() { Ok(()) } else { Err(Error::Leak { is_archived: true, places }) }
}

/// Takes the entries out, leaves one pointer before the first entry, and keeps the front matter true.
fn cut(
    repo: &Repo,
    log: &Log,
    bytes: &[u8],
    (old, moved): (&[Range<usize>], usize),
    before: DateTime<Utc>,
    (path, digest): &(PathBuf, Digest),
) -> Change {
    let plural = if moved == 1 { "entry" } else { "entries" };
    let pointer = format!(
        "Archived: {moved} {plural} before {} → {} (sha256:{})\n\n",
        new::day(before),
        repo.shown(path),
        digest.hex()
    )
    .replace('\n', log.line_break());
    let mut body = Hasher::default();
    let mut edits = Vec::new();
    let mut at = log.block.as_ref().map_or(0, |block| block.range.end);
    // The pointer stands before all entries, so that it becomes part of none.
    let first = log.entries.entries.first().map_or(at, |entry| entry.range.start);
    let first = old.first().map_or(first, |range| first.min(range.start));
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
        let values = [("doc_hash", body.finish().to_string())];
        let head = front_matter::set(&log.text, block, &values, false);
        edits.splice(0..0, head.into_iter().map(Edit::from));
    }
    Change::Edit { edits, append: Vec::new() }
}
