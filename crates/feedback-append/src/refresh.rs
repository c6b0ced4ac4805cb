//! `refresh`: what the front matter of a log should say, shown as changes, made on request.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use durable::{Change, Edit};
use evidence::Digest;
use report::{Exit, Format, Invocation, Streams};

use crate::args::{Args, RefreshArgs};
use crate::check;
use crate::error::Error;
use crate::front_matter::{self, Field, FrontMatter, is_unexpanded};
use crate::json::{self, RefreshedLog};
use crate::log::Log;
use crate::new;
use crate::repo::{self, Repo};
use crate::stamp;
use crate::target::Target;
use crate::text;

/// Shows or makes the changes; exits 1 where something is left to do.
pub(crate) fn run(
    args: &Args,
    refresh: &RefreshArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let files: Vec<PathBuf> =
        refresh.files.iter().map(|file| repo::resolved(&invocation.cwd.join(file))).collect();
    let repo = Repo::around(args.common.ops.as_deref(), &files, invocation)?;
    let files = if files.is_empty() { check::declared(&repo)? } else { files };
    if refresh.write {
        // All of them before the first is changed.
        for file in &files {
            let target = Target::of_file(&repo, file);
            target.make_sure_it_is_a_log(&repo)?;
            new::make_sure_it_leaks_nothing(&repo, &target, invocation.now)?;
        }
    }
    let mut shown = Vec::new();
    let mut is_left = false;
    let mut has_changes = false;
    for file in &files {
        let target = Target::of_file(&repo, file);
        let plan = if refresh.write {
            write(&repo, &target, invocation.now)?
        } else {
            plan(&repo, &target, &check::read_file(file)?, invocation.now)
        };
        is_left |= !plan.left.is_empty();
        has_changes |= !plan.changes.is_empty();
        shown.push((target.shown, [plan.changes, plan.left].concat()));
    }
    let is_done = !is_left && (refresh.write || !has_changes);
    if refresh.answer.format == Format::Json {
        let logs = shown.iter().map(|(path, changes)| RefreshedLog { path, changes }).collect();
        report::json(
            streams.stdout,
            &json::Refresh { schema: json::REFRESH, written: refresh.write, logs },
        )?;
    } else {
        for (path, changes) in &shown {
            if changes.is_empty() {
                writeln!(streams.stdout, "{path}: up to date")?;
            }
            for change in changes {
                writeln!(streams.stdout, "{path}: {change}")?;
            }
        }
        if has_changes && !refresh.write {
            writeln!(streams.stderr, "nothing is written; add --write to make these changes")?;
        }
    }
    Ok(if is_done { Exit::OK } else { Exit::FINDINGS })
}

fn write(repo: &Repo, target: &Target<'_>, now: DateTime<Utc>) -> Result<Plan, Error> {
    let mut made = Plan::default();
    target.replace(|snapshot| {
        let bytes =
            snapshot.read().map_err(|source| Error::Read { path: target.path.clone(), source })?;
        made = plan(repo, target, &bytes, now);
        if made.edits.is_empty() {
            return Ok(Change::Keep);
        }
        let edits = made.edits.iter().cloned().map(Edit::from).collect();
        Ok(Change::Edit { edits, append: Vec::new() })
    })?;
    Ok(made)
}

/// The edits that bring a log up to date, the same in words, and what people have to do.
#[derive(Default)]
struct Plan {
    edits: Vec<front_matter::Edit>,
    changes: Vec<String>,
    left: Vec<String>,
}

impl Plan {
    /// Nothing is done to a log whose front matter is not read for sure.
    fn of_left(why: &str) -> Self {
        Self { left: vec![why.to_owned()], ..Self::default() }
    }
}

