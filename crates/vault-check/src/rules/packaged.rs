//! `packaged`: an image or a package would carry the vault.

use std::collections::BTreeMap;

use report::{Finding, Level, Rule};

use crate::git::Answer;
use crate::packing::{Carries, GitSays, Recipe};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "packaged",
    level: Level::Error,
    summary: "A container image, an npm package or a crate that is made here would carry a file of the vault",
    why: "git's ignore patterns count neither for `COPY . .` nor, where there is an `.npmignore`, for `npm publish`. Whoever can pull an image can read every file of every layer, and a published package cannot be taken back.",
    mend: "Add the vault's folder to `.dockerignore`; list what a package is made of in `files` or `include`, or say that it is private.",
};

/// A name that no file has, to learn what would become of the next one where none is there yet.
const NEW_FILE: &str = "a-new-file.env";

/// Holds every file that was asked for against every recipe whose context has the vault.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    let asked_for =
        |path: &&str| scope.is_whole || scope.files.iter().any(|file| file.path == **path);
    let mut paths: Vec<&str> =
        scope.vault.files.iter().map(|file| file.path.as_str()).filter(asked_for).collect();
    if scope.is_whole && paths.is_empty() {
        paths.push(NEW_FILE);
    }
    let mut found: Vec<Finding> = Vec::new();
    for recipe in &scope.recipes {
        let carried = paths
            .iter()
            .filter_map(|path| Some((*path, recipe.carries(path, git_says(scope, recipe, path))?)));
        // One line may take in what another does not, or only may.
        let mut alike: BTreeMap<_, Vec<(&str, Carries<'_>)>> = BTreeMap::new();
        for (path, how) in carried {
            alike.entry((how.line, how.why.to_string())).or_default().push((path, how));
        }
        for finding in alike.values().filter_map(|carried| finding(scope, recipe, carried)) {
            keep(&mut found, finding);
        }
    }
    findings.extend(found);
}

/// Adds a finding, unless another way to build the same recipe was told of that matters as much.
fn keep(found: &mut Vec<Finding>, finding: Finding) {
    let is_same = |known: &&mut Finding| {
        let is_of_line = known.subject == finding.subject && known.subject.line.is_some();
        is_of_line || **known == finding
    };
    match found.iter_mut().find(is_same) {
        Some(known) if known.level <= finding.level => {}
        Some(known) => *known = finding,
        None => found.push(finding),
    }
}

fn git_says(scope: &Scope<'_>, recipe: &Recipe, path: &str) -> GitSays {
    match &scope.git {
        Answer::NoRepository => GitSays::NoRepository,
        Answer::Unknown(_) => GitSays::Unknown,
        Answer::Known(git)
            if recipe.folder_of_crate().is_some_and(|folder| !git.crates.contains(folder)) =>
        {
            GitSays::NoManifest
        }
        Answer::Known(git) if git.not_ignored.contains(path) || git.tracked.contains(path) => {
            GitSays::Shown
        }
        Answer::Known(_) => GitSays::Ignored,
    }
}

fn finding(scope: &Scope<'_>, recipe: &Recipe, carried: &[(&str, Carries<'_>)]) -> Option<Finding> {
    let (first, how) = carried.first()?;
    let more = match carried.len() - 1 {
        0 => String::new(),
        n_more => format!(" and {n_more} more"),
    };
    let built = match (how.guess, how.by) {
        (Some(folder), _) => format!(" if it is built from {folder}"),
        (None, Some(by)) => format!(", built as {by} says"),
        (None, None) => String::new(),
    };
    let verb = if how.is_possible { "may" } else { "would" };
    let message = format!(
        "{}{more} {verb} be in the {}{built}: {}",
        scope.vault.shown(first),
        how.thing,
        how.why
    );
    // `COPY . .` in a folder of its own is built there as a rule, where the vault is not.
    let level = match (how.guess.is_none(), how.is_named) {
        _ if how.is_possible => Level::Note,
        (true, _) => Level::Error,
        (false, true) => Level::Warning,
        (false, false) => Level::Note,
    };
    let finding =
        Finding::new(RULE.id, level, message).path(recipe.shown.clone()).hint(how.mend.clone());
    Some(match how.line {
        Some(line) => finding.line(line),
        None => finding,
    })
}
