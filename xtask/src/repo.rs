//! Where this repo is, and which files it holds.

use std::path::{Path, PathBuf};

use duct::cmd;

use crate::error::Error;

/// The five tools, in the order in which a pipeline meets them.
pub(crate) const TOOLS: [&str; 5] =
    ["vault-check", "dsn-align", "fly-secrets", "evidence-log", "feedback-append"];

/// The folder of the workspace that this xtask was built from.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// Every file that git tracks or would track, relative to the root, sorted.
pub(crate) fn files() -> Result<Vec<String>, Error> {
    let listing = cmd!("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        .dir(root())
        .read()
        .map_err(|source| Error::Start { program: "git ls-files".to_owned(), source })?;
    let mut files: Vec<String> = listing
        .split('\0')
        .filter(|name| !name.is_empty() && root().join(name).is_file())
        .map(ToOwned::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