fn plan(repo: &Repo, target: &Target<'_>, bytes: &[u8], now: DateTime<Utc>) -> Plan {
    let log = Log::plain(&target.path, &target.shown, bytes);
    if front_matter::is_unclosed(&log.text) {
        // Where it ends is for people to say: what stands below may be the log or the front matter.
        return Plan::of_left(
            "the front matter is not closed; put a line `---` behind its last key",
        );
    }
    if text::conflict(&log.text, &log.entries.blocks.verbatim).is_some() {
        return Plan::of_left(
            "git's conflict markers are in it; keep the entries of both sides and take the marker lines out",
        );
    }
    let mut plan = Plan::default();
    let mut kept = evidence::Hasher::default();
    let mut at = log.block.as_ref().map_or(0, |block| block.range.end);
    for block in &log.further {
        let line = log.line(block.range.start);
        if let Some(other) = front_matter::remainder(&log.text, block) {
            plan.left.push(format!(
                "the second front matter at line {line} is left, as it has {other} too: take it out by hand"
            ));
            continue;
        }
        plan.changes.push(format!("the second front matter at line {line} is taken out"));
        plan.edits.push(front_matter::Edit { range: block.range.clone(), text: String::new() });
        kept.update(&bytes[at..block.range.start]);
        at = block.range.end;
    }
    kept.update(&bytes[at..]);
    let hash = kept.finish();
    let Some(block) = log.block.clone() else {
        let text = new::front_matter(repo, target, hash, now);
        plan.changes.insert(0, "front matter is put in front".to_owned());
        plan.edits.insert(0, front_matter::Edit { range: 0..0, text });
        return plan;
    };
    let (block, doubles) = without_doubles(&log.text, block);
    let mut values = values(repo, target, &log, hash, now);
    let stated = block.value(&log.text, "doc_hash").unwrap_or_default();
    if plan.edits.is_empty()
        && stated.strip_prefix("sha256:").is_some_and(|stated| log.is_body_hash(stated))
    {
        // It holds, if with the line ends that git has.
        values.retain(|(key, _)| *key != "doc_hash");
    }
    let mut set = [front_matter::set(&log.text, &block, &values, true), doubles.clone()].concat();
    set.sort_by_key(|edit| edit.range.start);
    let edited = front_matter::apply(&log.text[..block.range.end], &set);
    if !front_matter::holds(&log.text, &block, &edited, &values) {
        return Plan::of_left(
            "the front matter is not one `key: value` a line, as this tool reads it, and is left: write it so by hand",
        );
    }
    for edit in &doubles {
        let key = log.text[edit.range.clone()].split(':').next().unwrap_or_default();
        let line = log.line(edit.range.start);
        plan.changes.push(format!("the second `{key}` at line {line} is taken out"));
    }
    for (key, value) in &values {
        let before = block.value(&log.text, key);
        let obstacle = front_matter::obstacle(&block, key);
        if obstacle.is_none() && before.as_deref() == Some(value.as_str()) {
            continue;
        }
        let written = front_matter::written(key, value);
        let shown = if value.len() > 40 && *key == "doc_hash" {
            format!("{}…", &value[..15])
        } else {
            value.clone()
        };
        match (obstacle, before) {
            (Some(why), _) => plan.left.push(format!(
                "`{key}` is left, as it {why}: make it one line by hand, `{key}: {written}`"
            )),
            (None, Some(_)) => plan.changes.push(format!("`{key}` becomes {shown}")),
            (None, None) => plan.changes.push(format!("`{key}: {shown}` is added")),
        }
    }
    plan.edits.splice(0..0, set);
    plan
}

/// The block without the lines that a merge of two branches leaves there twice, both the tool's own, and the edits that
/// take those out. Of days the later one stays.
fn without_doubles(
    document: &str,
    mut block: FrontMatter,
) -> (FrontMatter, Vec<front_matter::Edit>) {
    let is_own = |field: &Field| {
        let text = field.text(document);
        let is_value = match text.strip_prefix("sha256:") {
            Some(hex) => text::is_hash(hex),
            None => stamp::read_whole(&text).is_some(),
        };
        let rest = &document[field.value.end..];
        is_value && !field.continues && rest.starts_with(['\n', '\r'])
    };
    let mut edits = Vec::new();
    for key in ["doc_hash", "last_reviewed", "expires"] {
        let named = || block.fields.iter().filter(|field| field.key == key);
        let stays = named().map(|field| field.text(document).into_owned()).max();
        if named().count() < 2 || !named().all(is_own) {
            continue;
        }
        let stays = named().find(|field| Some(field.text(document).as_ref()) == stays.as_deref());
        let stays = stays.map_or(0, |field| field.offset);
        for field in named().filter(|field| field.offset != stays) {
            let rest = &document[field.offset..];
            let end = rest.find('\n').map_or(document.len(), |at| field.offset + at + 1);
            edits.push(front_matter::Edit { range: field.offset..end, text: String::new() });
        }
        block.fields.retain(|field| field.key != key || field.offset == stays);
    }
    edits.sort_by_key(|edit| edit.range.start);
    (block, edits)
}

/// What the keys should say: what is declared and computed always, what a person may know better only where it is
/// missing or cannot be true.
fn values(
    repo: &Repo,
    target: &Target<'_>,
    log: &Log,
    hash: Digest,
    now: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let value = |key| log.block.as_ref().and_then(|block| block.value(&log.text, key));
    let date = |key| value(key).and_then(|text| stamp::read(&text)?.0.at);
    let mut values = vec![("doc", target.shown.clone()), ("doc_hash", hash.to_string())];
    let declared = target.role.and(repo.ops.as_ref());
    if let Some(epoch) = declared.and_then(|ops| ops.feedback.epoch.clone()) {
        values.insert(0, ("epoch", epoch));
    }
    if target.role.is_some()
        || value("owner").is_none_or(|owner| owner.is_empty() || is_unexpanded(&owner))
    {
        values.push(("owner", new::owner(target)));
    }
    let newest =
        log.entries.entries.iter().filter_map(|entry| entry.stamp.at).filter(|at| *at <= now).max();
    let reviewed = date("last_reviewed").filter(|at| *at <= now);
    if reviewed.is_none() {
        values.push(("last_reviewed", new::day(newest.unwrap_or(now))));
    }
    if date("expires").is_none() {
        values.push(("expires", new::day(reviewed.or(newest).unwrap_or(now) + new::lasts(repo))));
    }
    values
}

#[cfg(test)]
mod tests;
