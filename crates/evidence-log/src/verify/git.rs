//! What git remembers of a bundle: the manifest of the last commit, and whether that commit was published.

use std::path::Path;

use evidence::{Digest, MANIFEST};
use report::Invocation;

/// What git says.
pub(super) enum Answer {
    /// The bundle is in no repository, or git is not installed.
    NoRepository,
    /// The bundle is not committed.
    NotThere,
    /// It is.
    Committed {
        /// The commit that last touched the manifest, shortened.
        commit: String,
        /// A branch of a remote that has the commit, as of the last fetch or push.
        published: Option<String>,
        /// The digest of the manifest as committed.
        manifest: Digest,
    },
}

/// Asks git for the manifest as it is committed. The other files hang on the manifest.
pub(super) fn committed(bundle: &Path, invocation: &Invocation) -> Answer {
    let is_inside = bundle.ancestors().any(|folder| folder.join(".git").exists());
    let Some(git) = invocation.find_program("git").filter(|_| is_inside) else {
        return Answer::NoRepository;
    };
    let ask = |words: &[&str]| -> Option<Vec<u8>> {
        let answer = duct::cmd(&git, words)
            .dir(bundle)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin_null()
            .stdout_capture()
            .stderr_null()
            .unchecked()
            .run()
            .ok()?;
        answer.status.success().then_some(answer.stdout)
    };
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .ok()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let Some(manifest) = ask(&["cat-file", "blob", &format!("HEAD:./{MANIFEST}")]) else {
        return Answer::NotThere;
    };
    let manifest = Digest::of(&manifest);
    let Some(commit) = ask(&["log", "-1", "--format=%H", "--", MANIFEST]).and_then(text) else {
        return Answer::NotThere;
    };
    let published = ask(&[
        "for-each-ref",
        "--count=1",
        "--contains",
        &commit,
        "--format=%(refname:short)",
        "refs/remotes",
    ]);
    let commit = commit.chars().take(12).collect();
    Answer::Committed { commit, published: published.and_then(text), manifest }
}
