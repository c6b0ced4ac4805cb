//! `symlink`: a link stands where a credential should.

use report::{Finding, Level, Rule};
use vault::Content;

use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "symlink",
    level: Level::Error,
    summary: "A symbolic link stands in the vault; it is not followed",
    why: "Who can change what a link points to decides what is read and where it is sent, and the modes of the vault say nothing about the file behind it.",
    mend: "Put the file itself in the vault.",
};

/// Looks at the root, the files asked for, and everything else where the whole vault was asked for.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    const HINT: &str = "put the file itself here; links are not followed";
    if scope.vault.root_is_link {
        findings.push(
            Finding::error(RULE.id, "the vault's folder is a symbolic link")
                .path(scope.vault.shown(""))
                .hint("name the folder itself as `root` in ops.toml; links are not followed"),
        );
    }
    for file in &scope.vault.files {
        let counts = scope.is_whole || scope.files.iter().any(|asked| asked.path == file.path);
        if let (Content::Link, true) = (&file.content, counts) {
            findings.push(
                Finding::error(RULE.id, "a symbolic link stands in the file's place")
                    .path(scope.vault.shown(&file.path))
                    .hint(HINT),
            );
        }
    }
}
