//! What git remembers of a bundle: the manifest of the last commit, and whether that commit was published.

use std::ffi::OsStr;
use std::path::Path;

use evidence::{Digest, MANIFEST};
use report::{GIT_SETTINGS, GIT_VARIABLES, Invocation};

/// What git says.
pub(super) enum Answer {
    /// The bundle is in no repository, or git is not installed.
    NoRepository,
    /// The bundle is not committed.
    NotThere,
    /// It is.
    Committed {
        /// The commit that last touched the manifest, shortened; where that cannot be told, the one checked out.
        commit: String,
        /// A branch of a remote that has the commit, as of the last fetch or push.
        published: Option<String>,
        /// The digest of the manifest as committed.
        manifest: Digest,
    },
}

/// Asks git for the manifest as it is committed. The other files hang on the manifest.
pub(super) fn committed(bundle: &Path, invocation: &Invocation) -> Answer {
    // A repository in the bundle itself came with it, and says what whoever made the bundle wants.
    let (Some(parent), Some(name)) = (bundle.parent(), bundle.file_name().and_then(OsStr::to_str))
    else {
        return Answer::NoRepository;
    };
    let is_inside = parent.ancestors().any(|folder| folder.join(".git").exists());
    let manifest_path = format!("./{name}/{MANIFEST}");
    let Some(git) = invocation.find_program("git").filter(|_| is_inside) else {
        return Answer::NoRepository;
    };
    let ask = |words: &[&str]| -> Option<Vec<u8>> {
        let command = duct::cmd(&git, GIT_SETTINGS.iter().chain(words));
        let answer = GIT_VARIABLES
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value))
            .dir(parent)
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
    let Some(manifest) = ask(&["cat-file", "blob", &format!("HEAD:{manifest_path}")]) else {
        return Answer::NotThere;
    };
    let manifest = Digest::of(&manifest);
    let touched = ask(&["rev-list", "-1", "HEAD", "--", &manifest_path]).and_then(text);
    // A partial clone cannot follow the history; what is checked out holds it at least.
    let head = || ask(&["rev-parse", "--verify", "--end-of-options", "HEAD"]).and_then(text);
    let Some(commit) = touched.or_else(head) else {
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
