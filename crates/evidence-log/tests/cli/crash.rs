//! A recorder that is killed, and one whose disk or system calls fail.

use crate::ops::{is_there, unsigned};
use crate::{faults, open, show, tool, wait_for};

#[test]
fn a_killed_recorder_leaves_a_begin_without_an_end() {
    let bed = unsigned();
    let bundle = open(&bed);
    let command = "echo started; while [ ! -e go ]; do sleep 0.02; done";
    let run = ["run", "--into", &bundle, "--label", "k", "--", "sh", "-c", command];
    let running = tool(&bed).args(run).start();
    let out = bed.path(format!("{bundle}/001-k.out"));
    wait_for("the start", || std::fs::read_to_string(&out).is_ok_and(|text| text == "started\n"));
    assert_eq!(
        tool(&bed).args(["seal", &bundle]).run().code(),
        2,
        "a run that goes on is not sealed over"
    );
    running.kill();
    drop(running.wait());
    assert_eq!(faults(&bed, &bundle), ["unsealed", "incomplete"]);
    let seal = || tool(&bed).args(["seal", &bundle]).run().code();
    assert_eq!(seal(), 2, "its command still runs");
    bed.write("go", "");
    assert!(show(&bed, &bundle)["runs"][0]["exit"].is_null(), "an end must not be made up");
    wait_for("the seal", || seal() == 0);
    assert_eq!(faults(&bed, &bundle), ["incomplete"]);
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"kind\":\"recovered\",\"run\":1"), "{records}");
}

#[test]
fn writers_that_are_killed_lose_nothing_that_was_acknowledged() {
    kill_writers(4, 15);
}

#[test]
#[ignore = "three thousand notes take minutes: run by hand"]
fn sixteen_writers_that_are_killed_lose_nothing_that_was_acknowledged() {
    kill_writers(16, 200);
}

fn kill_writers(writers: usize, notes: usize) {
    let bed = unsigned();
    let bundle = open(&bed);
    let program = testbed::bin!("evidence-log");
    // Each writer starts one note after the other, kills most of them within some milliseconds, and notes down which
    // of them said that they were done.
    let writer = format!(
        "for n in $(seq 1 {notes}); do {program} note {bundle} \"note $1-$n end\" & p=$!; \
         [ $((n % 5)) -eq 0 ] || {{ sleep 0.00$((RANDOM % 10)); kill -9 $p; }}; \
         wait $p && echo $1-$n >> acknowledged; done 2>/dev/null"
    );
    bed.write("writer.sh", writer);
    bed.write("acknowledged", "");
    let all = format!("for w in $(seq 1 {writers}); do bash writer.sh $w & done; wait");
    let _ = bed.command("bash").args(["-c", &all]).run();
    assert!(bed.read("acknowledged").lines().count() >= writers * notes / 5);
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    for id in bed.read("acknowledged").lines() {
        assert_eq!(records.matches(&format!("\"note {id} end\"")).count(), 1, "{id}");
    }
    let rest: Vec<_> = faults(&bed, &bundle).into_iter().filter(|rule| rule != "torn").collect();
    assert_eq!(rest, ["unsealed"]);
}

/// Each system call of a recorder fails or kills it, one after the other; after each of these, what was recorded
/// holds together, and the bundle can be sealed.
#[test]
fn every_call_that_fails_leaves_a_state_that_verify_explains() {
    let test = "every_call_that_fails_leaves_a_state_that_verify_explains";
    let bed = unsigned();
    let program = testbed::bin!("evidence-log");
    let traced = bed.command("strace").args(["-o", "/dev/null", "true"]).unguarded();
    if !is_there("strace") || traced.run().code() != 0 {
        testbed::not_run(test, "strace cannot trace here");
        return;
    }
    for call in ["write", "fdatasync", "fsync", "openat", "ftruncate", "flock", "clone3"] {
        for fault in ["signal=KILL", "error=ENOSPC", "error=EIO"] {
            for when in [1, 2, 3, 5, 8] {
                check_fault(&bed, program, call, fault, when);
            }
        }
    }
}

fn check_fault(bed: &testbed::Bed, program: &str, call: &str, fault: &str, when: u32) {
    let bundle = open(bed);
    let starts_torn = when.is_multiple_of(2) || call == "ftruncate";
    if starts_torn {
        let records = bed.read(format!("{bundle}/evidence.jsonl"));
        bed.write(format!("{bundle}/evidence.jsonl"), records + "{\"v\":1,\"i\":1,\"t");
    }
    let trace = format!("trace={call}");
    // The first openat calls are the loader's own.
    let when = if call == "openat" { when + 12 } else { when };
    let inject = format!("inject={call}:{fault}:when={when}");
    let run = [
        program,
        "run",
        "--into",
        &bundle,
        "--label",
        "x",
        "--",
        "sh",
        "-c",
        "echo kept > done; echo out",
    ];
    bed.write("done", "");
    let output = bed
        .command("strace")
        .args(["-o", "/dev/null", "-e", &trace, "-e", &inject])
        .args(run)
        .run();
    let what = format!("{inject}: {output}");
    let found = faults(bed, &bundle);
    let known = ["unsealed", "incomplete", "torn"];
    assert!(found.iter().all(|rule| known.contains(&rule.as_str())), "{what}: {found:?}");
    let ran = bed.read("done") == "kept\n";
    let begun = bed.read(format!("{bundle}/evidence.jsonl")).contains("\"kind\":\"begin\"");
    assert!(begun || !ran, "{what}: it ran, and nothing says so");
    if output.code() == 0 {
        assert_eq!(found, ["unsealed"], "{what}: an acknowledged run is whole");
        assert_eq!(bed.read(format!("{bundle}/001-x.out")), "out\n", "{what}");
    }
    let kept_aside = bed.command("sh").args(["-c", &format!("cat {bundle}/*.torn-*")]).run();
    if starts_torn && output.code() == 0 {
        assert_eq!(kept_aside.stdout(), "{\"v\":1,\"i\":1,\"t", "{what}: torn bytes are kept");
    }
    let recovered = tool(bed).args(["recover", &bundle]).run();
    assert_eq!(recovered.code(), 0, "{what}: {recovered}");
    let found = faults(bed, &bundle);
    assert!(!found.iter().any(|rule| rule == "torn"), "{what}: {found:?}");
    let sealed = tool(bed).args(["seal", &bundle]).run();
    assert_eq!(sealed.code(), 0, "{what}: {sealed}");
    let found = faults(bed, &bundle);
    assert!(found.iter().all(|rule| rule == "incomplete"), "{what}: {found:?}");
}
