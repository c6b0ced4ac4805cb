//! The rules of citations: `citation-missing citation-changed citation-ignored citation-glob`.

use report::{Finding, Level, quoted};

use crate::citation::Citation;
use crate::log::Log;
use crate::resolve::{Class, Resolved, Resolver};

/// Applies the rules to one log.
pub(super) fn check(log: &Log, resolver: &Resolver<'_>) -> Vec<Finding> {
    let folder = log.path.parent().unwrap_or(&log.path);
    let to_finding = |citation: &Citation| {
        let found = resolver.resolve(folder, citation);
        let (rule, level, message, hint) = judge(citation, found)?;
        let path = &citation.path;
        let finding = log.finding(
            rule,
            level,
            citation.range.start,
            match found.class {
                Class::Ok => message,
                class => format!("{}: {message}", class.word()),
            },
        );
        let finding = finding.key(path.clone());
        Some(match hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        })
    };
    log.citations.paths.iter().filter_map(to_finding).collect()
}

type Judgement = (&'static str, Level, String, Option<String>);

/// What is wrong with a citation, if anything. Proof weighs more than a mention in passing.
fn judge(citation: &Citation, resolved: Resolved<'_>) -> Option<Judgement> {
    let heavy = if citation.is_evidence { Level::Error } else { Level::Warning };
    let light = if citation.is_evidence { Level::Warning } else { Level::Note };
    let told = |rule, level, message: &str| (rule, level, message.to_owned(), None);
    let missing = |message| told("citation-missing", heavy, message);
    Some(match resolved.class {
        Class::Ok if citation.has_other_hash => told(
            "citation-changed",
            Level::Note,
            "the hash beside it is not compared: only SHA-256 by its name, in hex digits, is",
        ),
        Class::Ok => return None,
        Class::Changed | Class::Gitignored | Class::Untracked if resolved.in_vault => return None,
        Class::Changed => told("citation-changed", Level::Error, "its hash is not the cited one"),
        Class::Missing => missing("nothing is there"),
        Class::Deleted(path) => {
            let (rule, level, message, _) = missing("nothing is there any more");
            (rule, level, message, Some(format!("`git restore {}` brings it back", quoted(path))))
        }
        Class::Moved(to) => {
            let (rule, level, message, _) = missing("nothing is there");
            (rule, level, message, Some(format!("{to} has the same name")))
        }
        Class::Outside => missing("it lies outside the repo, where the next reader cannot follow"),
        Class::RedactedPath => missing("a redactor broke the path"),
        Class::Placeholder => {
            let level = if citation.is_evidence { heavy } else { Level::Note };
            told("citation-missing", level, "a part of it was never filled in")
        }
        Class::Gitignored => {
            let message = "the next reader's clone will not have it";
            let (rule, level, message, _) = told("citation-ignored", heavy, message);
            let hint = "take the evidence folder out of .gitignore; bundles are redacted";
            (rule, level, message, Some(hint.to_owned()))
        }
        Class::Untracked => told("citation-ignored", Level::Note, "it is not committed yet"),
        Class::Glob(Some(0)) => {
            told("citation-glob", light, "a pattern, and no committed file matches it")
        }
        Class::Glob(Some(matched)) => {
            let message = format!("a pattern; it matches {matched} committed today");
            told("citation-glob", light, &message)
        }
        Class::Glob(None) => told("citation-glob", light, "a pattern has no hash"),
    })
}
