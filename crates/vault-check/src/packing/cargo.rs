//! A Cargo.toml, as far as it says what `cargo package` takes.

use toml::Value;

use crate::packing::patterns::Patterns;

/// What a crate is made of.
pub(crate) struct Crate {
    include: Option<Patterns>,
    exclude: Patterns,
}

/// Reads a manifest whose crate could be published; `None` where it could not.
pub(crate) fn read(text: &str) -> Option<Crate> {
    let manifest: toml::Table = text.parse().ok()?;
    let package = manifest.get("package")?;
    let may_be_published = match package.get("publish") {
        None | Some(Value::Boolean(true)) => true,
        Some(Value::Array(registries)) => !registries.is_empty(),
        Some(_) => false,
    };
    let patterns = |key: &str| {
        let list = package.get(key)?.as_array()?;
        Some(Patterns::git(list.iter().filter_map(Value::as_str)))
    };
    may_be_published.then(|| Crate {
        include: patterns("include"),
        exclude: patterns("exclude").unwrap_or_default(),
    })
}

impl Crate {
    /// Whether the crate takes a file; where nothing is included by name, git's ignored files stay out.
    pub(crate) fn packs(&self, path: &str, git_ignores: Option<bool>) -> bool {
        match &self.include {
            Some(include) => include.cover(path),
            None => git_ignores == Some(false) && !self.exclude.cover(path),
        }
    }

    /// Why it takes what it takes.
    pub(crate) fn why(&self) -> &'static str {
        match self.include {
            Some(_) => "`include` lists it",
            None => "neither `exclude` nor git keeps it out",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_follows_cargos_own_order() {
        let check = |rest: &str, git_ignores: Option<bool>, expected: Option<bool>| {
            let text = format!("[package]\nname = \"a\"\n{rest}\n");
            let packs = read(&text).map(|found| found.packs("vault/occ/a.env", git_ignores));
            assert_eq!(packs, expected, "{rest}");
        };
        check("", Some(false), Some(true));
        check("", Some(true), Some(false));
        check("", None, Some(false));
        check("exclude = [\"/vault\"]", Some(false), Some(false));
        check("include = [\"src/**\"]", Some(false), Some(false));
        check("include = [\"**/*.env\"]", Some(true), Some(true));
        check("publish = false", Some(false), None);
        check("publish = []", Some(false), None);
        assert!(read("[workspace]\n").is_none());
    }
}
