//! Ctrl-C, hang-ups and impatience: the command decides, and what it says while it cleans up is kept.

use testbed::{Bed, Output};

use crate::ops::is_there;
use crate::{faults, open, show, tool, wait_for};

fn send(bed: &Bed, signal: &str, to: &str) {
    assert_eq!(bed.command("kill").args([signal, "--", to]).unguarded().run().code(), 0);
}

#[test]
fn each_signal_is_passed_on_and_recorded() {
    let signals = [
        ("-HUP", "SIGHUP"),
        ("-TERM", "SIGTERM"),
        ("-QUIT", "SIGQUIT"),
        ("-USR1", "SIGUSR1"),
        ("-USR2", "SIGUSR2"),
        ("-ALRM", "SIGALRM"),
    ];
    for (signal, name) in signals {
        let bed = Bed::new();
        let bundle = open(&bed);
        let command = "trap 'echo cleaning; exit 7' HUP TERM QUIT USR1 USR2 ALRM; echo ready; \
             while :; do sleep 0.02; done";
        let run = ["run", "--into", &bundle, "--label", "s", "--", "sh", "-c", command];
        let running = tool(&bed).args(run).start();
        let out = bed.path(format!("{bundle}/001-s.out"));
        wait_for("the start", || {
            std::fs::read_to_string(&out).is_ok_and(|text| text.contains("ready"))
        });
        send(&bed, signal, &running.pid().to_string());
        let output = running.wait();
        assert_eq!((output.code(), output.stdout()), (7, "ready\ncleaning\n"), "{signal}");
        let records = bed.read(format!("{bundle}/evidence.jsonl"));
        assert!(records.contains(&format!("\"forwarded\":[\"{name}\"]")), "{records}");
    }
}

/// Records a script at a terminal, at which `typist` types once the script has made `ready`; answers where and what came
/// of it, and nothing where no terminal can be made.
fn at_a_terminal(
    test: &str,
    way: &str,
    command: &str,
    typist: &str,
) -> Option<(Bed, String, Output)> {
    if !is_there("script") {
        testbed::not_run(test, "there is no script to make a terminal with");
        return None;
    }
    let bed = Bed::new();
    let bundle = open(&bed);
    let program = testbed::bin!("evidence-log");
    bed.write("command.sh", command);
    // A shell of its own may end when it is interrupted; this one stays to write the code.
    let line = format!(
        "trap : INT; {program} run --into {bundle} {way} --label c -- sh command.sh; echo code $? > code"
    );
    let end = "n=0; until [ -e code ] || [ $n -gt 900 ]; do n=$((n + 1)); sleep 0.05; done";
    let whole = format!(
        "(until [ -e ready ]; do sleep 0.02; done; {typist}; {end}) | script -qec '{line}' /dev/null"
    );
    let output = bed.command("bash").args(["-c", &whole]).run();
    Some((bed, bundle, output))
}

/// As a terminal does it: the interrupt goes to the whole foreground group, command and recorder alike.
#[test]
fn an_interrupt_at_a_terminal_reaches_the_command_once() {
    let command = "n=0; trap 'n=$((n + 1)); echo got $n' INT; echo ready; touch ready; \
         while [ $n -eq 0 ] || [ ! -e go ]; do sleep 0.02; done; echo ended after $n; exit 9\n";
    // The terminal's own key for an interrupt.
    let typist = "printf '\\003'; sleep 0.5; touch go";
    let test = "an_interrupt_at_a_terminal_reaches_the_command_once";
    let Some((bed, bundle, output)) = at_a_terminal(test, "", command, typist) else { return };
    assert_eq!(bed.read("code"), "code 9\n", "{output}");
    let kept = bed.read(format!("{bundle}/001-c.out"));
    assert_eq!(kept, "ready\ngot 1\nended after 1\n");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"received\":[\"SIGINT\"]"), "{records}");
    assert_eq!(show(&bed, &bundle)["runs"][0]["exit"], 9);
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

/// Who interrupts a command twice, five seconds apart, means it.
#[test]
fn a_second_interrupt_that_comes_later_ends_the_command() {
    let command = "trap 'echo int; touch interrupted' INT; trap 'echo term; exit 8' TERM; \
         touch ready; while :; do sleep 0.02; done\n";
    let typist = "printf '\\003'; until [ -e interrupted ]; do sleep 0.02; done; sleep 5.2; \
         printf '\\003'";
    let test = "a_second_interrupt_that_comes_later_ends_the_command";
    let Some((bed, bundle, output)) = at_a_terminal(test, "", command, typist) else { return };
    assert_eq!(bed.read("code"), "code 8\n", "{output}");
    assert!(bed.read(format!("{bundle}/001-c.out")).ends_with("term\n"), "{output}");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"forwarded\":[\"SIGTERM\"]"), "{records}");
}

