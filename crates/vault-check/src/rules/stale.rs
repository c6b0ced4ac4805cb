//! `stale`: a credential is older than it may become.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use envfile::{EnvFile, Rotated};
use memchr::memmem;
use report::{Finding, Level, Rule};
use vault::{Content, File};

use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "stale",
    level: Level::Warning,
    summary: "A credential is older than its `rotate` allows, or says that it has ended",
    why: "What leaked unnoticed stays useful until it is changed. A date in the file (`# rotated: 2025-10-01`) is told from an edit that changed no value; without one the file's own time has to do.",
    mend: "Change the credential at its issuer and write the date as `# rotated: YYYY-MM-DD` into the file.",
};

/// How many days before its end a credential's age is mentioned.
const SOON: i64 = 7;

/// How old a file's credentials are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age {
    pub(crate) days: i64,
    /// Whether the file itself says so; otherwise its time of change does.
    pub(crate) is_declared: bool,
}

impl fmt::Display for Age {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_declared { "rotated" } else { "changed" };
        match self.days {
            days if days < 0 => write!(formatter, "{word} in the future"),
            0 => write!(formatter, "{word} today"),
            1 => write!(formatter, "{word} yesterday"),
            days => write!(formatter, "{word} {days} days ago"),
        }
    }
}

/// The age of a file, from its `# rotated:` comment, else from its time of change.
pub(crate) fn age(file: &File, now: DateTime<Utc>) -> Option<Age> {
    if let Some(date) = in_lines(file, EnvFile::rotated).as_ref().and_then(date) {
        return Some(Age { days: (now.date_naive() - date).num_days(), is_declared: true });
    }
    let modified = file.modified?;
    // A clock that is a little ahead makes no file of the future.
    let days = (now - modified).num_days().max(if modified > now { -1 } else { 0 });
    Some(Age { days, is_declared: false })
}

fn date(rotated: &Rotated) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(rotated.year, rotated.month, rotated.day)
}

/// What the comments of a file say; a file that is one credential has them too, as `.pgpass` and a kubeconfig do.
fn in_lines<T>(file: &File, ask: impl Fn(&EnvFile) -> Option<T>) -> Option<T> {
    match &file.content {
        Content::Env(env) => ask(env),
        // Its comments are looked at, and it is sent nowhere.
        Content::Whole(value) if memmem::find(value.expose(), b"otated").is_some() => {
            ask(&EnvFile::from_secret(value.duplicate()))
        }
        Content::Whole(_) | Content::Missing | Content::Link | Content::Unreadable(_) => None,
    }
}

/// Looks at every file that has a `rotate`, and at what values say of their own end.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    ends(scope, findings);
    for file in &scope.files {
        let path = || scope.vault.shown(&file.path);
        if let Some(written) = in_lines(file, EnvFile::rotated) {
            let line = u32::try_from(written.line).unwrap_or(u32::MAX);
            let broken = match date(&written) {
                None => Some("the `# rotated:` comment gives no date, or one that does not exist"),
                Some(date) if date > scope.now.date_naive() + chrono::Days::new(1) => {
                    Some("the `# rotated:` comment gives a date in the future")
                }
                Some(_) => None,
            };
            if let Some(message) = broken {
                let hint = "write the day of the last rotation as YYYY-MM-DD";
                findings
                    .push(Finding::warning(RULE.id, message).path(path()).line(line).hint(hint));
            }
        }
        let Some(rotate) = file.declared.as_ref().and_then(|declared| declared.rotate) else {
            continue;
        };
        if let Some(line) = in_lines(file, EnvFile::rotated_otherwise) {
            let message = "the comment tells of a rotation, and its date is not read";
            findings.push(
                Finding::warning(RULE.id, message)
                    .path(path())
                    .line(u32::try_from(line).unwrap_or(u32::MAX))
                    .hint("write it as `# rotated: YYYY-MM-DD`"),
            );
        }
        let Some(age) = age(file, scope.now) else { continue };
        let allowed = i64::try_from(rotate.as_secs() / (24 * 60 * 60)).unwrap_or(i64::MAX);
        if age.days < 0 && !age.is_declared {
            let message =
                "the file's time of change lies in the future, so that its age is not known";
            findings.push(
                Finding::warning(RULE.id, message).path(path()).hint(
                    "write the day of the last rotation into the file: `# rotated: YYYY-MM-DD`",
                ),
            );
        } else if age.days > allowed {
            findings.push(
                Finding::warning(RULE.id, format!("{age}, and may become {allowed} days old"))
                    .path(path())
                    .hint(
                        "change it at its issuer, then write `# rotated: YYYY-MM-DD` into the file",
                    ),
            );
        } else if allowed - age.days <= SOON && allowed > SOON {
            let left = allowed - age.days;
            findings.push(
                Finding::note(RULE.id, format!("{age}; {left} days are left before it is stale"))
                    .path(path()),
            );
        }
    }
}

/// Tokens and certificates that have ended, or soon will.
fn ends(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for value in &scope.values {
        let Some(expires) = value.claims().expires else { continue };
        let days = (expires - scope.now).num_days();
        let finding = if expires <= scope.now {
            Finding::error(RULE.id, format!("the value says that it ended {} days ago", -days))
                .hint("issue a new one")
        } else if days <= SOON {
            Finding::warning(RULE.id, format!("the value says that it ends in {days} days"))
                .hint("issue a new one")
        } else {
            continue;
        };
        findings.push(value.place(scope.vault, finding));
    }
}
