//! Puts leaks into words that reveal nothing but the credential's name.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use chrono::NaiveDate;
use opsfile::Ops;
use report::Finding;
use secret::{Encoding, Part, Redactor, Secret, SecretSet, form};

use crate::fingerprint::Key;
use crate::leaks::allowed::{self, Allowance, Verdict};
use crate::leaks::archive::{Inside, Unread};
use crate::leaks::look::{Leak, Narrow};
use crate::leaks::stream::Found;
use crate::leaks::tree::{Missed, Visited};

/// What is needed to tell of a leak.
pub(crate) struct Teller<'a> {
    pub(crate) ops: &'a Ops,
    pub(crate) set: &'a SecretSet,
    /// Short values, which a path may hold next to their key.
    pub(crate) narrow: &'a [Narrow<'a>],
    /// The vault's key; there when fingerprints are shown or looked up.
    pub(crate) key: Option<Key>,
    pub(crate) shows_fingerprints: bool,
    /// The stores of git's whose history is searched too.
    pub(crate) searched: HashSet<PathBuf>,
    pub(crate) allowances: &'a [Allowance],
    pub(crate) today: NaiveDate,
}

/// Somebody looked at it and lets it stand.
struct Stands;

impl Teller<'_> {
    /// Everything that is worth telling of a file or a folder.
    pub(crate) fn visited(&self, visited: &Visited) -> Vec<Finding> {
        let path = self.ops.relative(&visited.path);
        let mut findings = self.inside(&path, "", &visited.inside);
        for found in &visited.in_name {
            findings.extend(self.leak(&path, "in its name or target", found));
        }
        // What `--history` searched is not told as missed.
        let is_missed = |missed: &&Missed| {
            let store = visited.path.parent().and_then(|store| fs::canonicalize(store).ok());
            !(matches!(missed, Missed::History)
                && store.is_some_and(|store| self.searched.contains(&store)))
        };
        let missed = visited.missed.as_ref().filter(is_missed);
        findings.extend(missed.map(|missed| self.missed(&path, missed)));
        findings
    }

    /// Everything that is worth telling of a text; `whence` says where the text comes from.
    pub(crate) fn inside(&self, path: &str, whence: &str, inside: &Inside) -> Vec<Finding> {
        let whence_of = |member: &str| match (whence, member) {
            (whence, "") => whence.to_owned(),
            ("", member) => format!("in its member {member}"),
            (whence, member) => format!("{whence}, in its member {member}"),
        };
        let mut findings = Vec::new();
        let is_same = |one: &(String, Found), next: &(String, Found)| {
            one.0 == next.0 && is_followed_by(&one.1, &next.1)
        };
        for run in inside.found.chunk_by(is_same) {
            let lines: Vec<&Found> = run.iter().map(|(_, found)| found).collect();
            findings.extend(self.leaks(path, &whence_of(&run[0].0), &lines));
        }
        for (member, unread) in &inside.unread {
            let whence = whence_of(member);
            let message = format!("this was not searched{}: {}", spaced(&whence), unread.text());
            // The same in the tree, in the index and in the history.
            let reason = format!("{member}: {}", unread.text());
            let Ok(allowing) = self.hint(self.fingerprint(path, "not-read", reason.as_bytes()))
            else {
                continue;
            };
            let reading = (*unread == Unread::Pdf).then(|| {
                "send its text to the search: `pdftotext FILE - | vault-check leaks --stdin`".into()
            });
            let finding = Finding::warning("not-read", self.shown(&message)).path(self.shown(path));
            findings.push(match allowing.or(reading) {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
        findings
    }

    /// One leak, unless it is allowed.
    pub(crate) fn leak(&self, path: &str, whence: &str, found: &Found) -> Option<Finding> {
        self.leaks(path, whence, &[found])
    }

    /// Leaks of one credential in one line each, one below the other: they are told, and allowed, as one.
    fn leaks(&self, path: &str, whence: &str, lines: &[&Found]) -> Option<Finding> {
        let found = lines.first()?;
        let (rule, name, what) = match &found.leak {
            Leak::Value { name, part, encoding, in_part } => {
                let some = if *in_part { "a piece of " } else { "" };
                let how = if *encoding == Encoding::Raw {
                    String::new()
                } else {
                    format!(", as {encoding}")
                };
                let what = match (part, lines.len()) {
                    (Part::Line, 1) => format!("{some}a line of `{name}` stands"),
                    (Part::Line, n_lines) => format!("{n_lines} lines of `{name}` stand"),
                    _ => format!("{some}the {part} of `{name}` stands"),
                };
                ("leaked-value", name.as_str(), format!("{what} here{how}"))
            }
            Leak::BesideKey { name } => (
                "leaked-value",
                name.as_str(),
                format!("the value of `{name}` stands here, next to its key"),
            ),
            Leak::Form { rule } => {
                let known = form::RULES.iter().find(|known| known.id == *rule);
                (
                    "leaked-form",
                    *rule,
                    known.map_or("a credential", |known| known.summary).to_owned(),
                )
            }
        };
        // What stands for others too has no fingerprint, so that nobody can allow them.
        let written = lines.iter().map(|line| line.written.expose()).collect::<Vec<_>>();
        let written = Secret::new(written.join(&b'\n'));
        let fingerprint = (!written.expose().is_empty())
            .then(|| self.fingerprint(path, name, written.expose()))
            .flatten();
        let hint = self.hint(fingerprint).ok()?;
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        let more = match lines.iter().map(|line| line.n_more).sum::<u64>() {
            0 => String::new(),
            n_more => format!(", and at {n_more} more places"),
        };
        let finding = Finding::error(rule, self.shown(&format!("{what}{}{more}", spaced(whence))))
            .path(self.shown(path))
            .line(number(found.line))
            .column(number(found.column))
            .key(self.shown(name));
        Some(match hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        })
    }

    fn missed(&self, path: &str, missed: &Missed) -> Finding {
        let path_shown = self.shown(path);
        match missed {
            Missed::Failed(error) => {
                Finding::warning("not-read", format!("this was not searched: {}", why(error)))
                    .path(path_shown)
            }
            Missed::Vault => {
                Finding::note("not-read", "this was not searched: credentials are meant to be here")
                    .path(path_shown)
            }
            Missed::Named => Finding::warning(
                "not-read",
                "this was not searched: it is a pipe, a socket or a device",
            )
            .path(path_shown)
            .hint("send what comes out of it to `vault-check leaks --stdin`"),
            Missed::NoFile => Finding::note(
                "not-read",
                "this was not searched: it is a pipe, a socket or a device",
            )
            .path(path_shown),
            Missed::History => {
                let finding = Finding::note("not-read", "the history was not searched here");
                let finding = finding.path(path_shown);
                if is_below(path) {
                    finding.hint("`vault-check leaks --history` searches it")
                } else {
                    let git_dir = self.shown(path.trim_end_matches("/objects"));
                    finding.hint(format!("it is another repository's: `git --git-dir {git_dir} cat-file --batch-all-objects --batch | vault-check leaks --stdin`"))
                }
            }
        }
    }

    /// What can be done about a finding with this fingerprint; `Stands` where the list lets it stand.
    fn hint(&self, fingerprint: Option<String>) -> Result<Option<String>, Stands> {
        let Some(fingerprint) = fingerprint else { return Ok(None) };
        match allowed::verdict(self.allowances, &fingerprint, self.today) {
            Verdict::Allowed => Err(Stands),
            Verdict::ExpiredOn(date) => Ok(Some(format!("it was allowed until {date}"))),
            Verdict::NotListed => Ok(self.shows_fingerprints.then(|| {
                format!(
                    "to allow it for a time: `{fingerprint} YYYY-MM-DD REASON` in {}",
                    allowed::FILE
                )
            })),
        }
    }

    /// A finding's keyed fingerprint: the same credential written the same way in the same file, or what was not
    /// read there for the same reason. What is written goes into the keyed digest and nowhere else.
    fn fingerprint(&self, path: &str, name: &str, written: &[u8]) -> Option<String> {
        let text = [path.as_bytes(), b"\0", name.as_bytes(), b"\0", written].concat();
        self.key.as_ref()?.fingerprint(&Secret::new(text))
    }

    /// A path may hold a value itself, so it is redacted like any other text.
    fn shown(&self, text: &str) -> String {
        let mut redactor = Redactor::with_forms(self.set);
        let mut output = Vec::new();
        redactor.push(text.as_bytes(), &mut output);
        redactor.finish(&mut output);
        for narrow in self.narrow {
            narrow.redact(&mut output);
        }
        String::from_utf8_lossy(&output).into_owned()
    }
}

/// Whether one leak is a line of a credential, and the next another below it, as in a diff of a PEM file. A piece of a
/// line is none.
fn is_followed_by(one: &Found, next: &Found) -> bool {
    let is_line = matches!(one.leak, Leak::Value { part: Part::Line, in_part: false, .. });
    let is_told = |found: &Found| !found.written.expose().is_empty();
    is_line && one.leak == next.leak && next.line == one.line + 1 && is_told(one) && is_told(next)
}

/// Whether a path from the folder of ops.toml leads to something below it.
fn is_below(path: &str) -> bool {
    !path.starts_with('/') && !path.starts_with("..")
}

/// What the system said, in its words; an error that is not the system's may quote what was read.
fn why(error: &io::Error) -> String {
    let said = error.to_string();
    match (error.raw_os_error(), said.split_once(" (os error")) {
        (Some(_), Some((words, _))) => words.to_lowercase(),
        _ => error.kind().to_string(),
    }
}

/// What is wrong with a line of the list of allowed leaks.
pub(crate) fn allowance(line: u32, message: &'static str) -> Finding {
    Finding::warning("allowance", message).path(allowed::FILE).line(line)
}

fn spaced(whence: &str) -> String {
    if whence.is_empty() { String::new() } else { format!(", {whence}") }
}
