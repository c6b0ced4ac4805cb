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
    let missing = |message: &str| Some(("citation-missing", heavy, message.to_owned(), None));
    match resolved.class {
        Class::Ok if citation.has_other_hash => {
            let message =
                "the hash beside it is not compared: only SHA-256 by its name, in hex digits, is"
                    .to_owned();
            Some(("citation-changed", Level::Note, message, None))
        }
        Class::Ok => None,
        Class::Changed | Class::Gitignored | Class::Untracked if resolved.in_vault => None,
        Class::Changed => {
            let message = "its hash is not the cited one".to_owned();
            Some(("citation-changed", Level::Error, message, None))
        }
        Class::Missing => missing("nothing is there"),
        Class::Deleted(path) => {
            let message = "nothing is there any more".to_owned();
            let hint = format!("`git restore {}` brings it back", quoted(path));
            Some(("citation-missing", heavy, message, Some(hint)))
        }
        Class::Moved(to) => {
            let message = "nothing is there".to_owned();
            Some(("citation-missing", heavy, message, Some(format!("{to} has the same name"))))
        }
        Class::Outside => missing("it lies outside the repo, where the next reader cannot follow"),
        Class::RedactedPath => missing("a redactor broke the path"),
        Class::Placeholder if citation.is_evidence => missing("a part of it was never filled in"),
        Class::Placeholder => Some((
            "citation-missing",
            Level::Note,
            "a part of it was never filled in".to_owned(),
            None,
        )),
        Class::Gitignored => {
            let message = "the next reader's clone will not have it".to_owned();
            let hint =
                "take the evidence folder out of .gitignore; bundles are redacted".to_owned();
            Some(("citation-ignored", heavy, message, Some(hint)))
        }
        Class::Untracked => {
            Some(("citation-ignored", Level::Note, "it is not committed yet".to_owned(), None))
        }
        Class::Glob(matched) => {
            let message = match matched {
                Some(0) => "a pattern, and no committed file matches it".to_owned(),
                Some(matched) => format!("a pattern; it matches {matched} committed today"),
                None => "a pattern has no hash".to_owned(),
            };
            Some(("citation-glob", light, message, None))
        }
    }
}
