//! The state of the repository that a command runs in: commit, dirty or not, where it is published.
//!
//! Git looks while the command runs, which may change what is looked at. What is recorded is the state in which the
//! command began, so far as that can be told afterwards; see [`moment`].

mod moment;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use evidence::Git;
use report::{GIT_SETTINGS, GIT_VARIABLES, Invocation};

use self::moment::{Index, Seen, Status};
use crate::clock;
use crate::redaction::Cleaner;

/// How long git may go on after the command has ended.
const WAIT: Duration = Duration::from_secs(3);

/// Questions to git that are being answered while the command runs.
pub(crate) struct Asked {
    /// When we began to look, which is before the command did anything.
    since: DateTime<Utc>,
    answers: Receiver<Option<Answers>>,
    running: Arc<Running>,
}

/// What git answered.
struct Answers {
    commit: Option<String>,
    seen: Seen,
    remote: Option<String>,
}

/// The processes of git that run, and none any more once they were given up.
#[derive(Default)]
struct Running(Mutex<Option<Vec<Arc<duct::Handle>>>>);

/// Where a repository keeps what is asked for here.
struct Folders {
    /// Of this work tree: HEAD, the index.
    own: PathBuf,
    /// Of all work trees: refs.
    common: PathBuf,
}

/// Who asks git, and where.
struct Questions {
    git: PathBuf,
    cwd: PathBuf,
    /// The folder of the work tree.
    top: PathBuf,
    index: Index,
    /// The commit that was checked out when we began; none where only git can tell.
    head: Option<String>,
    running: Arc<Running>,
}

/// Asks git for the state, if the folder is in a repository. Tracked files alone decide whether it is dirty: the
/// bundle that is being written would otherwise always make it so.
pub(super) fn look(cwd: &Path, invocation: &Invocation) -> Option<Asked> {
    let since = clock::now();
    let dot_git = cwd.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
    let git = invocation.find_program("git")?;
    let folders = Folders::of(&dot_git);
    // In a hook git may be told to look elsewhere.
    let is_here =
        ["GIT_DIR", "GIT_COMMON_DIR"].iter().all(|name| invocation.variable(name).is_none());
    let named = |name| invocation.variable(name).map(|path| cwd.join(path));
    let index = named("GIT_INDEX_FILE")
        .or_else(|| named("GIT_DIR").map(|folder| folder.join("index")))
        .unwrap_or_else(|| folders.own.join("index"));
    let running = Arc::new(Running(Mutex::new(Some(Vec::new()))));
    let questions = Questions {
        git,
        cwd: cwd.to_path_buf(),
        top: named("GIT_WORK_TREE")
            .or_else(|| dot_git.parent().map(Path::to_path_buf))
            .unwrap_or_default(),
        index: Index::now(index),
        head: if is_here { folders.head() } else { None },
        running: Arc::clone(&running),
    };
    let (sender, answers) = mpsc::channel();
    // Starting git takes as long as all else before the command.
    let ask = move || drop(sender.send(questions.answers()));
    thread::Builder::new().spawn(ask).ok()?;
    Some(Asked { since, answers, running })
}

impl Asked {
    /// The answer; none when git failed or takes too long.
    pub(super) fn answer(self, cleaner: &mut Cleaner<'_>) -> Option<Git> {
        let answers = self.answers.recv_timeout(WAIT).ok().flatten();
        self.running.stop();
        let Answers { commit, seen, remote } = answers?;
        let remote = remote.map(|url| cleaner.words(&without_userinfo(&url)));
        Some(Git { commit, dirty: seen.was_dirty(self.since), remote })
    }
}

impl Running {
    /// Starts one more, unless they were given up.
    fn start(&self, command: &duct::Expression) -> Option<Arc<duct::Handle>> {
        let mut running = self.0.lock().ok()?;
        let running = running.as_mut()?;
        let handle = Arc::new(command.start().ok()?);
        running.push(Arc::clone(&handle));
        Some(handle)
    }

    /// Ends those that run still, and lets no other begin.
    fn stop(&self) {
        let running = self.0.lock().ok().and_then(|mut running| running.take());
        for handle in running.iter().flatten() {
            drop(handle.kill());
        }
    }
}

impl Questions {
    fn answers(&self) -> Option<Answers> {
        // Half the work of `status`, which is asked where this finds anything.
        let commit = self.head.as_deref().unwrap_or("HEAD");
        let quickly = self.command(&["diff-index", "--quiet", commit, "--"]).stdout_null();
        let looking = self.running.start(&quickly)?;
        let remote = self
            .said(&["config", "-z", "--get-all", "remote.origin.url"])
            .and_then(|listed| first_url(&listed));
        let is_clean = looking.wait().ok()?.status.success();
        let (commit, seen) = match &self.head {
            Some(commit) if is_clean => (Some(commit.clone()), self.index.clean(&[], &self.top)),
            _ => self.status()?,
        };
        Some(Answers { commit, seen, remote })
    }

    /// Asks which files differ, where some may: one that was written again with the same content does for
    /// `diff-index` alone.
    fn status(&self) -> Option<(Option<String>, Seen)> {
        let words =
            ["status", "--porcelain=v2", "--branch", "--untracked-files=no", "--no-renames", "-z"];
        let status = Status::read(&self.said(&words)?, &self.top);
        // A commit that was made meanwhile is not the one that the command began with.
        let seen = if self.head.is_some() && status.commit != self.head {
            Seen::Unclear
        } else if status.is_clean() {
            let commit = status.commit.as_deref().unwrap_or("HEAD");
            let touched = self.said(&["diff-index", "--name-only", "-z", commit, "--"]);
            touched.map_or(Seen::Unclear, |names| self.index.clean(&names, &self.top))
        } else {
            self.index.differing(&status)
        };
        Some((self.head.clone().or(status.commit), seen))
    }

    /// All that git says to a question; none where it fails.
    fn said(&self, words: &[&str]) -> Option<Vec<u8>> {
        let (mut pipe, end) = io::pipe().ok()?;
        let process = self.running.start(&self.command(words).stdout_file(end))?;
        let mut said = Vec::new();
        pipe.read_to_end(&mut said).ok()?;
        process.wait().ok()?.status.success().then_some(said)
    }

    fn command(&self, words: &[&str]) -> duct::Expression {
        // Threads that look at every file first cost more than one that stops at the first that differs.
        let settings = GIT_SETTINGS.iter().chain(&["-c", "core.preloadindex=false"]);
        let command = duct::cmd(&self.git, settings.chain(words));
        GIT_VARIABLES
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value))
            .dir(&self.cwd)
            .stdin_null()
            .stderr_null()
            .unchecked()
    }
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
