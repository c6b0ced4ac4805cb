//! The `[evidence]` section: where bundles are kept, and who signs them.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::grammar::{Key, Kind, Section};
use crate::node::Node;
use crate::vault::VaultSection;

/// Evidence as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The folder of bundles, relative to the folder of ops.toml.
    pub root: String,
    /// The key that seals: absolute, under `~`, or relative to the folder of ops.toml.
    pub sign_with: Option<PathBuf>,
    /// OpenSSH's file of signers, relative to the folder of ops.toml.
    pub allowed_signers: Option<String>,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { root: "artifacts".to_owned(), sign_with: None, allowed_signers: None }
    }
}

impl Evidence {
    /// Returns where the signing key is, given the folder of ops.toml and the home folder.
    ///
    /// None where no key is declared, or where it lies under `~` and there is no home folder.
    pub fn signing_key(&self, folder: &Path, home: Option<&Path>) -> Option<PathBuf> {
        let path = self.sign_with.as_ref()?;
        match path.strip_prefix("~") {
            Ok(rest) => Some(home?.join(rest)),
            Err(_) => Some(folder.join(path)),
        }
    }
}

pub(crate) const SECTION: Section = Section {
    about: "Where evidence is kept, and who signs it.",
    keys: &[
        Key::default("root", Kind::Path, "\"artifacts\"", "The folder of bundles."),
        Key::optional(
            "sign-with",
            Kind::AnyPath,
            "The SSH key that seals bundles; without it a seal is unsigned and says so. May lie outside the repo.",
        ),
        Key::optional(
            "allowed-signers",
            Kind::Path,
            "Who may have signed, in OpenSSH's own format.",
        ),
    ],
    choices: &[],
};

pub(crate) fn read(node: &Node<'_>, vault: Option<&VaultSection>) -> Result<Evidence, Error> {
    let table = node.table(&SECTION)?;
    let default = Evidence::default();
    Ok(Evidence {
        root: table.get("root").map_or(Ok(default.root), |node| node.path_outside(vault))?,
        sign_with: table.get("sign-with").map(|node| node.any_path()).transpose()?,
        allowed_signers: table.get("allowed-signers").map(|node| node.path()).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::check::{read, refusal};

    fn signing_key(text: &str, home: Option<&str>) -> Option<String> {
        let ops = read(&format!("version = 1\n[evidence]\nsign-with = \"{text}\"\n"))
            .expect("this is right");
        let key = ops.evidence.signing_key(&ops.folder, home.map(Path::new))?;
        Some(key.to_string_lossy().into_owned())
    }

    #[test]
    fn the_signing_key_may_lie_outside_the_repo() {
        assert_eq!(
            signing_key("~/.ssh/key", Some("/home/me")).as_deref(),
            Some("/home/me/.ssh/key")
        );
        assert_eq!(signing_key("~/.ssh/key", None), None);
        assert_eq!(signing_key("/keys/key", None).as_deref(), Some("/keys/key"));
        assert_eq!(signing_key("keys/key", None).as_deref(), Some("/repo/keys/key"));
    }

    #[test]
    fn other_paths_stay_in_the_repo() {
        insta::assert_snapshot!(refusal("version = 1\n[evidence]\nroot = '~/artifacts'\n"), @"3:8: evidence.root: must be a relative path");
        insta::assert_snapshot!(refusal("version = 1\n[evidence]\nallowed-signers = '/etc/signers'\n"), @"3:19: evidence.allowed-signers: must be a relative path");
        insta::assert_snapshot!(refusal("version = 1\n[evidence]\nsign-with = '../key'\n"), @"3:13: evidence.sign-with: leaves the repo: `..` is not allowed");
        insta::assert_snapshot!(refusal("version = 1\n[evidence]\nsign-with = '~you/key'\n"), @"3:13: evidence.sign-with: must not name another person's home folder");
        insta::assert_snapshot!(refusal("version = 1\n[evidence]\nsign_with = '~/key'\n"), @"
        3:1: evidence.sign_with: unknown key
        hint: did you mean `sign-with`?
        ");
        insta::assert_snapshot!(refusal("version = 1\n[vault]\nroot = 'v'\n[evidence]\nroot = 'v/artifacts'\n"), @"5:8: evidence.root: must not lie in the vault");
        insta::assert_snapshot!(refusal("version = 1\n[vault]\nroot = './'\n"), @"3:8: vault.root: must be a folder of its own, which git ignores");
        insta::assert_snapshot!(refusal("version = 1\n[evidence]\nroot = ' '\n"), @"3:8: evidence.root: must not be empty");
    }
}
