//! `mode`: somebody else may read or change the vault.

use report::{Finding, Level, Rule};
use vault::Content;

use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "mode",
    level: Level::Error,
    summary: "A file or folder of the vault can be read or changed by others, or belongs to another user; or a folder above it can",
    why: "Backups, containers and every process of every user on the machine can read a file of mode 0644. An access list shows in the group's part of the mode. Whoever may change a folder above the vault can put another in its place.",
    mend: "`vault-check check --fix-modes` takes away what others may do; or chmod 600 for files and 700 for folders.",
};

/// Everything that the group and others may do, and the bits that change whose rights a program has.
pub(crate) const FORBIDDEN: u32 = 0o7077;

/// Looks at the files asked for and at the folders above them.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for (path, mode, owner) in files(scope) {
        report(scope, path, mode, owner, "file", findings);
    }
    for (path, mode, owner) in folders(scope) {
        report(scope, path, mode, owner, "folder", findings);
    }
    above(scope, findings);
}

/// Whoever may change a folder above the vault can put another vault in its place.
fn above(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for folder in &scope.above {
        let shown = folder.path.display();
        let place = |finding: Finding| finding.path(scope.vault.shown(""));
        // In a folder like /tmp nobody can move what is another's.
        let is_sticky = folder.mode & 0o1000 != 0;
        let mode = folder.mode;
        if mode & 0o002 != 0 && !is_sticky {
            let message = format!(
                "everyone on this machine can put another vault in its place: the mode of {shown} is {mode:04o}"
            );
            findings
                .push(place(Finding::error(RULE.id, message)).hint(format!("chmod o-w {shown}")));
        } else if mode & 0o020 != 0 && !is_sticky {
            let message = format!(
                "its group can put another vault in its place: the mode of {shown} is {mode:04o}"
            );
            findings.push(
                place(Finding::note(RULE.id, message))
                    .hint(format!("chmod g-w {shown}, unless nobody else is in the group")),
            );
        }
        if folder.owner != scope.user && folder.owner != 0 {
            let owner = folder.owner;
            let message = format!(
                "another user (id {owner}) can put another vault in its place: {shown} is theirs"
            );
            findings.push(
                place(Finding::warning(RULE.id, message))
                    .hint("move the repo to a folder of your own"),
            );
        }
    }
}

/// The files that count: those asked for, or all.
pub(crate) fn files<'a>(scope: &'a Scope<'_>) -> Vec<(&'a str, u32, u32)> {
    let there = |content: &Content| !matches!(content, Content::Missing | Content::Link);
    let asked_for: Vec<&vault::File> =
        if scope.is_whole { scope.vault.files.iter().collect() } else { scope.files.clone() };
    asked_for
        .into_iter()
        .filter(|file| there(&file.content))
        .map(|file| (file.path.as_str(), file.mode, file.owner))
        .chain(state_files(scope))
        .collect()
}

/// The tools' own files hold keyed fingerprints and the keys to them.
fn state_files<'a>(scope: &'a Scope<'_>) -> impl Iterator<Item = (&'a str, u32, u32)> {
    let is_state = |path: &str| !vault::is_harmless(path.rsplit('/').next().unwrap_or(path));
    scope
        .vault
        .others
        .iter()
        .filter(move |file| scope.is_whole && is_state(&file.path))
        .map(|file| (file.path.as_str(), file.mode, file.owner))
}

/// The folders that count: the root, and those in which a file that counts lies.
pub(crate) fn folders<'a>(scope: &'a Scope<'_>) -> Vec<(&'a str, u32, u32)> {
    let counts = |folder: &str| {
        scope.is_whole
            || folder.is_empty()
            || scope.files.iter().any(|file| {
                file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            })
    };
    scope
        .vault
        .root_folder
        .iter()
        .chain(&scope.vault.folders)
        .filter(|folder| counts(&folder.path))
        .map(|folder| (folder.path.as_str(), folder.mode, folder.owner))
        .collect()
}

fn report(
    scope: &Scope<'_>,
    path: &str,
    mode: u32,
    owner: u32,
    what: &str,
    findings: &mut Vec<Finding>,
) {
    let shown = || scope.vault.shown(path);
    if mode & FORBIDDEN != 0 {
        let wanted = mode & !FORBIDDEN & 0o777;
        // Under a number GNU chmod leaves a folder's setuid and setgid bits as they are.
        let how = if mode & 0o6000 == 0 { format!("{wanted:o}") } else { "go=,a-st".to_owned() };
        findings.push(
            Finding::error(RULE.id, format!("the {what} {}: its mode is {mode:04o}", who(mode)))
                .path(shown())
                .hint(hint(&how, owner, scope.user)),
        );
    }
    // What root owns and nobody else may read is given to a program so; what others may read, nobody can mend.
    if owner != scope.user && (owner != 0 || mode & FORBIDDEN != 0) {
        let owner = if owner == 0 { "root".to_owned() } else { format!("id {owner}") };
        findings.push(
            Finding::warning(RULE.id, format!("the {what} belongs to another user ({owner})"))
                .path(shown())
                .hint("chown it to the one who runs the tools"),
        );
    }
}

/// What this user can do about a mode.
fn hint(how: &str, owner: u32, user: u32) -> String {
    match user {
        user if user == owner => format!("chmod {how}, or `vault-check check --fix-modes`"),
        0 => format!("chmod {how}"),
        _ => "only its owner may change that: as root, chown it to the one who runs the tools; then `vault-check check --fix-modes`".to_owned(),
    }
}

fn who(mode: u32) -> &'static str {
    match mode {
        mode if mode & 0o002 != 0 => "can be changed by everyone on this machine",
        mode if mode & 0o004 != 0 => "can be read by everyone on this machine",
        mode if mode & 0o020 != 0 => "can be changed by its group",
        mode if mode & 0o040 != 0 => "can be read by its group",
        mode if mode & 0o011 != 0 => "can be entered or run by others",
        _ => "has special bits set",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_one_that_this_user_can_follow() {
        assert_eq!(hint("600", 1000, 1000), "chmod 600, or `vault-check check --fix-modes`");
        assert_eq!(hint("600", 0, 0), "chmod 600, or `vault-check check --fix-modes`");
        assert_eq!(hint("600", 1000, 0), "chmod 600");
        assert!(hint("600", 0, 1000).starts_with("only its owner may change that: as root, chown"));
    }
}
