//! `syntax`: a line is written so that not every reader understands it.

use envfile::ProblemCode;
use report::{Finding, Level, Rule};

use crate::rules::{at, env_files};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "syntax",
    level: Level::Error,
    summary: "A line is malformed, or departs from the form that every reader understands",
    why: "Shells, dotenv libraries, compose and flyctl disagree on everything but a strict subset, and most skip or cut what they do not understand without a word.",
    mend: "Write NAME=value, NAME='value' or NAME=\"value\", one a line, UTF-8, LF, no `export`, no spaces around `=`.",
};

/// Reports every problem of every file, by place and reason, never by text.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for (file, env) in env_files(scope) {
        // The bytes are looked at and go nowhere.
        if !env.problems().is_empty() && envfile::from_utf16(env.expose()).is_some() {
            let message = "the file is in UTF-16, which next to no reader knows";
            let finding = Finding::error(RULE.id, message)
                .path(scope.vault.shown(&file.path))
                .hint(mend(ProblemCode::InvalidUtf8));
            findings.push(at(finding, 1, 1));
            continue;
        }
        for problem in env.problems() {
            let level = level(problem.code);
            let mut finding = Finding::new(RULE.id, level, problem.code.message())
                .path(scope.vault.shown(&file.path))
                .hint(mend(problem.code));
            if let Some(key) = &problem.key {
                finding = finding.key(key.clone());
            }
            findings.push(at(finding, problem.line, problem.column));
        }
    }
}

/// An error where the value is in doubt, a warning where some reader gets it wrong, else a note.
fn level(code: ProblemCode) -> Level {
    match code {
        code if code.is_doubtful() => Level::Error,
        ProblemCode::LowerCaseKey | ProblemCode::NoFinalNewline => Level::Note,
        _ => Level::Warning,
    }
}

fn mend(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::NoEquals => "write NAME=value, or begin the line with `#`",
        ProblemCode::InvalidKey => {
            "a name has letters, digits and `_`, and does not begin with a digit"
        }
        ProblemCode::NoName => "write NAME=value; put a value of several lines in double quotes",
        ProblemCode::UnterminatedQuote => "close the quote, or take it away",
        ProblemCode::TextAfterQuote => "put the whole value in one pair of quotes",
        ProblemCode::TripleQuote => "use one pair of quotes; a double-quoted value may cover lines",
        ProblemCode::BareHash => "put the value in quotes; for a comment, put a space before `#`",
        ProblemCode::UnknownEscape => {
            "write a backslash as \\\\ in double quotes, or use single quotes"
        }
        ProblemCode::ControlByte => "remove it; it often comes from a terminal or a copied page",
        ProblemCode::InvalidUtf8 => "save the file as UTF-8",
        ProblemCode::Export => "leave `export` out; to export while sourcing, use `set -a`",
        ProblemCode::Space => "write NAME=value without spaces",
        ProblemCode::SingleQuotedBreak => "use double quotes for a value of several lines",
        ProblemCode::LowerCaseKey => "write keys in capitals",
        ProblemCode::ByteOrderMark => "save the file as UTF-8 without a byte order mark",
        ProblemCode::CarriageReturn => "save the file with LF line ends",
        ProblemCode::NoFinalNewline => {
            "end the last line too; `while read` loops skip it otherwise"
        }
    }
}
