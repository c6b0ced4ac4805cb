//! `run`: exit codes, streams, signals, times, and what is recorded of them.

use std::time::{Duration, Instant};

use testbed::Bed;

use crate::{faults, open, show, tool, wait_for};

#[track_caller]
fn check_code(command: &[&str], expected: i32, outcome: &str) {
    let bed = Bed::new();
    let bundle = open(&bed);
    let output = tool(&bed).args(["run", "--into", &bundle, "--"]).args(command).run();
    assert_eq!(output.code(), expected, "{output}");
    assert_eq!(show(&bed, &bundle)["runs"][0]["outcome"], outcome);
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

#[test]
fn the_exit_code_is_the_commands_own() {
    check_code(&["true"], 0, "exited");
    check_code(&["sh", "-c", "exit 42"], 42, "exited");
    check_code(&["sh", "-c", "exit 255"], 255, "exited");
    check_code(&["sh", "-c", "kill -9 $$"], 137, "signaled");
    check_code(&["sh", "-c", "kill -TERM $$"], 143, "signaled");
    check_code(&["no-such-program"], 127, "not-started");
    check_code(&["./no-such-program"], 127, "not-started");
    check_code(&["/"], 126, "not-started");
}

#[test]
fn a_file_that_cannot_be_executed_is_126() {
    let bed = Bed::new();
    bed.write("plain", "echo no\n");
    bed.write_mode("script", "#!/no/such/interpreter\n", 0o755);
    let bundle = open(&bed);
    let run = |name: &str| tool(&bed).args(["run", "--into", &bundle, "--", name]).run();
    insta::assert_snapshot!(run("./plain"), @"
    ------- stderr -------
    evidence-log: ./plain: found, but not executable
    [exit status: 126]
    ");
    insta::assert_snapshot!(run("./script"), @"
    ------- stderr -------
    evidence-log: ./script: its interpreter was not found
    [exit status: 127]
    ");
}

#[test]
fn streams_are_shown_and_kept_apart() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let command = "echo out; echo err >&2; printf more";
    let output = tool(&bed)
        .args(["run", "--into", &bundle, "--label", "both", "--", "sh", "-c", command])
        .run();
    insta::assert_snapshot!(output, @"
    out
    more[no newline at the end]
    ------- stderr -------
    err
    [exit status: 0]
    ");
    assert_eq!(bed.read(format!("{bundle}/001-both.out")), "out\nmore");
    assert_eq!(bed.read(format!("{bundle}/001-both.err")), "err\n");
}

#[test]
fn one_pipe_for_both_keeps_their_order() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let command = "for i in 1 2 3 4 5 6 7 8; do echo o$i; echo e$i >&2; done";
    let run = ["run", "--into", &bundle, "--merge", "--label", "m", "--", "sh", "-c", command];
    let output = tool(&bed).args(run).run();
    assert_eq!(output.code(), 0);
    let expected = "o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\no6\ne6\no7\ne7\no8\ne8\n";
    assert_eq!(bed.read(format!("{bundle}/001-m.out")), expected);
    assert_eq!(output.stdout(), expected);
}

#[test]
fn a_command_in_a_terminal_sees_one() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let run = |label: &str, command: &str| {
        let run = ["run", "--into", &bundle, "--pty", "--label", label, "--", "sh", "-c", command];
        tool(&bed).args(run).stdin("typed\n").run()
    };
    let output = run(
        "t",
        "test -t 0 && test -t 1 && test -t 2 && stty size && read word && echo got $word; exit 7",
    );
    assert_eq!((output.code(), output.stdout()), (7, "24 80\r\ngot typed\r\n"), "{output}");
    assert_eq!(bed.read(format!("{bundle}/001-t.tty")), "24 80\r\ngot typed\r\n");
    assert_eq!(run("k", "kill -9 $$").code(), 137);
    assert_eq!(run("e", "cat > /dev/null; echo ended").stdout(), "ended\r\n");
    assert!(bed.read(format!("{bundle}/evidence.jsonl")).contains("\"mode\":\"pty\""));
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

#[test]
fn the_timing_file_counts_every_byte() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let command = "printf aaa; sleep 0.05; printf bb >&2; sleep 0.05; printf c";
    let run = ["run", "--into", &bundle, "--label", "t", "--", "sh", "-c", command];
    assert_eq!(tool(&bed).args(run).run().code(), 0);
    let timing = bed.read(format!("{bundle}/001-t.timing"));
    let reads: Vec<[u64; 3]> =
        timing.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let order: Vec<(u64, u64)> = reads.iter().map(|[_, fd, bytes]| (*fd, *bytes)).collect();
    assert_eq!(order, [(1, 3), (2, 2), (1, 1)]);
    assert!(reads.is_sorted_by_key(|[time, ..]| *time) && reads[2][0] >= 100_000, "{timing}");
}

#[test]
fn bytes_and_arguments_that_are_not_text_are_kept_exactly() {
    use std::os::unix::ffi::OsStringExt;
    let bed = Bed::new();
    let bundle = open(&bed);
    let argument = std::ffi::OsString::from_vec(b"\xff\xfe\x01".to_vec());
    let run = ["run", "--into", &bundle, "--label", "b", "--", "printf", "%s\\000%b"];
    let output = tool(&bed).args(run).arg(argument).arg("\\377\\376\\000").run();
    assert_eq!(output.code(), 0, "{output}");
    assert_eq!(bed.read_bytes(format!("{bundle}/001-b.out")), b"\xff\xfe\x01\x00\xff\xfe\x00");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(
        records.contains(r#""command":["printf","%s\\000%b",{"b64":"//4B"},"\\377\\376\\000"]"#),
        "{records}"
    );
}

#[test]
fn a_script_that_names_no_interpreter_is_the_shells() {
    let bed = Bed::new();
    bed.write_mode("script", "echo \"$0 $1\"", 0o755);
    bed.write_mode("binary", "\u{7f}ELF\0 > made", 0o755);
    for way in ["--merge", "--pty", "--no-stall"] {
        let output = tool(&bed).args(["run", "-q", way, "--", "./script", "a b"]).run();
        assert_eq!(output.stdout().trim_end().rsplit('/').next(), Some("script a b"), "{output}");
        assert_eq!(output.code(), 0, "{output}");
    }
    assert_eq!(tool(&bed).args(["run", "-q", "--", "./binary"]).run().code(), 126);
    assert!(!bed.path("made").exists());
}

#[test]
fn where_there_is_no_path_the_usual_folders_are_looked_in() {
    let bed = Bed::new();
    let line = format!("unset PATH; exec {} run -q -- true", testbed::bin!("evidence-log"));
    assert_eq!(bed.command("sh").args(["-c", &line]).run().code(), 0);
}

/// One process leaves the session, ignores the request, and is never seen in the output.
#[test]
fn a_command_that_hangs_is_ended_with_all_it_started() {
    for elsewhere in ["", ">/dev/null 2>&1"] {
        let bed = Bed::new();
        let bundle = open(&bed);
        let started = Instant::now();
        bed.write("deaf.sh", "trap '' TERM; echo $$ > deaf; while :; do sleep 0.1; done");
        let command = format!("sh -c 'setsid sh deaf.sh & :' {elsewhere}; sleep 600");
        let run = ["run", "--into", &bundle, "--timeout", "2s", "--", "sh", "-c", &command];
        let output = tool(&bed).args(run).run();
        assert_eq!(output.code(), 124, "{output}");
        assert!(started.elapsed() < Duration::from_secs(20));
        assert_eq!(show(&bed, &bundle)["runs"][0]["outcome"], "timed-out");
        let stat = format!("/proc/{}/stat", bed.read("deaf").trim());
        // Who takes over the dead may let them lie.
        wait_for("the end of all", || {
            std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z "))
                || !std::path::Path::new(&stat).exists()
        });
    }
}

/// It hears of its end when it goes on, and not only when it is killed.
#[test]
fn a_stopped_command_is_ended_as_politely_as_any_other() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let command = "trap 'echo heard; exit' TERM; kill -STOP $$; sleep 600";
    let run = ["run", "--into", &bundle, "--timeout", "1s", "--", "sh", "-c", command];
    let output = tool(&bed).args(run).run();
    assert_eq!(output.code(), 124, "{output}");
    assert!(output.stdout().contains("heard"), "{output}");
}

/// As where a script starts a server and then becomes the recorder.
#[test]
fn what_ran_before_the_command_outlives_its_time() {
    let bed = Bed::new();
    let started = Instant::now();
    let run = format!("exec {} run -q --timeout 1s -- sleep 600", testbed::bin!("evidence-log"));
    let line = format!("sleep 600 >/dev/null 2>&1 & echo $! > other; {run}");
    let output = bed.command("sh").args(["-c", &line]).run();
    assert_eq!(output.code(), 124, "{output}");
    assert!(started.elapsed() < Duration::from_secs(6), "it was waited for");
    let other = bed.read("other");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", other.trim())).unwrap_or_default();
    assert!(stat.contains(") S "), "{stat}");
    assert_eq!(bed.command("kill").arg(other.trim()).run().code(), 0);
}

/// A shell ends at once when it is asked to, and what it runs may need longer.
#[test]
fn what_a_command_started_has_its_own_time_to_end() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let words = "sleep 1; for n in 1 2 3 4 5 6 7 8 9; do echo cleaned; done; exit";
    let command = format!("sh -c 'trap \"{words}\" TERM; sleep 600 & wait'; echo never");
    let run = ["run", "--into", &bundle, "--timeout", "2s", "--drain", "0s", "--label", "t"];
    let output = tool(&bed).args(run).args(["--", "sh", "-c", &command]).run();
    assert_eq!((output.code(), output.stdout()), (124, &*"cleaned\n".repeat(9)), "{output}");
}

