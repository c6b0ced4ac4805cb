//! The state of the repository that a command runs in: commit, dirty or not, where it is published.

mod clean;
mod commit;
mod index;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use evidence::Git;
use report::Invocation;

use crate::redaction::Cleaner;

/// How long git may go on after the command has ended.
const WAIT: Duration = Duration::from_secs(3);

/// The name of an object, SHA-1.
type Oid = [u8; 20];

/// A question that is being answered while the command runs.
pub(crate) struct Asked(Receiver<Found>);

/// What a look at the repository came to.
struct Found {
    commit: Option<String>,
    /// The URL of the remote `origin`.
    remote: Option<String>,
    /// git, which says whether a tracked file differs; none where none can.
    status: Option<duct::Handle>,
}

/// Where a repository keeps what is asked for here.
struct Folders {
    /// Of this work tree: HEAD and the index.
    own: PathBuf,
    /// Of all work trees: refs, objects and the configuration.
    common: PathBuf,
}

/// Variables by which git looks elsewhere than in the folder's own repository.
const ELSEWHERE: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
];

/// Looks at the state of the repository, if the folder is in one. Tracked files alone decide whether it is dirty: the
/// bundle that is being written would otherwise always make it so.
pub(super) fn look(cwd: &Path, invocation: &Invocation) -> Option<Asked> {
    let work_tree = cwd.ancestors().find(|folder| folder.join(".git").exists())?.to_path_buf();
    let is_elsewhere = ELSEWHERE.iter().any(|name| invocation.variable(name).is_some());
    let (cwd, git) = (cwd.to_path_buf(), invocation.find_program("git"));
    let (sender, receiver) = mpsc::sync_channel(1);
    let look = move || {
        let folders = Folders::of(&work_tree.join(".git"));
        let config = std::fs::read_to_string(folders.common.join("config")).unwrap_or_default();
        let commit = folders.head();
        let is_clean = |commit: &String| clean::is_clean(&folders, &config, commit, &work_tree);
        let status = if !is_elsewhere && commit.as_ref().is_some_and(is_clean) {
            None
        } else {
            // A file that was written again with the same content differs only until git has read it.
            Some(status(&git?, &cwd).start().ok()?)
        };
        let remote = origin(&config).map(without_userinfo);
        // Nobody may be waiting any more.
        sender.send(Found { commit, remote, status }).ok()
    };
    thread::Builder::new().spawn(look).ok()?;
    Some(Asked(receiver))
}

fn status(git: &Path, cwd: &Path) -> duct::Expression {
    // Threads that look at every file first cost more than they gain.
    let settings = ["-c", "core.fsmonitor=false", "-c", "core.preloadindex=false"];
    let words = ["status", "--porcelain=v2", "--branch", "--untracked-files=no", "-z"];
    duct::cmd(git, settings.iter().chain(&words))
        .dir(cwd)
        .env("GIT_OPTIONAL_LOCKS", "0")
        // A partial clone would fetch what it has not.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .stdin_null()
        .stdout_capture()
        .stderr_null()
        .unchecked()
}

impl Asked {
    /// The answer; none when git failed or takes too long.
    pub(super) fn answer(self, cleaner: &mut Cleaner<'_>) -> Option<Git> {
        let Found { commit, remote, status } = self.0.recv_timeout(WAIT).ok()?;
        let mut git = match status {
            None => Git { commit, dirty: false, remote: None },
            Some(status) => {
                let output = wait(&status)?;
                if !output.status.success() {
                    return None;
                }
                let found = read_status(&output.stdout);
                Git { commit: commit.or(found.commit), ..found }
            }
        };
        git.remote = remote.map(|url| cleaner.words(&url));
        Some(git)
    }
}

fn wait(asked: &duct::Handle) -> Option<&std::process::Output> {
    if let Ok(Some(output)) = asked.wait_timeout(WAIT) {
        return Some(output);
    }
    drop(asked.kill());
    None
}

