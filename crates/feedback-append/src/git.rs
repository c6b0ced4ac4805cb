//! What git knows: the one module that calls it, in batches.

mod history;
mod index;
mod renames;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use report::{GIT_SETTINGS, GIT_VARIABLES, Invocation};

use crate::error::Error;
use crate::repo;
use crate::resolve::class;
pub(crate) use history::{History, Version};

/// A git work tree. Nothing is asked before somebody wants to know, and what can be read is not asked.
pub(crate) struct Git {
    folder: PathBuf,
    /// The work tree, where the environment does not name another or another index, as it does in hooks.
    plain_root: Option<PathBuf>,
    tracked: OnceLock<Vec<String>>,
    /// Where each last part of a path is; none where that is more than one place.
    names: OnceLock<HashMap<String, Option<String>>>,
}

impl Git {
    /// Finds the work tree of a folder; none where it is in none.
    pub(crate) fn open(folder: &Path, invocation: &Invocation) -> Option<Self> {
        let root = folder.ancestors().find(|folder| folder.join(".git").exists())?;
        let is_set = |name: &str| invocation.variable(name).is_some();
        let is_plain = !["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"].into_iter().any(is_set);
        Some(Self {
            folder: folder.to_path_buf(),
            plain_root: is_plain.then(|| root.to_path_buf()),
            tracked: OnceLock::new(),
            names: OnceLock::new(),
        })
    }

    /// The tracked files below the folder, sorted; none where git cannot say.
    fn tracked(&self) -> &[String] {
        self.tracked.get_or_init(|| {
            let read = self.plain_root.as_ref().and_then(|root| index::tracked(root, &self.folder));
            let ask = || {
                let listed = run(&self.folder, &["ls-files", "-z"], Vec::new()).unwrap_or_default();
                split(&listed).map(str::to_owned).collect()
            };
            let mut tracked = read.unwrap_or_else(ask);
            tracked.sort_unstable();
            tracked
        })
    }

    /// Whether a path (relative to the folder, without a slash at its end) or something below it is tracked.
    pub(crate) fn is_tracked(&self, path: &str) -> bool {
        let tracked = self.tracked();
        let at = tracked.partition_point(|known| known.as_str() < path);
        let is_here = tracked.get(at).is_some_and(|known| known == path);
        is_here || {
            let below = format!("{path}/");
            let at = tracked.partition_point(|known| known.as_str() < below.as_str());
            tracked.get(at).is_some_and(|known| known.starts_with(&below))
        }
    }

    /// The tracked markdown files below a folder that are not on disk.
    pub(crate) fn missing_below(&self, folder: &str) -> impl Iterator<Item = String> {
        let below = format!("{folder}/");
        let tracked = self.tracked();
        let from = tracked.partition_point(|known| known.as_str() < below.as_str());
        let inside = tracked[from..].iter().take_while(move |known| known.starts_with(&below));
        let logs = inside.filter(|known| repo::is_markdown(Path::new(known)));
        logs.filter(|known| !self.folder.join(known).exists()).cloned()
    }