/// A command with a terminal of its own is not in the recorder's group, and is interrupted by what is typed.
#[test]
fn a_second_interrupt_that_is_typed_into_its_own_terminal_ends_the_command() {
    let command = "trap 'touch interrupted' INT; trap 'echo term; exit 8' TERM; \
         touch ready; while :; do sleep 0.02; done\n";
    let typist = "printf '\\003'; until [ -e interrupted ]; do sleep 0.02; done; sleep 5.2; \
         printf '\\003'";
    let test = "a_second_interrupt_that_is_typed_into_its_own_terminal_ends_the_command";
    let Some((bed, bundle, output)) = at_a_terminal(test, "--pty", command, typist) else { return };
    assert_eq!(bed.read("code"), "code 8\n", "{output}");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"received\":[\"SIGINT\"]"), "{records}");
    assert!(records.contains("\"forwarded\":[\"SIGTERM\"]"), "{records}");
}

/// A program that takes keys as they are is sent no signal by its terminal, and none by us.
#[test]
fn keys_that_are_no_interrupt_end_nothing() {
    let command = "stty -isig -icanon; touch ready interrupted; \
         head -c 3 | od -An -tx1; exit 9\n";
    let typist = "printf '\\003'; sleep 5.2; printf '\\003x'";
    let test = "keys_that_are_no_interrupt_end_nothing";
    let Some((bed, bundle, output)) = at_a_terminal(test, "--pty", command, typist) else { return };
    assert_eq!(bed.read("code"), "code 9\n", "{output}");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(!records.contains("received") && !records.contains("forwarded"), "{records}");
}

/// What does not end when it is asked to is killed, with all that it started.
#[test]
fn an_interrupt_that_is_meant_ends_what_ignores_every_request() {
    let command = "trap 'touch interrupted' INT; trap 'echo term' TERM; touch ready; \
         while :; do sleep 0.02; done\n";
    let typist = "printf '\\003'; until [ -e interrupted ]; do sleep 0.02; done; sleep 5.2; \
         printf '\\003'";
    let test = "an_interrupt_that_is_meant_ends_what_ignores_every_request";
    let Some((bed, bundle, output)) = at_a_terminal(test, "", command, typist) else { return };
    assert_eq!(bed.read("code"), "code 137\n", "{output}");
    assert!(bed.read(format!("{bundle}/001-c.out")).ends_with("term\n"), "{output}");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"forwarded\":[\"SIGTERM\",\"SIGKILL\"]"), "{records}");
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

#[test]
fn every_way_to_end_leaves_a_record_that_can_be_sealed_and_verified() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let run = |more: &[&str], command: &[&str]| {
        tool(&bed).args(["run", "--into", &bundle]).args(more).arg("--").args(command).run().code()
    };
    assert_eq!(run(&[], &["sh", "-c", "exit 42"]), 42);
    assert_eq!(run(&[], &["sh", "-c", "kill -KILL $$"]), 137);
    assert_eq!(run(&[], &["sh", "-c", "trap 'exit 3' INT; kill -INT $$; sleep 60"]), 3);
    assert_eq!(run(&[], &["no-such-program"]), 127);
    assert_eq!(run(&["--timeout", "200ms"], &["sleep", "600"]), 124);
    assert_eq!(run(&["--expect-exit", "1"], &["sh", "-c", "echo no match; exit 1"]), 1);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let verified = tool(&bed).args(["verify", &bundle]).run();
    assert_eq!(verified.code(), 0, "{verified}");
    let shown = show(&bed, &bundle);
    let runs = shown["runs"].as_array().unwrap();
    let codes: Vec<_> = runs.iter().map(|run| run["exit"].as_u64().unwrap()).collect();
    assert_eq!(codes, [42, 137, 3, 127, 124, 1]);
}

/// `/proc` lists the caller's groups before what it ignores, and a caller can have many.
#[test]
fn a_caller_with_hundreds_of_groups_has_its_ignored_signals_kept() {
    let bed = Bed::new();
    let groups: Vec<String> = (0..600).map(|n| (1_000_000_000 + n).to_string()).collect();
    let with_groups = ["--groups", &groups.join(",")];
    let is_possible = is_there("setpriv")
        && bed.command("setpriv").args(with_groups).arg("true").run().code() == 0;
    if !is_possible {
        let test = "a_caller_with_hundreds_of_groups_has_its_ignored_signals_kept";
        testbed::not_run(test, "nobody here may take on groups, or there is no setpriv");
        return;
    }
    let bundle = open(&bed);
    let program = testbed::bin!("evidence-log");
    let command = "grep SigIgn /proc/self/status; until [ -e go ]; do sleep 0.02; done; echo there";
    bed.write("command.sh", command);
    let line =
        format!("trap '' HUP; exec {program} run --into {bundle} --label g -- sh command.sh");
    let running = bed.command("setpriv").args(with_groups).args(["sh", "-c", &line]).start();
    let out = bed.path(format!("{bundle}/001-g.out"));
    wait_for("the start", || std::fs::read_to_string(&out).is_ok_and(|text| text.contains("Ign")));
    send(&bed, "-HUP", &running.pid().to_string());
    bed.write("go", "");
    let output = running.wait();
    assert_eq!(output.code(), 0, "{output}");
    let (mask, rest) = output.stdout().split_once('\n').unwrap();
    let mask = u64::from_str_radix(mask.trim_start_matches("SigIgn:").trim(), 16).unwrap();
    assert_eq!((mask & 1, rest), (1, "there\n"), "{output}");
}
