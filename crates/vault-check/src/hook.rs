//! Which commit a hook was started for, wherever the hook has gone since.

use std::fs;
use std::path::{Path, PathBuf};

/// More processes than this do not stand between a hook and the git that started it.
const MOST_PROCESSES: usize = 64;

/// The folder of the git that this process was started by, near or far; none where the system does not tell.
///
/// git names its index from the top of the work tree it commits in, and stands there itself while a hook runs. The hook
/// may have gone into another repository, in which the same name is another index.
pub(crate) fn folder_of_git() -> Option<PathBuf> {
    let mut process = parent(Path::new("/proc/self"))?;
    for _ in 0..MOST_PROCESSES {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let name = fs::read_to_string(folder.join("comm")).ok()?;
        if name.trim_end() == "git" {
            return fs::read_link(folder.join("cwd")).ok();
        }
        process = parent(&folder)?;
    }
    None
}

/// The number of a process's parent, which stands behind its name in brackets and its state.
fn parent(folder: &Path) -> Option<u32> {
    let line = fs::read_to_string(folder.join("stat")).ok()?;
    let (_, rest) = line.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok().filter(|parent| *parent > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_a_parent() {
        assert_eq!(parent(Path::new("/proc/self")), Some(std::os::unix::process::parent_id()));
        assert_eq!(parent(Path::new("/proc/1")), None);
    }
}
