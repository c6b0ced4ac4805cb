//! What git knows: the one module that calls it, in batches.

mod history;

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::resolve::class;
pub(crate) use history::{History, Version};

/// A git work tree.
pub(crate) struct Git {
    folder: PathBuf,
    tracked: Vec<String>,
    /// Where each last part of a path is; none where that is more than one place. Made when first asked for.
    names: OnceCell<HashMap<String, Option<String>>>,
}

impl Git {
    /// Lists the tracked files below a folder; none where the folder is in no work tree, or git is not installed.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        if !folder.ancestors().any(|folder| folder.join(".git").exists()) {
            return None;
        }
        let listed = run(folder, &["ls-files", "-z"], Vec::new()).ok()?;
        let mut tracked: Vec<String> = split(&listed).map(str::to_owned).collect();
        tracked.sort_unstable();
        Some(Self { folder: folder.to_path_buf(), tracked, names: OnceCell::new() })
    }

    /// Whether a path (relative to the folder, without a slash at its end) or something below it is tracked.
    pub(crate) fn is_tracked(&self, path: &str) -> bool {
        let at = self.tracked.partition_point(|known| known.as_str() < path);
        let is_here = self.tracked.get(at).is_some_and(|known| known == path);
        is_here || {
            let below = format!("{path}/");
            let at = self.tracked.partition_point(|known| known.as_str() < below.as_str());
            self.tracked.get(at).is_some_and(|known| known.starts_with(&below))
        }
    }

    /// The one tracked file or folder with the same last part, if there is exactly one.
    pub(crate) fn namesake(&self, path: &str) -> Option<String> {
        let name = path.trim_end_matches('/').rsplit('/').next().filter(|name| name.len() > 3)?;
        let end = if path.ends_with('/') { "/" } else { "" };
        let names = self.names.get_or_init(|| names(&self.tracked));
        names.get(&format!("{name}{end}")).and_then(Clone::clone)
    }

    /// How many tracked files a pattern matches.
    pub(crate) fn matches(&self, pattern: &str) -> usize {
        let pattern = pattern.trim_start_matches("./").as_bytes();
        // Each star doubles the ways to match at worst; nobody cites with so many.
        if memchr::memchr_iter(b'*', pattern).count() > 6 {
            return 0;
        }
        self.tracked.iter().filter(|known| class::matches(pattern, known.as_bytes())).count()
    }

    /// Which of these paths an ignore rule covers.
    pub(crate) fn ignored(&self, paths: &[String]) -> Result<HashSet<String>, Error> {
        if paths.is_empty() {
            return Ok(HashSet::new());
        }
        let input = paths.iter().flat_map(|path| path.bytes().chain([0])).collect();
        let answer = run(&self.folder, &["check-ignore", "-z", "--stdin"], input)
            .map_err(|source| Error::Git { doing: "what is ignored", source })?;
        Ok(split(&answer).map(str::to_owned).collect())
    }

    /// Whether a name stands for a commit; one that looks like an option is none.
    pub(crate) fn has_commit(&self, name: &str) -> bool {
        let commit = format!("{name}^{{commit}}");
        !name.starts_with('-')
            && run(&self.folder, &["rev-parse", "--verify", "--quiet", &commit], Vec::new()).is_ok()
    }

    /// The content of files in a commit; none for a file that it does not have.
    pub(crate) fn contents(
        &self,
        commit: &str,
        paths: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |source| Error::Git { doing: "for the committed logs", source };
        let prefix =
            run(&self.folder, &["rev-parse", "--show-prefix"], Vec::new()).map_err(failed)?;
        let prefix = String::from_utf8_lossy(&prefix).trim_end().to_owned();
        let names: Vec<String> =
            paths.iter().map(|path| format!("{commit}:{prefix}{path}")).collect();
        let input = names.join("\n") + "\n";
        let answer =
            run(&self.folder, &["cat-file", "--batch"], input.into_bytes()).map_err(failed)?;
        let mut rest = answer.as_slice();
        let contents = paths.iter().map(|_| next_blob(&mut rest)).collect();
        Ok(contents)
    }
}

/// Takes the next answer of `git cat-file --batch`; none where it is no file.
fn next_blob(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let header = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = rest.get(end + 1..).unwrap_or_default();
    let mut words = header.rsplit(' ');
    let size = words.next().and_then(|size| size.parse::<usize>().ok())?;
    if words.next() != Some("blob") {
        return None;
    }
    let blob = rest.get(..size)?.to_vec();
    *rest = rest.get(size + 1..).unwrap_or_default();
    Some(blob)
}

/// The last parts of tracked files, and with a slash at their end those of their folders.
fn names(tracked: &[String]) -> HashMap<String, Option<String>> {
    let mut names: HashMap<String, Option<String>> = HashMap::new();
    for path in tracked {
        let ends = path.match_indices('/').map(|(at, _)| at + 1).chain([path.len()]);
        let mut start = 0;
        for end in ends {
            let place = names
                .entry(path[start..end].to_owned())
                .or_insert_with(|| Some(path[..end].to_owned()));
            if place.as_deref() != Some(&path[..end]) {
                *place = None;
            }
            start = end;
        }
    }
    names
}

fn split(answer: &[u8]) -> impl Iterator<Item = &str> {
    answer
        .split(|byte| *byte == 0)
        .filter_map(|part| std::str::from_utf8(part).ok())
        .filter(|part| !part.is_empty())
}

/// Runs git in a folder; `check-ignore` answers 1 where nothing is ignored, which is no failure.
fn run(folder: &Path, args: &[&str], input: Vec<u8>) -> io::Result<Vec<u8>> {
    let output = duct::cmd("git", args)
        .dir(folder)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin_bytes(input)
        .stdout_capture()
        .stderr_null()
        .unchecked()
        .run()?;
    match output.status.code() {
        Some(0) => Ok(output.stdout),
        Some(1) if args[0] == "check-ignore" => Ok(output.stdout),
        code => Err(io::Error::other(format!(
            "git {} ended with {}",
            args[0],
            code.map_or("a signal".to_owned(), |code| format!("code {code}"))
        ))),
    }
}
