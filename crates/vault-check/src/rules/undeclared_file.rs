//! `undeclared-file`: the vault has a file that ops.toml does not know.

use report::{Finding, Level, Rule};
use vault::Content;

use crate::drift::{self, Declared, Drift};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "undeclared-file",
    level: Level::Warning,
    summary: "The vault has a file that ops.toml does not declare",
    why: "Nobody rotates what nobody lists. Old copies and second spellings hold values that are still valid.",
    mend: "Declare the file, move its content to the canonical path, or remove it.",
};

const UNDECLARED: &str = "ops.toml does not declare the file";

/// Looks at every file that was found and not declared, where the whole vault was asked for.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    if !scope.is_whole {
        return;
    }
    let (known, found): (Vec<_>, Vec<_>) =
        scope.vault.files.iter().partition(|file| file.declared.is_some());
    if found.is_empty() {
        return;
    }
    let declared = Declared::new(known.iter().map(|file| file.path.as_str()));
    for file in found {
        // A link has a rule of its own.
        if let Content::Link = file.content {
            continue;
        }
        let (message, hint) = match declared.meant_by(&file.path) {
            Some((canonical, drift)) => {
                let canonical = scope.vault.shown(canonical);
                match drift {
                    Drift::Leftover => (
                        format!("a leftover copy of {canonical}"),
                        "compare the two, keep the one that is right, and remove this".to_owned(),
                    ),
                    Drift::Alias => (
                        format!("another name for {canonical}"),
                        format!("move what is right to {canonical} and remove this"),
                    ),
                    Drift::Spelling => (
                        format!("perhaps a misspelt {canonical}"),
                        format!("if so, rename it to {canonical}"),
                    ),
                }
            }
            None if drift::is_leftover(&file.path) => (
                UNDECLARED.to_owned(),
                "by its name a copy left behind: remove it, or give it a name and declare that"
                    .to_owned(),
            ),
            None => (
                UNDECLARED.to_owned(),
                "declare it under [[vault.file]] (`vault-check init` proposes how), or remove it"
                    .to_owned(),
            ),
        };
        findings.push(
            Finding::warning(RULE.id, message).path(scope.vault.shown(&file.path)).hint(hint),
        );
    }
}