#[test]
fn what_a_command_leaves_behind_is_not_waited_for_forever() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let started = Instant::now();
    let command = "sleep 30 & echo done";
    let run =
        ["run", "--into", &bundle, "--drain", "1s", "--label", "d", "--", "sh", "-c", command];
    let output = tool(&bed).args(run).run();
    assert_eq!((output.code(), output.stdout()), (0, "done\n"));
    assert!(started.elapsed() < Duration::from_secs(10));
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"still_open\":true"), "{records}");
    let took = show(&bed, &bundle)["runs"][0]["duration_us"].as_u64().unwrap();
    assert!(took < 1_000_000, "the command itself took no second: {took}");
}

#[test]
fn late_output_within_the_drain_time_is_kept() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let command = "(sleep 0.2; echo late) & echo early";
    let run = ["run", "--into", &bundle, "--label", "d", "--", "sh", "-c", command];
    assert_eq!(tool(&bed).args(run).run().code(), 0);
    assert_eq!(bed.read(format!("{bundle}/001-d.out")), "early\nlate\n");
    assert!(!bed.read(format!("{bundle}/evidence.jsonl")).contains("still_open"));
}

#[test]
fn a_signal_is_passed_on_and_the_clean_up_is_kept() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let command = "trap 'echo cleaning; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let run = ["run", "--into", &bundle, "--label", "s", "--", "sh", "-c", command];
    let running = tool(&bed).args(run).start();
    let out = bed.path(format!("{bundle}/001-s.out"));
    wait_for("the start", || {
        std::fs::read_to_string(&out).is_ok_and(|text| text.contains("ready"))
    });
    let pid = running.pid().to_string();
    assert_eq!(bed.command("kill").args(["-TERM", &pid]).unguarded().run().code(), 0);
    let output = running.wait();
    assert_eq!((output.code(), output.stdout()), (7, "ready\ncleaning\n"));
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"forwarded\":[\"SIGTERM\"]"), "{records}");
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_command() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let program = testbed::bin!("evidence-log");
    let line = format!("{program} run --into {bundle} --label h -- seq 1 200000 | head -1");
    let output = bed.command("bash").args(["-c", &format!("set -o pipefail; {line}")]).run();
    assert_eq!((output.code(), output.stdout()), (0, "1\n"), "{output}");
    let kept = bed.read(format!("{bundle}/001-h.out"));
    assert_eq!(kept.lines().count(), 200_000);
    assert!(bed.read(format!("{bundle}/evidence.jsonl")).contains("\"terminal_closed\":true"));
}

