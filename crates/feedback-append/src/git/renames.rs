//! Where files were before: what a commit, or what is about to be committed, renames.

use std::io;

use super::{Git, run};

/// How many files may be compared for likeness in one commit.
const LIMIT: &str = "-l400";

/// A commit that has a file which the one before it does not have.
#[derive(Debug)]
pub(super) struct Creation {
    /// Which file is asked about.
    pub(super) file: usize,
    /// Its name in that commit.
    pub(super) path: String,
    /// The commit.
    pub(super) commit: String,
}

/// A name under which a file is to be looked for, from a commit backwards.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Earlier {
    /// Which file is asked about.
    pub(super) file: usize,
    /// Its name there.
    pub(super) path: String,
    /// The newest commit to look at.
    pub(super) until: String,
}

impl Git {
    /// The names that files had before the commits which seem to create them.
    pub(super) fn renames(&self, creations: &[Creation]) -> io::Result<Vec<Earlier>> {
        if creations.is_empty() {
            return Ok(Vec::new());
        }
        let commits = creations.iter().flat_map(|new| new.commit.bytes().chain([b'\n'])).collect();
        let mut args = vec!["diff-tree", "--stdin", "-r", "-z"];
        args.extend(["-M", "--raw", "--diff-filter=R", "--relative", "--no-abbrev", LIMIT]);
        let answer = run(&self.folder, &args, commits)?;
        Ok(read(&answer, creations))
    }

    /// The names that files have in the last commit, where the index renames them.
    pub(super) fn staged_renames(&self, files: &[&Earlier]) -> io::Result<Vec<Earlier>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let mut args = vec!["diff-index", "--cached", "-z"];
        args.extend(["-M", "--raw", "--diff-filter=R", "--relative", "--no-abbrev", LIMIT, "HEAD"]);
        let answer = run(&self.folder, &args, Vec::new())?;
        let creations: Vec<_> = files
            .iter()
            .map(|file| Creation {
                file: file.file,
                path: file.path.clone(),
                commit: String::new(),
            })
            .collect();
        Ok(read(&answer, &creations))
    }
}

/// Reads what `-z --raw` says of renames, behind the name of each commit where there are several.
fn read(answer: &[u8], creations: &[Creation]) -> Vec<Earlier> {
    let answer = String::from_utf8_lossy(answer);
    let (mut commit, mut found) = ("", Vec::new());
    let mut parts = answer.split('\0');
    while let Some(part) = parts.next() {
        if !part.starts_with(':') {
            commit = part.trim();
            continue;
        }
        let (Some(old), Some(new)) = (parts.next(), parts.next()) else { continue };
        let of = creations.iter().find(|made| made.commit == commit && made.path == new);
        if let Some(made) = of {
            let until = if commit.is_empty() { "HEAD".to_owned() } else { format!("{commit}^") };
            found.push(Earlier { file: made.file, path: old.to_owned(), until });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_is_found_in_its_commit() {
        let made = |file, path: &str, commit: &str| Creation {
            file,
            path: path.to_owned(),
            commit: commit.to_owned(),
        };
        let answer =
            "aa\0:100644 100644 1 2 R087\0old.md\0new.md\0bb\0:100644 100644 1 1 R100\0x\0y\0";
        let found = read(answer.as_bytes(), &[made(0, "new.md", "aa"), made(1, "new.md", "bb")]);
        let until = |until: &str| Earlier { file: 0, path: "old.md".into(), until: until.into() };
        assert_eq!(found, [until("aa^")]);
        let staged = ":100644 100644 1 2 R087\0old.md\0new.md\0";
        assert_eq!(read(staged.as_bytes(), &[made(0, "new.md", "")]), [until("HEAD")]);
    }
}
