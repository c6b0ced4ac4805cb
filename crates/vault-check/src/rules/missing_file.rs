//! `missing-file`: a declared file is not there, or cannot be read.

use report::{Finding, Level, Rule};
use vault::Content;

use crate::drift::Declared;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "missing-file",
    level: Level::Error,
    summary: "A declared file is not there, or cannot be read",
    why: "Whatever needs its credentials fails later, further from the cause, and often halfway through a change. A file under a drifted name (token_prod.env for api_token_prod.env) is as good as missing.",
    mend: "Put the file where ops.toml says, rename the one that drifted, or set `optional = true` if nothing needs it.",
};

/// Looks at every declared file.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    if scope.vault.root_folder.is_none() && !scope.vault.root_is_link && scope.files.is_empty() {
        findings.push(
            Finding::error(RULE.id, "the vault's folder is not there")
                .path(scope.vault.shown(""))
                .hint("put the folder in place, or mend `root` in ops.toml"),
        );
    }
    let undeclared: Vec<&str> = scope
        .vault
        .files
        .iter()
        .filter(|file| file.declared.is_none())
        .map(|file| file.path.as_str())
        .collect();
    let is_missing = |file: &&vault::File| matches!(file.content, Content::Missing);
    // With nothing to stand in for them they are not compared.
    let missing = scope.vault.files.iter().filter(|_| !undeclared.is_empty()).filter(is_missing);
    let stand_ins = Declared::new(missing.map(|file| file.path.as_str())).stand_ins(&undeclared);
    for file in &scope.files {
        let Some(declared) = &file.declared else { continue };
        let message = match &file.content {
            Content::Missing if declared.optional => continue,
            Content::Missing
                if scope.vault.folders.iter().any(|folder| folder.path == file.path) =>
            {
                "a folder stands in the file's place".to_owned()
            }
            Content::Missing => "the file is missing".to_owned(),
            Content::Unreadable(reason) => {
                format!("the file is there but could not be read: {reason}")
            }
            // A link has a rule of its own.
            Content::Link | Content::Env(_) | Content::Whole(_) => continue,
        };
        let hint = match (&file.content, stand_ins.get(file.path.as_str())) {
            (Content::Unreadable(_), _) => {
                "put a plain file in place that the one who runs the tools can read".to_owned()
            }
            (_, Some(found)) => {
                format!("{} looks like it under another name; rename it", scope.vault.shown(found))
            }
            (_, None) => obtain(declared),
        };
        let finding =
            Finding::error(RULE.id, message).path(scope.vault.shown(&file.path)).hint(hint);
        findings.push(finding);
    }
}

fn obtain(declared: &opsfile::VaultFile) -> String {
    let keys: Vec<&str> = declared.keys.keys().map(String::as_str).collect();
    let holds = if keys.is_empty() { String::new() } else { format!(" with {}", keys.join(", ")) };
    let owner = declared
        .owner
        .as_ref()
        .map(|owner| format!("; {owner} answers for it"))
        .unwrap_or_default();
    format!("put the file in place{holds}, mode 0600{owner}")
}
