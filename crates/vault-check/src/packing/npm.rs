//! A package.json, as far as it says what `npm pack` takes.

use serde_json::Value;

use crate::packing::patterns::{Patterns, Verdict, prefixes, straight};

/// What a package is made of.
pub(crate) struct Npm {
    /// What it takes where the ignore files say nothing.
    taken: Taken,
    /// The ignore files on the way to the vault, from the package's folder down.
    ignored: Vec<Ignored>,
    /// Files that it takes in any case.
    always: Vec<String>,
    /// The folder whose files it takes in any case, but for hidden ones; with `/` at its end, empty for its own.
    programs: Option<String>,
}

enum Taken {
    /// The files that it lists.
    Listed(Patterns),
    /// Everything.
    All,
}

/// The ignore file of a folder: `.npmignore`, and only without one `.gitignore`.
struct Ignored {
    /// The folder, from that of the package, with `/` at its end; empty for that one.
    folder: String,
    patterns: Patterns,
    is_npms: bool,
}

/// What npm packs in no case.
const NEVER: [&str; 10] = [
    "*.orig",
    "._*",
    ".*.swp",
    ".DS_Store",
    ".npmrc",
    "npm-debug.log",
    ".git",
    ".svn",
    ".hg",
    "node_modules",
];

/// Reads a package that could be published; `None` where it could not, for it is private or has no name.
///
/// `prefix` is the vault's folder from that of the package; `file` reads a file by its path from there.
pub(crate) fn read(text: &str, prefix: &str, file: impl Fn(&str) -> Option<String>) -> Option<Npm> {
    let package: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let has = |key: &str| package.get(key).is_some_and(Value::is_string);
    if package.get("private") == Some(&Value::Bool(true)) || !has("name") || !has("version") {
        return None;
    }
    let list = package.get("files").and_then(Value::as_array);
    let taken = match list {
        Some(files) => Taken::Listed(Patterns::listed(files.iter().filter_map(Value::as_str))),
        None => Taken::All,
    };
    let folders = prefixes(prefix).map(|folder| format!("{folder}/"));
    let ignored = std::iter::once(String::new()).chain(folders).filter_map(|folder| {
        // Where there is a list, the ignore files beside it do not count.
        if folder.is_empty() && list.is_some() {
            return None;
        }
        let read = |name: &str| file(&format!("{folder}{name}"));
        let (text, is_npms) = match read(".npmignore") {
            Some(text) => (text, true),
            None => (read(".gitignore")?, false),
        };
        Some(Ignored { patterns: Patterns::git(text.lines()), folder, is_npms })
    });
    let (always, programs) = (always(&package), programs(&package));
    Some(Npm { ignored: ignored.collect(), taken, always, programs })
}

/// The files that npm packs whatever else is said, since the package would not work without.
fn always(package: &Value) -> Vec<String> {
    let bins = match package.get("bin") {
        Some(Value::Object(bins)) => bins.values().filter_map(Value::as_str).collect(),
        bin => bin.and_then(Value::as_str).into_iter().collect::<Vec<_>>(),
    };
    let others = ["main", "browser"].into_iter().filter_map(|key| package.get(key)?.as_str());
    others.chain(bins).map(|path| straight(path.trim_start_matches("./"))).collect()
}

/// The folder of `directories.bin`, all of whose files npm makes programs of where `bin` names none.
fn programs(package: &Value) -> Option<String> {
    let is_named = match package.get("bin") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(bin) => bin.as_str() != Some(""),
    };
    let folder = package.get("directories")?.get("bin")?.as_str().filter(|_| !is_named)?;
    let folder = straight(folder.trim_start_matches("./"));
    match folder.trim_matches('/') {
        "" | "." => Some(String::new()),
        folder => Some(format!("{folder}/")),
    }
}

impl Npm {
    /// Whether the package takes a file, by its path from the package's folder.
    pub(crate) fn packs(&self, path: &str) -> bool {
        let program = self.programs.as_ref().and_then(|folder| path.strip_prefix(folder));
        let is_program =
            program.is_some_and(|path| !path.split('/').any(|part| part.starts_with('.')));
        if is_program || self.always.iter().any(|always| always == path) {
            return true;
        }
        let mut is_taken = match &self.taken {
            Taken::Listed(files) => files.cover(path),
            Taken::All => true,
        };
        for ignored in &self.ignored {
            let Some(below) = path.strip_prefix(&ignored.folder) else { continue };
            match ignored.patterns.verdict(below) {
                Verdict::FolderCovered => return false,
                Verdict::Covered => is_taken = false,
                Verdict::Negated => is_taken = true,
                Verdict::None => {}
            }
        }
        is_taken && !Patterns::git(NEVER).cover(path)
    }

    /// Why it takes what it takes.
    pub(crate) fn why(&self) -> &'static str {
        let is_npms = self.ignored.iter().any(|ignored| ignored.is_npms);
        match &self.taken {
            Taken::Listed(_) => "`files` lists it",
            Taken::All if is_npms => {
                "there is no `files`, and `.npmignore`, which npm reads in place of `.gitignore`, does not keep it out"
            }
            Taken::All => "there is no `files`, and no ignore file keeps it out",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_follows_npms_own_order() {
        let check = |package: &str,
                     npmignore: Option<&str>,
                     gitignore: Option<&str>,
                     expected: Option<bool>| {
            let file = |name: &str| match name {
                ".npmignore" => npmignore.map(str::to_owned),
                ".gitignore" => gitignore.map(str::to_owned),
                _ => None,
            };
            let packs = read(package, "vault/occ", file).map(|npm| npm.packs("vault/occ/a.env"));
            assert_eq!(packs, expected, "{package}");
        };
        let plain = r#"{"name":"a","version":"1.0.0"}"#;
        check(plain, None, None, Some(true));
        check(plain, None, Some("/vault/"), Some(false));
        check(plain, Some("test\n"), Some("/vault/"), Some(true));
        check(plain, Some("vault\n"), None, Some(false));
        check(r#"{"name":"a","version":"1.0.0","files":["dist"]}"#, Some(""), None, Some(false));
        check(
            r#"{"name":"a","version":"1.0.0","files":["vault/**"]}"#,
            None,
            Some("vault"),
            Some(true),
        );
        check(r#"{"name":"a","version":"1.0.0","private":true}"#, None, None, None);
        check(r#"{"dependencies":{}}"#, None, None, None);
        check("[", None, None, None);
        check(&format!("\u{feff}{plain}"), None, None, Some(true));
        check(r#"{"name":"a","version":"1.0.0","files":["/"]}"#, None, None, Some(true));
        check(
            r#"{"name":"a","version":"1.0.0","files":["lib"],"bin":{"x":"./vault/occ/a.env"}}"#,
            None,
            Some("vault"),
            Some(true),
        );
        // As npm 11 packs it.
        for (folder, expected) in [
            ("vault", true),
            ("./vault/", true),
            ("vault/x/..", true),
            (".", true),
            ("../a/vault", false),
        ] {
            let text = |more: &str| {
                format!(
                    r#"{{"name":"a","version":"1.0.0","files":["lib"],"directories":{{"bin":"{folder}"}}{more}}}"#
                )
            };
            check(&text(""), None, Some("vault"), Some(expected));
            check(&text(r#","bin":{"x":"lib/x.js"}"#), None, None, Some(false));
        }
    }
}
