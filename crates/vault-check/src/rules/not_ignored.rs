//! `not-ignored`: one `git add .` would put the vault into git.

use report::{Finding, Level, Rule};

use crate::git::Answer;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "not-ignored",
    level: Level::Error,
    summary: "No ignore pattern keeps the vault, or a file of it, out of git",
    why: "One `git add .` away from a leak that no later commit takes back.",
    mend: "Add the vault's folder to .gitignore: the folder, not a pattern for some of its files.",
};

/// Looks at the folder as a whole, and at the files asked for.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    let git = match &scope.git {
        Answer::NoRepository => return,
        Answer::Unknown(reason) => {
            findings.push(
                Finding::warning(
                    RULE.id,
                    format!("whether git tracks or ignores the vault is unknown: {reason}"),
                )
                .path(scope.vault.shown(""))
                .hint("`git status` in that folder says why"),
            );
            return;
        }
        Answer::Known(git) => git,
    };
    let root = scope.vault.shown("");
    let hint = format!("add a line `/{root}/` to .gitignore");
    let not_ignored: Vec<&str> = scope
        .vault
        .files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| scope.is_whole || scope.files.iter().any(|file| file.path == *path))
        // A tracked file has a finding of its own, and no pattern would help it.
        .filter(|path| git.not_ignored.contains(*path) && !git.tracked.contains(*path))
        .collect();
    if !git.is_folder_ignored {
        let message = if not_ignored.is_empty() {
            "git ignores the files that are there, but not the folder: a new file would not be ignored"
        } else {
            "git does not ignore the vault"
        };
        let level = if not_ignored.is_empty() { Level::Warning } else { Level::Error };
        findings.push(Finding::new(RULE.id, level, message).path(root).hint(hint));
        return;
    }
    for path in not_ignored {
        findings.push(
            Finding::error(RULE.id, "git does not ignore the file")
                .path(scope.vault.shown(path))
                .hint("a pattern that begins with `!` takes it out again; remove that"),
        );
    }
}