#[test]
fn a_full_terminal_does_not_stop_the_command() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let program = testbed::bin!("evidence-log");
    let line =
        format!("{program} run --into {bundle} --label f -- sh -c 'echo one; exit 5' > /dev/full");
    let output = bed.command("sh").args(["-c", &line]).run();
    assert_eq!(output.code(), 5, "{output}");
    assert_eq!(bed.read(format!("{bundle}/001-f.out")), "one\n");
}

#[test]
fn a_prompt_without_a_line_break_appears_at_once() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let program = testbed::bin!("evidence-log");
    let line = format!(
        "{program} run --into {bundle} -- sh -c 'printf \"Password: \"; sleep 2' | \
         (dd bs=10 count=1 2>/dev/null; date +%s%N > seen); date +%s%N > over"
    );
    assert_eq!(bed.command("sh").args(["-c", &line]).run().stdout(), "Password: ");
    let time = |name: &str| bed.read(name).trim().parse::<u64>().unwrap();
    assert!(time("over") - time("seen") > 1_000_000_000, "the prompt was held back");
}

#[test]
fn standard_input_reaches_the_command_and_is_not_kept() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let output =
        tool(&bed).args(["run", "--into", &bundle, "--", "wc", "-c"]).stdin("typed words\n").run();
    assert_eq!(output.stdout().trim(), "12");
    let grep = bed.command("grep").args(["-r", "typed words", &bundle]).run();
    assert_eq!(grep.code(), 1, "{grep}");
}

