//! The state of the repository that a command runs in: commit, dirty or not, where it is published.

use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use evidence::Git;
use report::{GIT_SETTINGS, GIT_VARIABLES, Invocation};

use crate::redaction::Cleaner;

/// How long git may go on after the command has ended.
const WAIT: Duration = Duration::from_secs(3);

/// Questions to git that are being answered while the command runs.
pub(crate) struct Asked {
    /// The commit that was checked out when we asked; none where only git can tell.
    head: Option<String>,
    /// Starts git, which takes as long as all else before the command.
    started: JoinHandle<io::Result<Answers>>,
    git: PathBuf,
    cwd: PathBuf,
}

/// Two of git's processes.
struct Answers {
    /// Ends with 0 where no tracked file can differ; with 1 where one may.
    differs: duct::Handle,
    /// Says the URLs of the remote `origin`.
    origin: duct::Handle,
}

/// Where a repository keeps what is asked for here.
struct Folders {
    /// Of this work tree: HEAD.
    own: PathBuf,
    /// Of all work trees: refs.
    common: PathBuf,
}

/// Asks git for the state, if the folder is in a repository. Tracked files alone decide whether it is dirty: the
/// bundle that is being written would otherwise always make it so.
pub(super) fn look(cwd: &Path, invocation: &Invocation) -> Option<Asked> {
    let dot_git = cwd.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
    let git = invocation.find_program("git")?;
    // In a hook git may be told to look elsewhere.
    let is_here =
        ["GIT_DIR", "GIT_COMMON_DIR"].iter().all(|name| invocation.variable(name).is_none());
    let head = if is_here { Folders::of(&dot_git).head() } else { None };
    let cwd = cwd.to_path_buf();
    let (program, folder) = (git.clone(), cwd.clone());
    let start = move || {
        Ok(Answers {
            // Half the work of `status`; in doubt `status` is asked later.
            differs: ask(&program, &folder, &["diff-index", "--quiet", "HEAD", "--"]).start()?,
            origin: ask(&program, &folder, &["config", "-z", "--get-all", "remote.origin.url"])
                .start()?,
        })
    };
    let started = thread::Builder::new().spawn(start).ok()?;
    Some(Asked { head, started, git, cwd })
}

fn ask(git: &Path, cwd: &Path, words: &[&str]) -> duct::Expression {
    // Threads that look at every file first cost more than one that stops at the first that differs.
    let settings = GIT_SETTINGS.iter().chain(&["-c", "core.preloadindex=false"]);
    let command = duct::cmd(git, settings.chain(words));
    GIT_VARIABLES
        .iter()
        .fold(command, |command, (name, value)| command.env(name, value))
        .dir(cwd)
        .stdin_null()
        .stdout_capture()
        .stderr_null()
        .unchecked()
}

impl Asked {
    /// The answer; none when git failed or takes too long.
    pub(super) fn answer(self, cleaner: &mut Cleaner<'_>) -> Option<Git> {
        let Answers { differs, origin } = self.started.join().ok()?.ok()?;
        let is_clean = wait(&differs)?.status.success();
        let mut git = match self.head {
            Some(commit) if is_clean => Git { commit: Some(commit), dirty: false, remote: None },
            // A file that was written again with the same content differs only for `diff-index`.
            head => {
                let words = ["status", "--porcelain=v2", "--branch", "--untracked-files=no", "-z"];
                let status = ask(&self.git, &self.cwd, &words).start().ok()?;
                let output = wait(&status)?;
                if !output.status.success() {
                    return None;
                }
                let found = read_status(&output.stdout);
                Git { commit: head.or(found.commit), ..found }
            }
        };
        git.remote = wait(&origin)
            .and_then(|output| first_url(&output.stdout))
            .map(|url| cleaner.words(&without_userinfo(&url)));
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
        // gitrepository-layout(5): these belong to one work tree.
        if ["refs/worktree/", "refs/bisect/", "refs/rewritten/"]
            .iter()
            .any(|own| name.starts_with(own))
        {
            return None;
        }
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

/// The first of the URLs that git lists, each with a NUL behind it.
fn first_url(listed: &[u8]) -> Option<String> {
    let url = listed.split(|&byte| byte == 0).next()?;
    (!url.is_empty()).then(|| String::from_utf8_lossy(url).into_owned())
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
            first_url(b"https://host/a\0https://host/b\0").as_deref(),
            Some("https://host/a")
        );
        assert_eq!(first_url(b""), None);
    }
}
