//! What a recorder has started, and ending it all.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Kills everything that descends from these processes, and not these: they see it end, and record that.
///
/// Each is stopped first, until no other is found: what is killed while it starts another leaves that to nobody.
pub(super) fn kill(roots: &[u32]) {
    let mut held = BTreeSet::new();
    loop {
        let found: Vec<u32> = below(roots).into_iter().filter(|pid| held.insert(*pid)).collect();
        if found.is_empty() {
            break;
        }
        signal(found, Signal::STOP);
    }
    signal(held, Signal::KILL);
}

/// One that has ended meanwhile is no concern.
fn signal(pids: impl IntoIterator<Item = u32>, signal: Signal) {
    for pid in pids {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

/// All that descends from these processes.
fn below(roots: &[u32]) -> Vec<u32> {
    let parents = parents();
    let mut tree = roots.to_vec();
    let mut seen = 0;
    while seen < tree.len() {
        let parent = tree[seen];
        tree.extend(parents.iter().filter(|(_, above)| **above == parent).map(|(pid, _)| *pid));
        seen += 1;
    }
    tree.split_off(roots.len())
}

/// Each process with the one above it.
fn parents() -> HashMap<u32, u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return HashMap::new() };
    let of = |process: fs::DirEntry| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        // The name in parentheses may hold anything, so what counts begins behind the last one.
        let (_, rest) = stat.rsplit_once(')')?;
        Some((pid, rest.split_ascii_whitespace().nth(1)?.parse().ok()?))
    };
    processes.flatten().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use duct::cmd;

    use super::*;

    #[test]
    fn what_a_process_has_started_is_killed_and_it_sees_that() {
        let stubborn = "trap '' INT TERM HUP; sleep 600; echo not here";
        let script = format!("sh -c \"{stubborn}\"; echo \"ended with $?\"");
        let handle = cmd!("sh", "-c", script).stdout_capture().unchecked().start().unwrap();
        let mut ended = None;
        while ended.is_none() {
            kill(&handle.pids());
            ended = handle.wait_timeout(Duration::from_millis(20)).unwrap().cloned();
        }
        assert_eq!(ended.unwrap().stdout, b"ended with 137\n");
    }
}
