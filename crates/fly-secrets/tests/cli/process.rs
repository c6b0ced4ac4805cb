//! What others on the machine can see of a run: its command line and environment, and its children's.

use std::collections::BTreeMap;
use std::fs;

use testbed::Bed;

use crate::faults::wait_for_call;
use crate::flyctl::{recording_and_waiting, wait_for_recorder};
use crate::{chatwoot, command};

/// The children of a process and theirs, with their names.
pub(crate) fn children(pid: u32) -> BTreeMap<u32, String> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // `PID (NAME) STATE PARENT …`; a process may end while this looks.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let (before, after) = stat.rsplit_once(") ").unwrap();
        let name = before.split_once('(').unwrap().1.to_owned();
        let parent: u32 = after.split(' ').nth(1).unwrap().parse().unwrap();
        parents.insert(pid, (parent, name));
    }
    let mut found = BTreeMap::new();
    let mut of = vec![pid];
    while let Some(parent) = of.pop() {
        for (&pid, (_, name)) in parents.iter().filter(|(_, (its, _))| *its == parent) {
            found.insert(pid, name.clone());
            of.push(pid);
        }
    }
    found
}

/// What `/proc` shows of a process.
fn shown(pid: u32, name: &str) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default())
        .replace('\0', "\n")
}

/// Whether a text holds a value of the vault: the guard of the bed, asked about it as about an output.
fn assert_no_value(bed: &Bed, text: &str) {
    let echoed = bed.command("cat").stdin(text).run();
    assert_eq!(echoed.stdout(), text);
}

#[test]
fn a_run_over_the_api_shows_no_value_to_anyone() {
    let (bed, fly) = chatwoot();
    fly.add_fault("POST /secrets=slow:60000".parse().unwrap());
    let running = command(&bed, &fly, ["apply", "--approve"]).start();
    // The list was given, the values are on their way.
    wait_for_call(&fly, 1, &running);
    assert_eq!(children(running.pid()), BTreeMap::new());
    let argv = shown(running.pid(), "cmdline");
    assert!(argv.ends_with("apply\n--approve\n"), "{argv}");
    assert_no_value(&bed, &argv);
    assert_no_value(&bed, &shown(running.pid(), "environ"));
    running.kill();
    assert_eq!(running.wait().code(), 137);
}

#[test]
fn only_flyctl_is_given_the_token_and_nobody_a_value() {
    let (bed, fly) = recording_and_waiting();
    let running =
        command(&bed, &fly, ["apply", "--via", "flyctl", "--approve"]).path_first("bin").start();
    wait_for_recorder(&bed, &running);
    assert_no_value(&bed, &shown(running.pid(), "cmdline"));
    assert_no_value(&bed, &shown(running.pid(), "environ"));
    let children = children(running.pid());
    assert_eq!(children.values().collect::<Vec<_>>(), ["flyctl"]);
    for &pid in children.keys() {
        assert!(shown(pid, "cmdline").contains("\nsecrets\nimport\n--stage\n"));
        assert_no_value(&bed, &shown(pid, "cmdline"));
        let environment = shown(pid, "environ");
        let (token, rest): (Vec<&str>, Vec<&str>) =
            environment.lines().partition(|line| line.starts_with("FLY_ACCESS_TOKEN="));
        assert_eq!(token.len(), 1);
        assert!(rest.len() > 3);
        assert_no_value(&bed, &rest.join("\n"));
    }
    fs::write(bed.path("record/go"), "\n").unwrap();
    // The recorder sets nothing.
    assert_eq!(running.wait().code(), 1);
}
