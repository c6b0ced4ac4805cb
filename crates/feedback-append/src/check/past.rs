//! What git has of the logs: every version, or from a commit on. Asked while the logs themselves are read.

use crate::error::Error;
use crate::git::{Git, History, Version};

/// What git has of each of a number of paths.
#[derive(Default)]
pub(super) struct Past {
    /// The commit that `--since` names, and what it has of each; none of one that it does not have.
    pub(super) since: Option<Vec<Option<Vec<u8>>>>,
    /// Their versions.
    pub(super) histories: Vec<History>,
}

impl Past {
    /// Whether git may know any of these paths; else nothing needs to be asked.
    pub(super) fn is_there(
        git: Option<&Git>,
        paths: &[String],
        is_declared: impl Fn(&str) -> bool,
    ) -> bool {
        git.is_some_and(|git| paths.iter().any(|path| is_declared(path) || git.is_tracked(path)))
    }

    /// Asks git.
    pub(super) fn read(
        git: Option<&Git>,
        since: Option<&str>,
        paths: &[String],
    ) -> Result<Self, Error> {
        let refused = |why: &str| Error::option("--since", why);
        let git = match (git, since) {
            (Some(git), _) => git,
            (None, Some(_)) => return Err(refused("needs a git work tree")),
            (None, None) => return Ok(Self::default()),
        };
        let Some(since) = since else {
            let histories = git.history(None, paths, |_| false)?;
            return Ok(Self { since: None, histories });
        };
        if !git.has_commit(since)? {
            if ["HEAD", "@"].contains(&since) && git.is_unborn() {
                // Before the first commit everything is new.
                let histories = paths.iter().map(|_| History::default()).collect();
                return Ok(Self { since: Some(vec![None; paths.len()]), histories });
            }
            return Err(refused("names no commit of this repo"));
        }
        // What others added there meanwhile is not missing here.
        let base = git.common(since);
        if base.is_none() && git.is_shallow() {
            return Err(refused(
                "and HEAD have no commit in common that this shallow clone has; `git fetch --unshallow` gets the others",
            ));
        }
        let since = base.as_deref().unwrap_or(since);
        let mut contents = git.contents(since, paths)?;
        let mut histories = git
            .history(Some(since), paths, |file| contents.get(file).is_some_and(Option::is_some))?;
        // What was renamed since has its content there under its old name.
        let renamed: Vec<(usize, String)> = histories
            .iter()
            .enumerate()
            .filter(|(file, _)| contents.get(*file).is_some_and(Option::is_none))
            .filter_map(|(file, history)| Some((file, history.was.clone()?)))
            .collect();
        let names: Vec<String> = renamed.iter().map(|(_, name)| name.clone()).collect();
        for ((file, _), content) in renamed.iter().zip(git.contents(since, &names)?) {
            contents[*file] = content;
        }
        for (history, content) in histories.iter_mut().zip(&contents) {
            if let Some(bytes) = content {
                let commit = if base.is_some() {
                    since.chars().take(12).collect()
                } else {
                    since.to_owned()
                };
                let bytes = bytes.clone();
                history.versions.push(Version { commit, at: None, bytes });
            }
        }
        Ok(Self { since: Some(contents), histories })
    }
}
