//! `read-differently`: programs that read env files disagree on what a line says.

use envfile::{Culprit, Dialect, Difference, Disagreement, End, Quoting};
use report::{Finding, Level, Rule};

use crate::rules::{at, env_files};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "read-differently",
    level: Level::Warning,
    summary: "A shell, a dotenv library, compose, systemd or flyctl reads another value than the others",
    why: "A password with `#` is cut in half by one reader and whole in the next; `source` of an unquoted URL with `&` runs its second half as a command. The login that fails then says nothing of quoting.",
    mend: "Quote the value as the hint says. Where no quoting suits every reader, change the credential to one without the character.",
};

/// Asks every dialect about every line that is not plain.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for (file, env) in env_files(scope) {
        let path = || scope.vault.shown(&file.path);
        let mut said_of_endings = false;
        let differences = envfile::differences(env);
        if !differences.is_empty() {
            knocked_on(env, &differences, &path(), findings);
        }
        commented_out(env, path, findings);
        taken_for_lines(env, path, findings);
        for difference in differences {
            // One line with CR LF means that all have it.
            let is_ending = difference.culprit == Some(Culprit::CarriageReturn);
            if is_ending && std::mem::replace(&mut said_of_endings, true) {
                continue;
            }
            let runs = difference.dialects.iter().any(|(_, how)| *how == Disagreement::Runs);
            let level = match runs {
                true => Level::Error,
                // The tools send such a value as it is.
                false if is_left_to_fly(&difference) => Level::Note,
                false => Level::Warning,
            };
            let finding = Finding::new(RULE.id, level, message(&difference))
                .path(path())
                .key(difference.key.clone())
                .hint(hint(&difference));
            findings.push(at(finding, difference.line, difference.column));
        }
        // A file that is read to its end by the strict dialect has been judged line by line above.
        if env.problems().iter().any(|problem| problem.code.is_doubtful()) {
            refusals(env, &path(), findings);
        }
    }
}

/// Entries that are lost or changed for some because of another entry.
fn knocked_on(
    env: &envfile::EnvFile,
    differences: &[Difference],
    path: &str,
    findings: &mut Vec<Finding>,
) {
    for (index, dialects) in envfile::swallowed(env, differences) {
        let entry = &env.entries()[index];
        let verb = if dialects.len() == 1 { "loses or misreads" } else { "lose or misread" };
        let message = format!("{} {verb} the key, for an entry above runs on", list(&dialects));
        let finding = Finding::warning(RULE.id, message)
            .path(path)
            .key(entry.key.clone())
            .hint("mend the entry above that is read differently");
        findings.push(at(finding, entry.line, entry.column));
    }
}

/// Entries that an older systemd takes for a part of the comment above.
fn commented_out(env: &envfile::EnvFile, path: impl Fn() -> String, findings: &mut Vec<Finding>) {
    for index in envfile::swallowed_by_comment(env) {
        let entry = &env.entries()[index];
        let message = "systemd before version 254 does not set it, because of a backslash at the end of the comment above";
        let finding = Finding::warning(RULE.id, message)
            .path(path())
            .key(entry.key.clone())
            .hint("write something after the backslash, or take it away");
        findings.push(at(finding, entry.line, entry.column));
    }
}

/// Comments that `fly secrets import` takes for lines of their own, the first of each outcome.
fn taken_for_lines(env: &envfile::EnvFile, path: impl Fn() -> String, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for (line, end) in envfile::taken_for_lines(env) {
        let what = match end {
            End::Refused { .. } | End::Crashed { .. } => "fails on the whole file",
            End::Cut { .. } => "takes all that follows for a value",
            End::Whole => "makes a secret of the comment",
        };
        if told.contains(&what) {
            continue;
        }
        told.push(what);
        let message = format!("{} {what}, because of the white space before `#`", Dialect::Fly);
        let hint = "begin the line with `#`, and all such lines";
        findings.push(at(Finding::warning(RULE.id, message).path(path()).hint(hint), line, 1));
    }
}

/// Whether only `fly secrets import` disagrees, and no quoting helps it.
fn is_left_to_fly(difference: &Difference) -> bool {
    matches!(difference.dialects.as_slice(), [(Dialect::Fly, _)]) && !can_be_better(difference)
}

/// Whether fewer programs disagree where the value is written in the best way.
fn can_be_better(difference: &Difference) -> bool {
    let left = &difference.best.left;
    left.len() < difference.dialects.len()
        || difference.dialects.iter().any(|(_, how)| *how == Disagreement::Runs)
}

