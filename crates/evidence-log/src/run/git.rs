//! The state of the repository that a command runs in: commit, dirty or not, where it is published.

use std::path::{Path, PathBuf};
use std::time::Duration;

use evidence::Git;
use report::Invocation;

use crate::redaction::Cleaner;

/// How long git may go on after the command has ended.
const WAIT: Duration = Duration::from_secs(3);

/// A question to git that is being answered while the command runs.
pub(super) struct Asked {
    status: duct::Handle,
    config: PathBuf,
}

/// Asks git for the state, if the folder is in a repository. Tracked files alone decide whether it is dirty: the
/// bundle that is being written would otherwise always make it so.
pub(super) fn look(cwd: &Path, invocation: &Invocation) -> Option<Asked> {
    let dot_git = cwd.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
    let git = invocation.find_program("git")?;
    let status = duct::cmd(
        git,
        [
            "-c",
            "core.fsmonitor=false",
            "status",
            "--porcelain=v2",
            "--branch",
            "--untracked-files=no",
            "-z",
        ],
    )
    .dir(cwd)
    .env("GIT_OPTIONAL_LOCKS", "0")
    .stdin_null()
    .stdout_capture()
    .stderr_null()
    .unchecked()
    .start()
    .ok()?;
    Some(Asked { status, config: config_of(&dot_git) })
}

impl Asked {
    /// The answer; none when git failed or takes too long.
    pub(super) fn answer(self, cleaner: &mut Cleaner<'_>) -> Option<Git> {
        let Ok(Some(output)) = self.status.wait_timeout(WAIT) else {
            drop(self.status.kill());
            return None;
        };
        if !output.status.success() {
            return None;
        }
        let mut git = read_status(&output.stdout);
        let config = std::fs::read_to_string(&self.config).unwrap_or_default();
        git.remote = origin(&config).map(|url| cleaner.words(&without_userinfo(url)));
        Some(git)
    }
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

/// The configuration of a repository; in a worktree or submodule `.git` is a file that names the folder.
fn config_of(dot_git: &Path) -> PathBuf {
    let folder = match std::fs::read_to_string(dot_git) {
        Ok(text) => dot_git
            .with_file_name("")
            .join(text.trim().strip_prefix("gitdir:").unwrap_or("").trim()),
        Err(_) => dot_git.to_path_buf(),
    };
    match std::fs::read_to_string(folder.join("commondir")) {
        Ok(common) => folder.join(common.trim()).join("config"),
        Err(_) => folder.join("config"),
    }
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
