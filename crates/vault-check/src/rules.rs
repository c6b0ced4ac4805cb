//! The rules, one a file: what each looks for, why, and what mends it.

mod bad_shape;
mod duplicate_key;
mod empty_value;
mod missing_file;
mod missing_key;
pub(crate) mod mode;
mod not_ignored;
mod placeholder;
mod reused;
pub(crate) mod stale;
mod symlink;
mod syntax;
mod tracked_by_git;
mod undeclared_file;
mod undeclared_key;

use envfile::{Entry, EnvFile};
use opsfile::Shape;
use report::{Finding, Rule};
use secret::Secret;
use vault::{Content, Fault, File};

use crate::scope::Scope;

/// What every rule is: it looks at the scope and adds what it finds.
pub(crate) type Check = fn(&Scope<'_>, &mut Vec<Finding>);

/// What `check` runs.
pub(crate) const CHECKS: &[Check] = &[
    missing_file::check,
    missing_key::check,
    empty_value::check,
    placeholder::check,
    bad_shape::check,
    duplicate_key::check,
    undeclared_file::check,
    undeclared_key::check,
    syntax::check,
    mode::check,
    tracked_by_git::check,
    not_ignored::check,
    symlink::check,
    stale::check,
    reused::check,
];

/// The rules of the whole tool, for `rules` and for renderings that list them.
pub(crate) static RULES: [Rule; 15] = [
    missing_file::RULE,
    missing_key::RULE,
    empty_value::RULE,
    placeholder::RULE,
    bad_shape::RULE,
    duplicate_key::RULE,
    undeclared_file::RULE,
    undeclared_key::RULE,
    syntax::RULE,
    mode::RULE,
    tracked_by_git::RULE,
    not_ignored::RULE,
    symlink::RULE,
    stale::RULE,
    reused::RULE,
];

/// The env files among those asked for.
fn env_files<'a>(scope: &'a Scope<'_>) -> impl Iterator<Item = (&'a File, &'a EnvFile)> {
    scope.files.iter().filter_map(|file| match &file.content {
        Content::Env(env) => Some((*file, env)),
        _ => None,
    })
}

/// One declared value that is there.
struct Given<'a> {
    file: &'a File,
    /// The entry that holds it; none where the whole file is the value.
    entry: Option<&'a Entry>,
    value: &'a Secret,
    shape: &'a Shape,
}

impl Given<'_> {
    /// What is wrong with the value itself.
    fn fault(&self) -> Option<Fault> {
        vault::judge(self.key(), self.value, self.shape)
    }

    fn key(&self) -> &str {
        self.entry.map_or("", |entry| &entry.key)
    }

    /// The same finding, with the value's place.
    fn place(&self, scope: &Scope<'_>, finding: Finding) -> Finding {
        let finding = finding.path(scope.vault.shown(&self.file.path));
        match self.entry {
            Some(entry) => at(finding, entry.line, entry.column).key(entry.key.clone()),
            None => finding,
        }
    }
}

/// The declared values that are there: of a key that comes twice, the one that counts.
fn values<'a>(scope: &'a Scope<'_>) -> Vec<Given<'a>> {
    let mut values = Vec::new();
    for file in scope.files.iter().copied() {
        let Some(declared) = &file.declared else { continue };
        match (&file.content, &declared.whole) {
            (Content::Whole(value), Some(shape)) => {
                values.push(Given { file, entry: None, value, shape });
            }
            (Content::Env(env), None) => {
                for (key, shape) in &declared.keys {
                    if let Some(entry) = env.entry(key) {
                        values.push(Given { file, entry: Some(entry), value: &entry.value, shape });
                    }
                }
            }
            _ => {}
        }
    }
    values
}

fn at(finding: Finding, line: usize, column: usize) -> Finding {
    let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
    finding.line(number(line)).column(number(column))
}
