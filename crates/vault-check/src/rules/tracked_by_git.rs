//! `tracked-by-git`: a file of the vault is in git, or was.

use report::{Finding, Level, Rule};

use crate::git::Answer;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "tracked-by-git",
    level: Level::Error,
    summary: "A file of the vault is tracked by git, or some commit has it",
    why: "Whoever has a clone has the credential, for as long as the clone lives; an ignore pattern does nothing for a file that is already tracked.",
    mend: "`git rm --cached` the file, change the credential at its issuer, and then decide whether history is to be rewritten.",
};

/// Looks at the files asked for, or at all that git knows.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    let Answer::Known(git) = &scope.git else { return };
    let counts = |path: &str| scope.is_whole || scope.files.iter().any(|file| file.path == path);
    for path in git.tracked.iter().filter(|path| counts(path)) {
        if is_harmless(path) {
            continue;
        }
        findings.push(
            Finding::error(RULE.id, "git tracks the file")
                .path(scope.vault.shown(path))
                .hint("git rm --cached it, then change the credential: it is in every clone"),
        );
    }
    for path in git.committed.difference(&git.tracked).filter(|path| counts(path)) {
        if is_harmless(path) {
            continue;
        }
        findings.push(
            Finding::error(RULE.id, "a commit has the file, though git tracks it no more")
                .path(scope.vault.shown(path))
                .hint("change the credential: it is in every clone (`vault-check leaks --history` says where)"),
        );
    }
}

/// What keeps a folder in git, or tells it what to ignore, is meant to be there.
fn is_harmless(path: &str) -> bool {
    matches!(
        path.rsplit('/').next(),
        Some(".gitignore" | ".gitkeep" | ".keep" | ".gitattributes" | "README.md")
    )
}
