//! `undeclared-key`: a declared file has a key that ops.toml does not know.

use report::{Finding, Level, Rule};

use crate::drift;
use crate::rules::at;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "undeclared-key",
    level: Level::Warning,
    summary: "A declared file has a key that ops.toml does not declare",
    why: "It is a credential that nobody checks, or a declared one under another name.",
    mend: "Declare the key, correct its name, or remove it.",
};

/// Looks at every key of every declared file.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for &(file, env) in &scope.unlike {
        let Some(declared) = &file.declared else { continue };
        let missing: Vec<&str> = declared
            .keys
            .keys()
            .map(String::as_str)
            .filter(|key| env.entry(key).is_none())
            .collect();
        for entry in env.entries().iter().filter(|entry| !declared.keys.contains_key(&entry.key)) {
            let finding = Finding::warning(RULE.id, "ops.toml does not declare the key")
                .path(scope.vault.shown(&file.path))
                .key(entry.key.clone());
            let finding = match drift::key(&entry.key, &missing) {
                Some(known) => finding.hint(format!("declared is {known}; is that the key?")),
                None => finding.hint("declare it in `keys` of the file, or remove it"),
            };
            findings.push(at(finding, entry.line, entry.column));
        }
    }
}
