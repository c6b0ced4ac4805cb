//! The rules, one a file: what each looks for, why, and what mends it.

mod allowance;
mod bad_shape;
mod duplicate_key;
mod empty_value;
mod leaked_form;
mod leaked_value;
mod missing_file;
mod missing_key;
pub(crate) mod mode;
mod not_ignored;
mod not_read;
mod packaged;
mod placeholder;
mod read_differently;
pub(crate) mod reused;
mod searched_narrowly;
pub(crate) mod stale;
mod symlink;
mod syntax;
mod tracked_by_git;
mod undeclared_file;
mod undeclared_key;

use envfile::EnvFile;
use report::{Finding, Rule};
use vault::{Content, File};

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
    read_differently::check,
    mode::check,
    tracked_by_git::check,
    not_ignored::check,
    packaged::check,
    symlink::check,
    stale::check,
    reused::check,
];

/// The rules of the whole tool, for `rules` and for renderings that list them.
pub(crate) static RULES: [Rule; 22] = [
    missing_file::RULE,
    missing_key::RULE,
    empty_value::RULE,
    placeholder::RULE,
    bad_shape::RULE,
    duplicate_key::RULE,
    undeclared_file::RULE,
    undeclared_key::RULE,
    syntax::RULE,
    read_differently::RULE,
    mode::RULE,
    tracked_by_git::RULE,
    not_ignored::RULE,
    packaged::RULE,
    symlink::RULE,
    stale::RULE,
    reused::RULE,
    leaked_value::RULE,
    leaked_form::RULE,
    not_read::RULE,
    searched_narrowly::RULE,
    allowance::RULE,
];

/// The env files among those asked for.
fn env_files<'a>(scope: &'a Scope<'_>) -> impl Iterator<Item = (&'a File, &'a EnvFile)> {
    scope.files.iter().filter_map(|file| match &file.content {
        Content::Env(env) => Some((*file, env)),
        _ => None,
    })
}

/// The same finding, at a place; columns and lines are counted from 1.
pub(crate) fn at(finding: Finding, line: usize, column: usize) -> Finding {
    let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
    finding.line(number(line)).column(number(column))
}
