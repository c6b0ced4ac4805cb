//! The processes that a command started, and ending them all.

use std::collections::HashMap;

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal to a process and to all that descend from it or were left to us by it.
pub(super) fn signal_all(root: Pid, signal: Signal) {
    let parents = parents();
    let ours = rustix::process::getpid();
    let mut tree = vec![root];
    let mut seen = 0;
    while seen < tree.len() {
        let parent = tree[seen];
        tree.extend(parents.iter().filter(|(_, above)| **above == parent).map(|(pid, _)| *pid));
        seen += 1;
    }
    // With the subreaper set, what lost its parent is our own child now; so is a helper of ours, which has ended
    // or is about to.
    let left: Vec<Pid> =
        parents.iter().filter(|(_, above)| **above == ours).map(|(pid, _)| *pid).collect();
    for pid in left {
        if !tree.contains(&pid) {
            tree.push(pid);
            tree.extend(parents.iter().filter(|(_, above)| **above == pid).map(|(pid, _)| *pid));
        }
    }
    for pid in tree {
        let _ = kill_process(pid, signal);
    }
}

/// Each process with the one above it.
fn parents() -> HashMap<Pid, Pid> {
    let mut parents = HashMap::new();
    let Ok(entries) = std::fs::read_dir("/proc") else { return parents };
    for entry in entries.flatten() {
        let Some(pid) =
            entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
        else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in parentheses may hold anything, so what counts begins after the last one.
        let parent = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_ascii_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent.and_then(Pid::from_raw) {
            parents.insert(pid, parent);
        }
    }
    parents
}
