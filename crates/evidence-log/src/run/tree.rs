//! The processes that a command started, and ending them all.

use std::collections::HashMap;

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal to every process that descends from us: the command, what it started, and, with the subreaper set,
/// what has lost its parent. A helper of ours among them has ended or is about to.
pub(super) fn signal_all(signal: Signal) {
    for pid in below_us() {
        let _ = kill_process(pid, signal);
    }
}

/// Whether anything that descends from us still runs.
pub(super) fn is_any_left() -> bool {
    !below_us().is_empty()
}

fn below_us() -> Vec<Pid> {
    let parents = parents();
    let mut tree = vec![rustix::process::getpid()];
    let mut seen = 0;
    while seen < tree.len() {
        let parent = tree[seen];
        tree.extend(parents.iter().filter(|(_, above)| **above == parent).map(|(pid, _)| *pid));
        seen += 1;
    }
    tree.split_off(1)
}

/// Each process that has not ended, with the one above it.
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
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| {
            let mut words = rest.split_ascii_whitespace();
            words.next().filter(|state| *state != "Z")?;
            words.next()?.parse().ok()
        });
        if let Some(parent) = parent.and_then(Pid::from_raw) {
            parents.insert(pid, parent);
        }
    }
    parents
}
