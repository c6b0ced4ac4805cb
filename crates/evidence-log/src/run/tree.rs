//! The processes that a command started, and ending them all.

use std::collections::HashMap;

use rustix::process::{Pid, Signal, kill_process};

/// What descends from us: the command, what it started, and, with the subreaper set, what has lost its parent.
pub(super) struct Tree {
    /// Our children from before the command, as of a shell that became us with `exec`. They are nothing of its.
    others: Vec<Pid>,
}

impl Tree {
    /// To be made before the command starts. Where the kernel does not tell, there are no others.
    pub(super) fn before_start() -> Self {
        let children = format!("/proc/self/task/{}/children", std::process::id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        let pids = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
        Self { others: pids.filter_map(Pid::from_raw).collect() }
    }

    /// Sends a signal to the command, if it still runs, and to all else. A helper of ours among them has ended or is
    /// about to.
    pub(super) fn signal(&self, command: Option<Pid>, signal: Signal) {
        let mut all = self.pids();
        // Where there is no `/proc`, nothing else is known of.
        all.extend(command.filter(|command| !all.contains(command)));
        for pid in all {
            let _ = kill_process(pid, signal);
        }
    }

    /// Whether anything of it still runs.
    pub(super) fn is_any_left(&self) -> bool {
        !self.pids().is_empty()
    }

    fn pids(&self) -> Vec<Pid> {
        let mut parents = parents();
        parents.retain(|pid, _| !self.others.contains(pid));
        let mut tree = vec![rustix::process::getpid()];
        let mut seen = 0;
        while seen < tree.len() {
            let parent = tree[seen];
            tree.extend(parents.iter().filter(|(_, above)| **above == parent).map(|(pid, _)| *pid));
            seen += 1;
        }
        tree.split_off(1)
    }
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
