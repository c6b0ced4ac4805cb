//! The one durable write: under the log's lock, the entry behind the last byte and the front matter kept true.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use durable::{Change, Edit, Snapshot};
use evidence::Digest;
use report::Invocation;

use super::{aside, closers};
use crate::archive;
use crate::blocks;
use crate::commonmark::Open;
use crate::draft::{self, Draft};
use crate::entry;
use crate::error::Error;
use crate::front_matter;
use crate::git::Git;
use crate::new;
use crate::regular;
use crate::repo::Repo;
use crate::stamp;
use crate::survey::{self, Survey};
use crate::target::{self, Target};
use crate::text;

/// By how much the clock may be behind the last entry and still count as the same moment: a process that was held
/// up between reading its clock and getting the lock.
const SAME_MOMENT: TimeDelta = TimeDelta::seconds(5);

/// How long a program may take to write a file that it has emptied.
const SAVING: Duration = Duration::from_secs(2);

/// What was done.
pub(super) struct Written {
    /// False where the entry was there already.
    pub(super) is_new: bool,
    /// The log that has it, or its archive.
    pub(super) path: String,
    /// The line of its heading.
    pub(super) line: u64,
    /// The time in its heading.
    pub(super) at: DateTime<Utc>,
    /// How many headings before it have the same anchor.
    pub(super) n_namesakes: usize,
    /// What is wrong with the log as it was found.
    pub(super) warnings: Vec<String>,
}

/// Writes the entry, unless it is there.
pub(super) fn write(
    repo: &Repo,
    target: &Target<'_>,
    draft: &Draft,
    is_keyed: bool,
    invocation: &Invocation,
    started: Instant,
) -> Result<Written, Error> {
    draft.check(&draft.render(invocation.now)).map_err(Error::Spoilt)?;
    if target.role.is_none() && !target.path.exists() && !target.path.is_symlink() {
        return Err(Error::NoLog { path: target.path.clone() });
    }
    if let Some(folder) = target.path.parent().filter(|_| target.role.is_some()) {
        std::fs::create_dir_all(folder)
            .map_err(|source| Error::Read { path: folder.to_path_buf(), source })?;
    }
    make_sure_it_is_not_emptied(repo, target, invocation)?;
    let mut written = None;
    target.replace(|snapshot| {
        // The time is taken under the lock, so that entries stand in the order of their times.
        let waited = TimeDelta::from_std(started.elapsed()).unwrap_or_default();
        let (change, done) =
            decide(repo, target, draft, is_keyed, invocation.now + waited, snapshot)?;
        written = Some(done);
        Ok(change)
    })?;
    written.ok_or_else(|| Error::NoLog { path: target.path.clone() })
}

