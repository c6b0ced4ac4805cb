//! The rules of the front matter: `front-matter expired doc-hash wrong-doc unexpanded`.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use report::{Finding, Level};

use crate::front_matter::{self, Field, FrontMatter, KEYS, is_unexpanded, yaml};
use crate::log::Log;
use crate::repo::Repo;
use crate::stamp::{self, Precision};
use crate::target::{self, Target};
use crate::text;

/// What the front matter of a log should say.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// The path in `doc`.
    pub(crate) doc: String,
    /// The declared epoch.
    pub(crate) epoch: Option<String>,
    /// The declared owner.
    pub(crate) owner: Option<String>,
    /// Whether ops.toml declares the log, so that a command without its name means it too.
    pub(crate) is_declared: bool,
    /// The tool's clock.
    pub(crate) now: DateTime<Utc>,
}

impl Expected {
    /// The keys that the tool knows what to say in.
    fn keys(&self) -> impl Iterator<Item = &'static str> {
        KEYS.into_iter().filter(|key| *key != "epoch" || self.epoch.is_some())
    }

    /// What ops.toml says of this log.
    pub(crate) fn of(repo: &Repo, log: &Log, now: DateTime<Utc>) -> Self {
        let target = Target::of_file(repo, &log.path);
        Self {
            doc: log.shown.clone(),
            epoch: target.role.and(repo.ops.as_ref()).and_then(|ops| ops.feedback.epoch.clone()),
            owner: target.role.map(|(_, role)| role.owner.clone()),
            is_declared: target.role.is_some(),
            now,
        }
    }

    /// What to type for a declared log, and what that does; the hint for another names it, and is filled in later.
    fn with_refresh(&self, finding: Finding, does: &str) -> Finding {
        if !self.is_declared {
            return finding;
        }
        finding.hint(format!("{} {does}", target::refresh(&self.doc, true)))
    }
}

/// Applies the rules to one log.
pub(super) fn check(log: &Log, expected: &Expected) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(offset) = text::conflict(&log.text, &log.entries.blocks.verbatim) {
        // Whatever else is said of it is of both sides at once.
        let message = "git's conflict markers: the merge is not finished";
        let hint = "keep the entries of both sides and take the marker lines out, then `feedback-append refresh --write`";
        findings.push(log.finding("front-matter", Level::Error, offset, message).hint(hint));
        return findings;
    }
    for block in &log.further {
        let message = "a second front matter: the log was put behind another one's head";
        let finding = log.finding("front-matter", Level::Error, block.range.start, message);
        findings.push(match front_matter::remainder(&log.text, block) {
            Some(other) => finding.hint(format!("it has {other} too, so take it out by hand")),
            None => expected.with_refresh(finding, "takes it out"),
        });
    }
    let Some(block) = &log.block else {
        if front_matter::is_unclosed(&log.text) {
            findings.push(unclosed(log));
            return findings;
        }
        let message = "there is no front matter";
        let finding = log.finding("front-matter", Level::Warning, 0, message);
        findings.push(expected.with_refresh(finding, "adds it"));
        return findings;
    };
    keys(log, block, expected, &mut findings);
    for field in &block.fields {
        unexpanded(log, field, expected, &mut findings);
    }
    if findings.iter().all(|finding| finding.rule != "unexpanded") {
        findings.extend(yaml(log, block));
    }
    let value = |key| block.field(key).map(|field| (field, field.text(&log.text)));
    for (key, wanted) in [("epoch", &expected.epoch), ("owner", &expected.owner)] {
        if let (Some((field, found)), Some(wanted)) = (value(key), wanted)
            && !found.is_empty()
            && found != wanted.as_str()
        {
            let message = format!("`{key}` is not `{wanted}`, as ops.toml declares it");
            findings.push(at(log, field, "front-matter", Level::Warning, message));
        }
    }
    if let Some((field, found)) = value("doc")
        && !is_unexpanded(&found)
        && found != expected.doc
    {
        let message = format!("`doc` names another file than {}", expected.doc);
        findings.push(at(log, field, "wrong-doc", Level::Error, message));
    }
    dates(log, block, expected.now, &mut findings);
    hash(log, block, expected, &mut findings);
    findings
}

/// Front matter that lost its closing line.
pub(super) fn unclosed(log: &Log) -> Finding {
    let message = "the front matter is not closed, so that nobody reads it";
    let hint = "put a line `---` behind its last key";
    log.finding("front-matter", Level::Error, 0, message).hint(hint)
}

/// How the finding begins that a key is there and not read.
const UNREAD: &str = "the tool does not read";

/// The rules that hold for any document with front matter; which keys it has is its own affair.
pub(super) fn check_document(log: &Log, expected: &Expected) -> Vec<Finding> {
    let mut findings = check(log, expected);
    findings.retain(|finding| {
        finding.rule != "front-matter"
            || finding.level == Level::Error
            || finding.message.starts_with(UNREAD)
    });
    for finding in findings.iter_mut().filter(|finding| finding.rule == "expired") {
        let by_hand = "review it, then set `last_reviewed` and `expires` in its front matter";
        finding.hint = Some(by_hand.to_owned());
    }
    findings
}