    /// The markdown files below a folder that a commit has (without one: that any commit did, as far as is looked), and
    /// that are neither on disk nor, where what is staged counts, in the index.
    pub(crate) fn deleted_below(
        &self,
        folder: &str,
        since: Option<&str>,
        is_staged: bool,
    ) -> Vec<String> {
        let mut diff = vec!["diff", "--name-only", "--diff-filter=D", "--no-renames", "-z"];
        diff.extend(["--no-ext-diff", "--relative"]);
        diff.extend(is_staged.then_some("--cached"));
        diff.extend([since.unwrap_or("HEAD"), "--", folder]);
        let limit = format!("--max-count={}", history::COMMITS);
        let mut log =
            vec!["log", "--format=", "--name-only", "--diff-filter=D", "--no-renames", "-z"];
        log.extend(["--no-ext-diff", "--relative", limit.as_str(), "HEAD", "--", folder]);
        // Before the first commit there is nothing that could be gone.
        let ask = |args: &[&str]| run(&self.folder, args, Vec::new()).unwrap_or_default();
        let answers = std::thread::scope(|scope| {
            let earlier = since.is_none().then(|| scope.spawn(|| ask(&log)));
            let now = ask(&diff);
            [now, earlier.and_then(|earlier| earlier.join().ok()).unwrap_or_default()]
        });
        let names = answers.iter().flat_map(|answer| split(answer));
        let mut paths: Vec<String> =
            names.map(|path| path.trim_start_matches('\n').to_owned()).collect();
        let is_there = |path: &str| {
            if is_staged { self.is_tracked(path) } else { self.folder.join(path).exists() }
        };
        paths.retain(|path| repo::is_markdown(Path::new(path)) && !is_there(path));
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// The newest commit that both `HEAD` and another one have; none where they have none in common.
    pub(crate) fn common(&self, commit: &str) -> Option<String> {
        let base = run(&self.folder, &["merge-base", "HEAD", commit], Vec::new()).ok()?;
        let base = String::from_utf8(base).ok()?.trim().to_owned();
        (!base.is_empty()).then_some(base)
    }

    /// Whether the clone has only the newest commits.
    pub(crate) fn is_shallow(&self) -> bool {
        let answer = run(&self.folder, &["rev-parse", "--is-shallow-repository"], Vec::new());
        answer.is_ok_and(|answer| answer.trim_ascii() == b"true")
    }

    /// The one tracked file or folder with the same last part, if there is exactly one.
    pub(crate) fn namesake(&self, path: &str) -> Option<String> {
        let name = path.trim_end_matches('/').rsplit('/').next().filter(|name| name.len() > 3)?;
        let end = if path.ends_with('/') { "/" } else { "" };
        let names = self.names.get_or_init(|| names(self.tracked()));
        names.get(&format!("{name}{end}")).and_then(Clone::clone)
    }

    /// How many tracked files a pattern matches.
    pub(crate) fn matches(&self, pattern: &str) -> usize {
        let pattern = pattern.trim_start_matches("./").as_bytes();
        // Each star doubles the ways to match at worst; nobody cites with so many.
        if memchr::memchr_iter(b'*', pattern).count() > 6 {
            return 0;
        }
        self.tracked().iter().filter(|known| class::matches(pattern, known.as_bytes())).count()
    }

    /// Which of these paths an ignore rule covers; none where git is not installed.
    pub(crate) fn ignored(&self, paths: &[String]) -> Result<HashSet<String>, Error> {
        if paths.is_empty() {
            return Ok(HashSet::new());
        }
        let input = paths.iter().flat_map(|path| path.bytes().chain([0])).collect();
        match run(&self.folder, &["check-ignore", "-z", "--stdin"], input) {
            Ok(answer) => Ok(split(&answer).map(str::to_owned).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HashSet::new()),
            Err(source) => Err(Error::Git { doing: "what is ignored", source }),
        }
    }

    /// Whether a name stands for a commit; one that looks like an option is none.
    pub(crate) fn has_commit(&self, name: &str) -> Result<bool, Error> {
        let commit = format!("{name}^{{commit}}");
        if name.starts_with('-') {
            return Ok(false);
        }
        match run(&self.folder, &["rev-parse", "--verify", "--quiet", &commit], Vec::new()) {
            Ok(_) => Ok(true),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                Err(Error::Git { doing: "for a commit", source })
            }
            Err(_) => Ok(false),
        }
    }

    /// Whether there is no commit yet.
    pub(crate) fn is_unborn(&self) -> bool {
        let args = ["rev-parse", "--verify", "--quiet", "HEAD"];
        let output = command(&self.folder, &args, Vec::new()).stdout_null().run();
        output.is_ok_and(|output| output.status.code() == Some(1))
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
    let header = String::from_utf8_lossy(&rest[..end]);
    *rest = rest.get(end + 1..).unwrap_or_default();
    let size = history::blob_size(&header)?;
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
    let output = command(folder, args, input).stdout_capture().run()?;
    match output.status.code() {
        Some(0) => Ok(output.stdout),
        Some(1) if args[0] == "check-ignore" => Ok(output.stdout),
        code => Err(io::Error::other(format!(
            "git {} ended with {}",
            args.iter().find(|arg| !arg.starts_with('-') && !arg.contains('=')).unwrap_or(&""),
            code.map_or("a signal".to_owned(), |code| format!("code {code}"))
        ))),
    }
}

/// A call of git that changes nothing, asks nobody and fetches nothing.
fn command(folder: &Path, args: &[&str], input: Vec<u8>) -> duct::Expression {
    let command =
        duct::cmd("git", GIT_SETTINGS.iter().chain(args)).dir(folder).stderr_null().unchecked();
    let command =
        GIT_VARIABLES.iter().fold(command, |command, (name, value)| command.env(name, value));
    // A thread that writes the input is only started where there is some.
    if input.is_empty() { command.stdin_null() } else { command.stdin_bytes(input) }
}