/// Waits a moment for who saves a log by emptying and writing it, as editors and `>` do, and refuses one that stays
/// empty although git has it with text: what they write then would go into a file without a name.
fn make_sure_it_is_not_emptied(
    repo: &Repo,
    target: &Target<'_>,
    invocation: &Invocation,
) -> Result<(), Error> {
    let is_empty =
        || target.path.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == 0);
    if !is_empty() {
        return Ok(());
    }
    let Some(git) = Git::open(&repo.folder, invocation) else { return Ok(()) };
    let committed = git.contents("HEAD", std::slice::from_ref(&target.shown)).unwrap_or_default();
    if committed.into_iter().flatten().all(|bytes| bytes.trim_ascii().is_empty()) {
        return Ok(());
    }
    let started = Instant::now();
    while is_empty() {
        if started.elapsed() > SAVING {
            return Err(Error::NotALog {
                path: target.shown.clone(),
                why: "is empty, and git has it with text",
                hint: "if somebody is saving it, try again; else `git restore` brings it back",
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn decide(
    repo: &Repo,
    target: &Target<'_>,
    draft: &Draft,
    is_keyed: bool,
    now: DateTime<Utc>,
    snapshot: &Snapshot,
) -> Result<(Change, Written), Error> {
    let unreadable = |source| Error::Read { path: target.path.clone(), source };
    let id = is_keyed.then_some(draft.id.as_str());
    let file = snapshot.file();
    let mut found = survey::survey(file, snapshot.length(), id).map_err(unreadable)?;
    let code = || blocks::read(&found.head, 0).verbatim;
    if found.head.contains("<<<<<<< ") && text::conflict(&found.head, &code()).is_some() {
        return Err(Error::NotALog {
            path: target.shown.clone(),
            why: "has git's conflict markers, so its merge is not finished",
            hint: "keep the entries of both sides and take the marker lines out, then append",
        });
    }
    target.allow_owner(&found.head, found.block.as_ref())?;
    if let Some((line, entry)) = found.known.take() {
        return known(target, draft, line, &entry);
    }
    if let Some((path, line, entry)) = id.and_then(|id| archived(target, id)) {
        let archive = Target { shown: repo.shown(&path), path, role: target.role };
        return known(&archive, draft, line, &entry);
    }
    let ahead = found.last.filter(|last| *last > now && *last - now <= SAME_MOMENT);
    let now = ahead.unwrap_or(now);
    let mut warnings = warnings(target, &found);
    if let Some(file) = file {
        let left = aside::unseen(&target.path, file, snapshot.length(), &found);
        warnings.extend(left.iter().map(|path| {
            let path = repo.shown(path);
            format!("a writer that was killed set {path} aside, perhaps with an editor's save; look what of it is not in the log, then remove it")
        }));
    }
    let mut head = String::new();
    if snapshot.file().is_none() {
        head = new::front_matter(repo, target, Digest::of(b""), now);
        found.head.clone_from(&head);
        found.block = front_matter::read(&head);
        found.lines = head.lines().count() as u64;
        found.end = b"\n".to_vec();
        warnings.clear();
    }
    let tail_behind = |closing: &[String]| {
        let tail = format!("{}{}", gap(&found, closing), draft.render(now));
        if found.crlf { tail.replace('\n', "\r\n") } else { tail }
    };
    let closing = closing(target, draft, &found, snapshot, &tail_behind)?;
    let tail = tail_behind(&closing);
    warnings.splice(..0, left_open(&found, &closing));
    let is_cut = found.lines > 0 && !found.end.ends_with(b"\n");
    let n_breaks = gap(&found, &closing).matches('\n').count() as u64;
    let line = found.lines - u64::from(is_cut) + n_breaks + 1;
    let edits = edits(repo, &found, &tail, now);
    let has_field = found.block.as_ref().is_some_and(|block| block.field("doc_hash").is_some());
    if has_field && !edits.iter().any(|edit| edit.text.contains("sha256:")) {
        warnings.push(
            "its `doc_hash` stands there twice or over several lines, and was left as it is"
                .to_owned(),
        );
    }
    let path = target.shown.clone();
    let mut n_namesakes = 0;
    if let Some((file, last)) = file.zip(found.last)
        && last.timestamp() == now.timestamp()
    {
        let anchor = draft::anchor(now, &draft.title);
        n_namesakes =
            survey::n_namesakes(file, snapshot.length(), last, &anchor).map_err(unreadable)?;
    }
    let written = Written { is_new: true, path, line, at: now, n_namesakes, warnings };
    if snapshot.file().is_none() {
        // The whole of a new log is its tail, with the edits done to its head.
        let whole = front_matter::apply(&head, &edits) + &tail;
        return Ok((Change::Edit { edits: Vec::new(), append: whole.into_bytes() }, written));
    }
    let edits = edits.into_iter().map(Edit::from).collect();
    Ok((Change::Edit { edits, append: tail.into_bytes() }, written))
}

/// The lines that end what the log leaves open, so that the entry is seen and hides no other.
fn closing(
    target: &Target<'_>,
    draft: &Draft,
    found: &Survey,
    snapshot: &Snapshot,
    tail_behind: &dyn Fn(&[String]) -> String,
) -> Result<Vec<String>, Error> {
    if found.open.is_none() && !found.is_doubtful {
        return Ok(Vec::new());
    }
    // Rare, so the whole log may be read: what is added must not close what was left open, and hide what is between.
    let unreadable = |source| Error::Read { path: target.path.clone(), source };
    let old = text::into_readable(snapshot.read().map_err(unreadable)?);
    let start = found.block.as_ref().map_or(0, |block| block.range.end);
    closers::candidates(&old[start..], found.open)
        .into_iter()
        .find(|closing| !hides(&old, start, &tail_behind(closing), draft))
        .ok_or_else(|| Error::OpenLog { path: target.shown.clone(), open: found.open })
}

/// The entry with this id in an archive of the log: where it is, the line of its heading, and its text.
fn archived(target: &Target<'_>, id: &str) -> Option<(PathBuf, u64, String)> {
    archive::of(&target.path).into_iter().rev().find_map(|path| {
        let file = regular::open(&path).ok()?;
        let length = file.metadata().ok()?.len();
        let found = survey::survey(Some(&file), length, Some(id)).ok()?;
        found.known.map(|(line, entry)| (path, line, entry))
    })
}

/// Whether an entry of the log would be gone from it, or the new one not be read, once this stands behind it.
fn hides(old: &str, start: usize, tail: &str, draft: &Draft) -> bool {
    let before = entry::read(old, start, None).entries;
    let document = format!("{old}{tail}");
    let after = entry::read(&document, start, None).entries;
    let are_kept = after.len() == before.len() + 1
        && before.iter().zip(&after).all(|(old, new)| {
            (&old.heading, &old.id, &old.title) == (&new.heading, &new.id, &new.title)
        });
    !are_kept || after.last().is_none_or(|last| last.id.as_deref() != Some(draft.id.as_str()))
}

/// The entry with this id is there: the same one is done already, another one is an error.
fn known(
    target: &Target<'_>,
    draft: &Draft,
    line: u64,
    entry: &str,
) -> Result<(Change, Written), Error> {
    let at = entry.strip_prefix("## ").and_then(stamp::read).and_then(|(stamp, _)| stamp.at);
    match at {
        Some(at) if draft.is_told_by(entry) => {
            let path = target.shown.clone();
            let warnings = Vec::new();
            let n_namesakes = 0;
            Ok((Change::Keep, Written { is_new: false, path, line, at, n_namesakes, warnings }))
        }
        _ => Err(Error::OtherContent { id: draft.id.clone(), path: target.shown.clone() }),
    }
}

/// What stands between the last byte and the entry: one empty line, and before it what ends the blocks that are open.
fn gap(found: &Survey, closing: &[String]) -> String {
    // Only the one before a line feed belongs to the line break; any other is a sign of the line.
    let is_kept = |at: &usize| found.end[*at] != b'\r' || found.end.get(at + 1) != Some(&b'\n');
    let end: Vec<u8> = (0..found.end.len()).filter(is_kept).map(|at| found.end[at]).collect();
    if !closing.is_empty() {
        let line_break = if end.ends_with(b"\n") { "" } else { "\n" };
        return format!("{line_break}{}\n\n", closing.join("\n"));
    }
    let gap = match end.as_slice() {
        [] if found.lines == 0 => "",
        [.., b'\n', b'\n'] => "",
        [.., b'\n'] => "\n",
        _ => "\n\n",
    };
    gap.to_owned()
}

/// The front matter that stays true: the body's hash, the day of the last entry, and when the log expires.
fn edits(repo: &Repo, found: &Survey, tail: &str, now: DateTime<Utc>) -> Vec<front_matter::Edit> {
    let Some(block) = &found.block else { return Vec::new() };
    let mut body = found.body.clone();
    // Where the closing line is the last of the file and has no line break, the first one added is its own.
    let is_cut = found.head.len() == block.range.end && !found.end.ends_with(b"\n");
    let cut = if is_cut { tail.find('\n').map_or(0, |at| at + 1) } else { 0 };
    body.update(&tail.as_bytes()[cut..]);
    let values = [
        ("doc_hash", body.finish().to_string()),
        ("last_reviewed", new::day(now)),
        ("expires", new::day(now + new::lasts(repo))),
    ];
    front_matter::set(&found.head, block, &values, false)
}

/// What of the log would have hidden the entry, or still does for some.
fn left_open(found: &Survey, closing: &[String]) -> Option<String> {
    let lines = closing.iter().map(|line| format!("`{line}`")).collect::<Vec<_>>().join(", ");
    let was = if closing.len() == 1 { "was" } else { "were" };
    Some(match (found.open, closing) {
        (None, []) => return None,
        (Some(Open { line, .. }), []) => format!(
            "line {line} begins an HTML block that some viewers end at the end tag of another, and others never; those do not show the entry"
        ),
        (Some(Open { line, kind }), _) => format!(
            "line {line} left {} open, in which the entry would not be seen; {lines} {was} put before it",
            kind.word()
        ),
        (None, _) => format!(
            "some viewers end an HTML block at the end tag of another, and would not show the entry; {lines} {was} put before it"
        ),
    })
}

/// Faults of the front matter that the entry leaves as they are.
fn warnings(target: &Target<'_>, found: &Survey) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(block) = &found.block else {
        if front_matter::is_unclosed(&found.head) {
            warnings.push(
                "its front matter is not closed; put a line `---` behind its last key".to_owned(),
            );
        } else if found.lines > 0 {
            let refresh = target::refresh(&target.shown, target.role.is_some());
            warnings.push(format!("it has no front matter; {refresh} adds it"));
        }
        return warnings;
    };
    if block.fields.iter().any(|field| front_matter::is_unexpanded(&field.text(&found.head))) {
        warnings.push(
            "its front matter has an unexpanded `$…`; `feedback-append check` says where"
                .to_owned(),
        );
    }
    // Code is looked for only where there is something that may stand in it.
    let further = |code: &[_]| front_matter::further_blocks(&found.head, block.range.end, code);
    if !further(&[]).is_empty()
        && !further(&blocks::read(&found.head, block.range.end).verbatim).is_empty()
    {
        warnings
            .push("it has a second front matter; `feedback-append check` says where".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests;