fn keys(log: &Log, block: &FrontMatter, expected: &Expected, findings: &mut Vec<Finding>) {
    let told = yaml::read(&log.text[block.inner.clone()]).unwrap_or_default();
    let is_unread = |key: &str| told.keys.contains_key(key);
    // A key that neither ops.toml nor the tool can give is none to miss.
    let wanted = expected.keys();
    let (unread, missing): (Vec<_>, Vec<_>) =
        wanted.filter(|key| block.field(key).is_none()).partition(|key| is_unread(key));
    if !unread.is_empty() {
        let message = format!("{UNREAD} {} as written", unread.join(", "));
        let hint = "write each key as `key: value` on a line of its own";
        findings.push(
            log.finding("front-matter", Level::Warning, block.range.start, message).hint(hint),
        );
    }
    if !missing.is_empty() {
        let message = format!("the front matter lacks {}", missing.join(", "));
        let finding = log.finding("front-matter", Level::Warning, block.range.start, message);
        findings.push(expected.with_refresh(finding, "adds them"));
    }
    for (at_index, field) in block.fields.iter().enumerate() {
        if block.fields[..at_index].iter().any(|before| before.key == field.key) {
            let message = format!("`{}` stands there twice; the tool edits neither", field.key);
            findings.push(at(log, field, "front-matter", Level::Error, message));
        }
    }
}

/// Whether other programs can read the block: the tool itself needs lines of `key: value` only. What the parser says
/// may quote the text, so only the place is told.
fn yaml(log: &Log, block: &FrontMatter) -> Option<Finding> {
    // Keys that stand there twice are told by name.
    let inner = &log.text[block.inner.clone()];
    let offset = text::lines(inner, 0).nth(yaml::fault(inner)?).map_or(0, |(at, _)| at);
    let message = "the front matter is not valid YAML from here on; other programs do not read it";
    Some(log.finding("front-matter", Level::Error, block.inner.start + offset, message))
}

fn unexpanded(log: &Log, field: &Field, expected: &Expected, findings: &mut Vec<Finding>) {
    if !is_unexpanded(&field.text(&log.text)) {
        return;
    }
    let message = format!("`{}` holds an expansion that no shell has expanded", field.key);
    let finding = at(log, field, "unexpanded", Level::Error, message);
    findings.push(if expected.keys().any(|key| key == field.key) {
        finding
    } else {
        finding.hint("write by hand what it was to say: `refresh` does not know it")
    });
}

fn dates(log: &Log, block: &FrontMatter, now: DateTime<Utc>, findings: &mut Vec<Finding>) {
    let today = now.date_naive();
    for key in ["expires", "last_reviewed"] {
        let Some((field, text)) = filled(log, block, key) else { continue };
        findings.push(match day(&text) {
            None => at(log, field, "front-matter", Level::Error, format!("`{key}` is no date")),
            Some(expires) if key == "expires" && expires < today => {
                let days = (today - expires).num_days();
                let plural = if days == 1 { "day" } else { "days" };
                let message = format!("the log expired {days} {plural} ago, on {expires}");
                at(log, field, "expired", Level::Warning, message)
            }
            Some(reviewed) if key == "last_reviewed" && reviewed > today => {
                at(log, field, "future-time", Level::Error, "`last_reviewed` lies ahead")
            }
            Some(_) => continue,
        });
    }
}

/// Whether a log has the hash of its body.
pub(super) fn is_hash_true(log: &Log) -> bool {
    let value = log.block.as_ref().and_then(|block| filled(log, block, "doc_hash"));
    value.is_some_and(|(_, text)| {
        text.strip_prefix("sha256:").is_some_and(|hex| log.is_body_hash(hex))
    })
}

fn hash(log: &Log, block: &FrontMatter, expected: &Expected, findings: &mut Vec<Finding>) {
    let Some((field, text)) = filled(log, block, "doc_hash") else { return };
    if !text.strip_prefix("sha256:").is_some_and(text::is_hash) {
        let message = "`doc_hash` is a placeholder, not `sha256:` and 64 hex digits";
        let finding = at(log, field, "doc-hash", Level::Warning, message);
        findings.push(match front_matter::obstacle(block, "doc_hash") {
            None => expected.with_refresh(
                finding,
                "computes it; every entry written with the tool does so too",
            ),
            Some(why) => finding.hint(format!(
                "it {why}; `feedback-append refresh` says what to write in its place"
            )),
        });
    } else if !log.is_body_hash(&text["sha256:".len()..]) {
        let message =
            "`doc_hash` is not the hash of the body: the log was changed without the tool";
        let finding = at(log, field, "doc-hash", Level::Error, message);
        findings.push(
            expected.with_refresh(finding, "accepts it, once `git diff` shows nothing amiss"),
        );
    }
}

/// A field that has a value of its own, expanded and not empty.
fn filled<'a>(
    log: &'a Log,
    block: &'a FrontMatter,
    key: &str,
) -> Option<(&'a Field, Cow<'a, str>)> {
    let field = block.field(key)?;
    let text = field.text(&log.text);
    (!is_unexpanded(&text)).then_some((field, text))
}

fn day(text: &str) -> Option<NaiveDate> {
    let (stamp, length) = stamp::read(text)?;
    let is_whole = length == text.len() || stamp.precision != Precision::Day;
    stamp.at.filter(|_| is_whole).map(|at| at.date_naive())
}

fn at(
    log: &Log,
    field: &Field,
    rule: &'static str,
    level: Level,
    message: impl Into<String>,
) -> Finding {
    log.finding(rule, level, field.offset, message).key(field.key.clone())
}

#[cfg(test)]
mod tests;