#[test]
fn arguments_beyond_the_length_of_a_line_are_counted() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let many: Vec<String> = (0..20_000).map(|n| format!("argument-{n}")).collect();
    let output = tool(&bed).args(["run", "--into", &bundle, "--", "true"]).args(many).run();
    assert_eq!(output.code(), 0, "{output}");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.lines().all(|line| line.len() <= 65_535));
    assert!(records.contains("\"more_arguments\":"));
    // JSON writes each of these bytes as six.
    let odd: Vec<String> = (0..10).map(|_| "\u{1}".repeat(2000)).collect();
    let output = tool(&bed).args(["run", "--into", &bundle, "--", "true"]).args(odd).run();
    assert_eq!(output.code(), 0, "{output}");
}

#[test]
fn where_the_working_directory_is_gone_the_code_is_our_own() {
    let bed = Bed::new();
    let program = testbed::bin!("evidence-log");
    let line = |words: &str| format!("mkdir gone; cd gone; rmdir ../gone; exec {program} {words}");
    for (words, code) in [("run --name x -- true", 125), ("list", 2)] {
        let output = bed.command("sh").args(["-c", &line(words)]).run();
        assert_eq!(output.code(), code, "{output}");
        assert!(output.stderr().contains("reading the working directory"), "{output}");
    }
}

#[test]
fn the_repository_is_named_without_its_credentials() {
    let bed = Bed::new();
    bed.git_init();
    bed.git(["remote", "add", "origin", "https://user:word@example.org/a/b.git"]);
    bed.write("file", "1");
    bed.git(["add", "file"]);
    bed.git(["commit", "--quiet", "--message", "first"]);
    let bundle = open(&bed);
    let run = || tool(&bed).args(["run", "--into", &bundle, "--", "echo", "x"]).run();
    assert_eq!(run().code(), 0);
    bed.write("file", "2");
    assert_eq!(run().code(), 0);
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    let commit = bed.git(["rev-parse", "HEAD"]).trim().to_owned();
    let git = |dirty| {
        format!(
            r#""git":{{"commit":"{commit}","dirty":{dirty},"remote":"https://example.org/a/b.git"}}"#
        )
    };
    assert!(records.contains(&git(false)) && records.contains(&git(true)), "{records}");
}