impl Folders {
    /// In a work tree of its own or a submodule `.git` is a file that names the folder.
    fn of(dot_git: &Path) -> Self {
        let own = match std::fs::read_to_string(dot_git) {
            Ok(text) => dot_git
                .with_file_name("")
                .join(text.trim().strip_prefix("gitdir:").unwrap_or("").trim()),
            Err(_) => dot_git.to_path_buf(),
        };
        let common = match std::fs::read_to_string(own.join("commondir")) {
            Ok(common) => own.join(common.trim()),
            Err(_) => own.clone(),
        };
        Self { own, common }
    }

    /// The commit that HEAD leads to, where plain files say so.
    fn head(&self) -> Option<String> {
        let head = std::fs::read_to_string(self.own.join("HEAD")).ok()?;
        let Some(name) = head.trim().strip_prefix("ref: ") else { return commit(&head) };
        match std::fs::read_to_string(self.common.join(name)) {
            Ok(loose) => commit(&loose),
            Err(_) => packed(&std::fs::read_to_string(self.common.join("packed-refs")).ok()?, name),
        }
    }
}

/// A commit's whole name, in either of git's hashes.
fn commit(text: &str) -> Option<String> {
    let text = text.trim();
    let is_whole =
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole.then(|| text.to_owned())
}

/// What `packed-refs` has for a name.
fn packed(refs: &str, name: &str) -> Option<String> {
    refs.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(_, known)| *known == name)
        .and_then(|(hash, _)| commit(hash))
}

fn read_status(bytes: &[u8]) -> Git {
    let mut git = Git { commit: None, dirty: false, remote: None };
    for line in bytes.split(|&byte| byte == 0) {
        match line.strip_prefix(b"# branch.oid ") {
            Some(oid) if oid != b"(initial)" => git.commit = String::from_utf8(oid.to_vec()).ok(),
            Some(_) => {}
            None if line.is_empty() || line.starts_with(b"#") => {}
            None => git.dirty = true,
        }
    }
    git
}

/// The first URL of `[remote "origin"]`.
fn origin(config: &str) -> Option<&str> {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[remote \"origin\"]";
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            return Some(value.trim().trim_matches('"'));
        }
    }
    None
}

/// A remote without what stands before its `@`: that may be a token.
fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once('@') {
        Some((userinfo, _)) => format!("{scheme}://{}", &rest[userinfo.len() + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_says_commit_and_dirt() {
        let oid = "0123456789012345678901234567890123456789";
        let clean = format!("# branch.oid {oid}\0# branch.head main\0");
        let expected = Git { commit: Some(oid.into()), dirty: false, remote: None };
        assert_eq!(read_status(clean.as_bytes()), expected);
        let dirty = format!("{clean}1 .M N... 100644 100644 100644 a b file\0");
        assert!(read_status(dirty.as_bytes()).dirty);
        assert_eq!(read_status(b"# branch.oid (initial)\0").commit, None);
    }

    #[test]
    fn a_commit_is_read_from_loose_and_packed_names() {
        let oid = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(commit(&format!("{oid}\n")).as_deref(), Some(oid));
        assert_eq!(commit("ref: refs/heads/main"), None);
        assert_eq!(commit("0123"), None);
        let refs = format!("# pack-refs with: peeled\n{oid} refs/heads/main\n^{oid}\n");
        assert_eq!(packed(&refs, "refs/heads/main").as_deref(), Some(oid));
        assert_eq!(packed(&refs, "refs/heads/mai"), None);
    }

    #[test]
    fn remotes_lose_their_credentials() {
        for (url, expected) in [
            ("https://user:token@host/a/b.git", "https://host/a/b.git"),
            ("https://host/a@b", "https://host/a@b"),
            ("git@host:a/b.git", "git@host:a/b.git"),
            ("ssh://git@host/a", "ssh://host/a"),
            ("https://a@b@host", "https://host"),
        ] {
            assert_eq!(without_userinfo(url), expected);
        }
        assert_eq!(
            origin("[core]\n[remote \"origin\"]\n\turl = https://host/a\n[branch]\n"),
            Some("https://host/a")
        );
        assert_eq!(origin("[remote \"fork\"]\n\turl = https://host/a\n"), None);
    }
}
