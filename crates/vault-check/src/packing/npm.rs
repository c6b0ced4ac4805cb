//! A package.json, as far as it says what `npm pack` takes.

use serde_json::Value;

use crate::packing::patterns::Patterns;

/// What a package is made of.
pub(crate) enum Npm {
    /// It lists its files.
    Listed(Patterns),
    /// It takes all that `.npmignore` does not have; npm then reads no `.gitignore`.
    NotIgnored(Patterns),
    /// It takes all that `.gitignore` does not have.
    NotIgnoredByGit(Patterns),
}

/// Reads a package that could be published; `None` where it could not, for it is private or has no name.
pub(crate) fn read(text: &str, file: impl Fn(&str) -> Option<String>) -> Option<Npm> {
    let package: Value = serde_json::from_str(text).ok()?;
    let has = |key: &str| package.get(key).is_some_and(Value::is_string);
    if package.get("private") == Some(&Value::Bool(true)) || !has("name") || !has("version") {
        return None;
    }
    if let Some(files) = package.get("files").and_then(Value::as_array) {
        return Some(Npm::Listed(Patterns::git(files.iter().filter_map(Value::as_str))));
    }
    Some(match file(".npmignore") {
        Some(text) => Npm::NotIgnored(Patterns::git(text.lines())),
        None => Npm::NotIgnoredByGit(Patterns::git(file(".gitignore").unwrap_or_default().lines())),
    })
}

impl Npm {
    /// Whether the package takes a file, by its path from the package's folder.
    pub(crate) fn packs(&self, path: &str) -> bool {
        match self {
            Self::Listed(files) => files.cover(path),
            Self::NotIgnored(ignored) | Self::NotIgnoredByGit(ignored) => !ignored.cover(path),
        }
    }

    /// Why it takes what it takes.
    pub(crate) fn why(&self) -> &'static str {
        match self {
            Self::Listed(_) => "`files` lists it",
            Self::NotIgnored(_) => {
                "there is no `files`, and `.npmignore`, which npm reads in place of `.gitignore`, does not keep it out"
            }
            Self::NotIgnoredByGit(_) => "there is no `files`, and no ignore file keeps it out",
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
            let file = |name: &str| {
                if name == ".npmignore" { npmignore } else { gitignore }.map(str::to_owned)
            };
            let packs = read(package, file).map(|npm| npm.packs("vault/occ/a.env"));
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
    }
}