#[test]
fn a_commit_and_a_remote_are_what_git_says_they_are() {
    let bed = Bed::new();
    bed.git_init();
    bed.git(["config", "remote.origin.url", r#"https://example.org/a"b\c"#]);
    bed.git(["commit", "--quiet", "--allow-empty", "--message", "first"]);
    let bundle = open(&bed);
    // A name that each work tree has for itself.
    bed.git(["update-ref", "refs/worktree/x", "HEAD"]);
    bed.git(["worktree", "add", "--quiet", "--detach", "other"]);
    let other = |words: &[&str]| bed.git([["-C", "other"].as_slice(), words].concat());
    other(&["commit", "--quiet", "--allow-empty", "--message", "second"]);
    other(&["update-ref", "refs/worktree/x", "HEAD"]);
    other(&["symbolic-ref", "HEAD", "refs/worktree/x"]);
    // What git refuses has no state: the folder is no work tree, though there is one around it.
    bed.git(["init", "--quiet", "--bare", "bare"]);
    for folder in ["other", "bare"] {
        let line = format!(
            "cd {folder}; {} run --into ../{bundle} -- true",
            testbed::bin!("evidence-log")
        );
        assert_eq!(bed.command("sh").args(["-c", &line]).run().code(), 0);
    }
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    let commit = other(&["rev-parse", "HEAD"]).trim().to_owned();
    let git = format!(
        r#""git":{{"commit":"{commit}","dirty":false,"remote":"https://example.org/a\"b\\c"}}"#
    );
    assert!(records.contains(&git), "{records}");
    assert_eq!(records.matches(r#""git":{"#).count(), 1, "{records}");
}

#[test]
fn a_run_of_its_own_is_sealed_and_says_where() {
    let bed = Bed::new();
    insta::assert_snapshot!(tool(&bed).args(["run", "--", "sh", "-c", "echo x; exit 3"]).run(), @"
    x
    ------- stderr -------
    evidence: artifacts/sh-[TIME] (exit 3, sealed, UNSIGNED)
    [exit status: 3]
    ");
    let quiet =
        tool(&bed).args(["run", "--name", "n", "--area", "a/b", "--quiet", "--", "true"]).run();
    assert_eq!((quiet.code(), quiet.stderr()), (0, ""));
    assert!(bed.path("artifacts/a/b").is_dir());
}

#[test]
fn what_prevents_recording_prevents_the_command() {
    let bed = Bed::new();
    bed.write("artifacts", "a file where the folder should be");
    insta::assert_snapshot!(tool(&bed).args(["run", "--", "touch", "made"]).run(), @"
    ------- stderr -------
    error: cannot record the command (the command was not started)
      caused by: cannot write the evidence
      caused by: cannot make [ROOT]/artifacts (nothing was written)
      caused by: File exists (os error 17)
    [exit status: 125]
    ");
    assert!(!bed.path("made").exists());
    let missing = tool(&bed).args(["run", "--into", "nowhere", "--", "touch", "made"]).run();
    assert_eq!(missing.code(), 125, "{missing}");
    let area = tool(&bed).args(["run", "--area", "../up", "--", "touch", "made"]).run();
    assert_eq!(area.code(), 125, "{area}");
    assert!(!bed.path("made").exists());
}

#[test]
fn parallel_runs_in_one_bundle_get_numbers_of_their_own() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let running: Vec<_> = (0..8)
        .map(|n| tool(&bed).args(["run", "--into", &bundle, "--", "echo", &n.to_string()]).start())
        .collect();
    for run in running {
        assert_eq!(run.wait().code(), 0);
    }
    let mut numbers: Vec<u64> = show(&bed, &bundle)["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["run"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}