fn refusals(env: &envfile::EnvFile, path: &str, findings: &mut Vec<Finding>) {
    let mut by_line: Vec<(usize, Vec<Dialect>)> = Vec::new();
    for (dialect, end) in envfile::refusals(env) {
        let Some(line) = end.line() else { continue };
        match by_line.iter_mut().find(|(known, _)| *known == line) {
            Some((_, dialects)) => dialects.push(dialect),
            None => by_line.push((line, vec![dialect])),
        }
    }
    for (line, dialects) in by_line {
        let verbs = if dialects.len() == 1 { "stops here and loses" } else { "stop here and lose" };
        let message = format!("{} {verbs} keys of the file", list(&dialects));
        let finding =
            Finding::warning(RULE.id, message).path(path).hint("mend the syntax of the line");
        findings.push(at(finding, line, 1));
    }
}

fn message(difference: &Difference) -> String {
    let mut parts = Vec::new();
    for (how, singular, plural) in [
        (Disagreement::Runs, "would run a command in it", "would run a command in it"),
        (Disagreement::Value, "reads another value", "read another value"),
        (Disagreement::Unset, "does not set it", "do not set it"),
        (Disagreement::Refuses, "fails on it", "fail on it"),
    ] {
        let dialects: Vec<Dialect> = difference
            .dialects
            .iter()
            .filter(|(_, found)| *found == how)
            .map(|(dialect, _)| *dialect)
            .collect();
        match dialects.len() {
            0 => {}
            1 => parts.push(format!("{} {singular}", list(&dialects))),
            _ => parts.push(format!("{} {plural}", list(&dialects))),
        }
    }
    let said = parts.join("; ");
    match difference.culprit {
        Some(culprit) => format!("{said}, because of {}", name(culprit)),
        None => said,
    }
}

fn hint(difference: &Difference) -> String {
    match difference.culprit {
        Some(Culprit::CarriageReturn) => return "save the file with LF line ends".to_owned(),
        Some(Culprit::ByteOrderMark) => {
            return "save the file without a byte order mark".to_owned();
        }
        Some(Culprit::NotUtf8) => return "save the file as UTF-8".to_owned(),
        _ => {}
    }
    let best = &difference.best;
    let how = match best.quoting {
        Quoting::Bare => "write NAME=value, with no quotes and nothing after it".to_owned(),
        Quoting::Single => "put the value in single quotes, with nothing after them".to_owned(),
        Quoting::Double => {
            let breaks = if best.has_breaks { "its line breaks as they are, " } else { "" };
            let escaped = "a backslash before each `\"`, `$` and backslash in it, ";
            let escaped = if best.is_escaped { escaped } else { "" };
            format!("put the value in double quotes, with {breaks}{escaped}nothing after them")
        }
    };
    let left = &best.left;
    if left.is_empty() {
        return how;
    }
    if is_left_to_fly(difference) {
        return "no quoting helps; `fly-secrets apply` sends the value as it is".to_owned();
    }
    if !can_be_better(difference) {
        return "no quoting suits more of them; let none of these read the file, or change the credential".to_owned();
    }
    let verb = if left.len() == 1 { "differs" } else { "differ" };
    format!(
        "no quoting suits all: {how}, and only {} still {verb}; or change the credential",
        list(left)
    )
}

fn name(culprit: Culprit) -> String {
    match culprit {
        Culprit::Character('`') => "a backtick".to_owned(),
        Culprit::Character('\'') => "a single quote".to_owned(),
        Culprit::Character('"') => "a double quote".to_owned(),
        Culprit::Character('\\') => "a backslash".to_owned(),
        Culprit::Character('\r') => "a carriage return in the value".to_owned(),
        Culprit::Character(character) => format!("`{character}`"),
        Culprit::Space => "a space".to_owned(),
        Culprit::LineBreak => "a line break".to_owned(),
        Culprit::CarriageReturn => {
            "CR at the end of the line, here and on all such lines".to_owned()
        }
        Culprit::ByteOrderMark => "a byte order mark".to_owned(),
        Culprit::Export => "`export`".to_owned(),
        Culprit::NotAscii => "a character beyond ASCII".to_owned(),
        Culprit::NotUtf8 => "bytes that are not UTF-8".to_owned(),
    }
}

fn list(dialects: &[Dialect]) -> String {
    let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
