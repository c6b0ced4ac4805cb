//! A Cargo.toml, as far as it says what `cargo package` takes.

use toml::{Table, Value};

use crate::packing::GitSays;
use crate::packing::patterns::Patterns;

/// What a crate is made of.
pub(crate) struct Crate {
    include: Option<Patterns>,
    exclude: Patterns,
    /// The same where there is no git, which would know what is hidden on purpose.
    exclude_without_git: Patterns,
}

/// Reads a manifest whose crate could be published; `None` where it could not. `outer` are the manifests above, one of
/// which may be that of the workspace.
pub(crate) fn read(text: &str, outer: impl IntoIterator<Item = String>) -> Option<Crate> {
    let manifest: Table = text.parse().ok()?;
    let package = manifest.get("package")?;
    let outer = outer.into_iter().filter_map(|text| text.parse::<Table>().ok());
    let mut workspaces = std::iter::once(manifest.clone())
        .chain(outer)
        .filter_map(|mut all| all.remove("workspace"));
    let inherited = workspaces.next().and_then(|workspace| workspace.get("package").cloned());
    // What is inherited stands in the workspace's manifest; cargo refuses a crate whose does not.
    let get = |key: &str| match package.get(key) {
        Some(Value::Table(table)) if table.get("workspace") == Some(&Value::Boolean(true)) => {
            inherited.as_ref().and_then(|inherited| inherited.get(key)).or(package.get(key))
        }
        value => value,
    };
    let may_be_published = match get("publish") {
        None | Some(Value::Boolean(true)) => true,
        Some(Value::Array(registries)) => !registries.is_empty(),
        Some(_) => false,
    };
    let lines = |key: &str| {
        let list = get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str)
    };
    // Cargo takes an empty list for none.
    let include = Patterns::read(lines("include"));
    may_be_published.then(|| Crate {
        include: Some(include).filter(|include| !include.is_empty()),
        exclude: Patterns::read(lines("exclude")),
        exclude_without_git: Patterns::read(std::iter::once(".*").chain(lines("exclude"))),
    })
}

impl Crate {
    /// Whether the crate takes a file (cargo, `PathSource`); where nothing is included by name, git's ignored files stay
    /// out, if git tracks the Cargo.toml.
    pub(crate) fn packs(&self, path: &str, git: GitSays) -> bool {
        match (&self.include, git) {
            (Some(include), _) => include.cover(path),
            (None, GitSays::Shown) => !self.exclude.cover(path),
            // Without git a folder that is left out is not looked into.
            (None, GitSays::NoRepository | GitSays::NoManifest) => {
                !self.exclude_without_git.cover_on_the_way(path)
            }
            (None, GitSays::Ignored | GitSays::Unknown) => false,
        }
    }

    /// Why it takes what it takes.
    pub(crate) fn why(&self, git: GitSays) -> &'static str {
        match (&self.include, git) {
            (Some(_), _) => "`include` lists it",
            (None, GitSays::NoManifest) => {
                "`exclude` does not keep it out, and cargo heeds `.gitignore` only where git tracks Cargo.toml"
            }
            (None, _) => "neither `exclude` nor git keeps it out",
        }
    }

    /// What mends it.
    pub(crate) fn mend(&self, git: GitSays) -> &'static str {
        match (&self.include, git) {
            (Some(_), _) => {
                "list in `include` only what the crate is made of, or set `publish = false`"
            }
            (None, GitSays::NoManifest) => {
                "`git add Cargo.toml`, add the vault's folder to `exclude`, or set `publish = false`"
            }
            (None, _) => "add the vault's folder to `exclude`, or set `publish = false`",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_follows_cargos_own_order() {
        let check = |rest: &str, git: GitSays, expected: Option<bool>| {
            let text = format!("[package]\nname = \"a\"\n{rest}\n");
            let packs = read(&text, None).map(|found| found.packs("vault/occ/a.env", git));
            assert_eq!(packs, expected, "{rest}");
        };
        check("", GitSays::Shown, Some(true));
        check("", GitSays::Ignored, Some(false));
        check("", GitSays::Unknown, Some(false));
        check("", GitSays::NoRepository, Some(true));
        check("", GitSays::NoManifest, Some(true));
        check("exclude = [\"/vault\"]", GitSays::NoManifest, Some(false));
        check("include = [\"src/**\"]", GitSays::NoManifest, Some(false));
        check("exclude = [\"/vault\"]", GitSays::Shown, Some(false));
        check("include = [\"src/**\"]", GitSays::Shown, Some(false));
        check("include = [\"**/*.env\"]", GitSays::Ignored, Some(true));
        check("publish = false", GitSays::Shown, None);
        check("publish = []", GitSays::Shown, None);
        assert!(read("[workspace]\n", None).is_none());
    }

    #[test]
    fn what_is_inherited_stands_in_the_workspace() {
        let check = |workspace: &str, expected: Option<bool>| {
            let text = "[package]\npublish.workspace = true\nexclude = { workspace = true }\n";
            let outer = ["[package]\n", workspace, "[workspace.package]\npublish = false\n"];
            let found = read(text, outer.map(str::to_owned));
            let packs = found.map(|found| found.packs("vault/a.env", GitSays::Shown));
            assert_eq!(packs, expected, "{workspace}");
        };
        check("[workspace.package]\npublish = true\n", Some(true));
        check("[workspace.package]\npublish = true\nexclude = [\"vault\"]\n", Some(false));
        check("[workspace.package]\npublish = false\n", None);
        check("[workspace]\n", None);
        check("", None);
    }
}
