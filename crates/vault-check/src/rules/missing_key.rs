//! `missing-key`: a file is there without a key that it must hold.

use report::{Finding, Level, Rule};

use crate::drift;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "missing-key",
    level: Level::Error,
    summary: "A declared key is not in its file",
    why: "A file that exists looks like a credential that exists. Renamed and misspelt keys are the usual cause.",
    mend: "Add the key to the file, or correct its name here or in ops.toml.",
};

/// Looks for every declared key of the files that are there.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for &(file, env) in &scope.unlike {
        let Some(declared) = &file.declared else { continue };
        for key in declared.keys.keys() {
            // A line that has the key and cannot be read is a matter of syntax.
            let is_broken =
                || env.problems().iter().any(|problem| problem.key.as_ref() == Some(key));
            if env.entry(key).is_some() || is_broken() {
                continue;
            }
            let finding = Finding::error(RULE.id, "the key is not in the file")
                .path(scope.vault.shown(&file.path))
                .key(key.clone());
            let strays: Vec<&str> = env
                .entries()
                .iter()
                .map(|entry| entry.key.as_str())
                .filter(|found| !declared.keys.contains_key(*found))
                .collect();
            findings.push(match drift::key(key, &strays) {
                Some(found) => finding.hint(format!("the file has {found}; is that the key?")),
                None => finding.hint(format!("add a line {key}=…")),
            });
        }
    }
}
