//! What goes wrong on the way: calls that fail in every way, runs that are killed, two runs at once, wrong clocks.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use testbed::fly::State;
use testbed::{Bed, FakeFly, Running};

use crate::apply::{ALL_KEEP, ALL_STAGED, plan_counts, writes};
use crate::{APP, chatwoot, command, run};

/// Waits until the stand-in was asked more than `n_calls` times by a run that is still at it.
pub(crate) fn wait_for_call(fly: &FakeFly, n_calls: usize, running: &Running<'_>) {
    let mut n_waits = 0;
    while fly.received().len() <= n_calls {
        assert!(!running.has_ended() && n_waits < 6000, "call {n_calls} never came");
        thread::sleep(Duration::from_millis(10));
        n_waits += 1;
    }
}

/// After a run that ended early: `plan` says what is, and a second run ends what the first began.
pub(crate) fn is_mended(bed: &Bed, fly: &FakeFly, context: &str) {
    let counts = plan_counts(bed, fly);
    let state = fly.state();
    let app = &state.apps[APP];
    let runs = app.version > 0 && app.machines[0].secrets_version == app.version;
    assert_eq!(counts == ALL_KEEP, runs, "{context}: {counts}");
    let again = run(bed, fly, ["apply", "--deploy", "--approve"]);
    assert_eq!(again.code(), 0, "{context}: {again}");
    assert_eq!(plan_counts(bed, fly), ALL_KEEP, "{context}");
}

/// The lease of a run that ended early is in the way until it runs out.
pub(crate) fn without_lease(state: &mut State) {
    state.faults.clear();
    state.apps.get_mut(APP).unwrap().machines[0].lease = None;
}

#[test]
fn an_answer_that_was_lost_is_looked_for_instead_of_sent_again() {
    for fault in ["close-after", "half"] {
        let (bed, fly) = chatwoot();
        fly.add_fault(format!("POST /secrets={fault},times=1").parse().unwrap());
        let output = run(&bed, &fly, ["apply", "--approve"]);
        assert_eq!(output.code(), 0, "{fault}: {output}");
        assert_eq!(fly.state().apps[APP].version, 1, "{fault}: sent twice");
        assert_eq!(plan_counts(&bed, &fly), ALL_STAGED);
    }
}

#[test]
fn a_request_that_was_lost_is_sent_again() {
    let (bed, fly) = chatwoot();
    fly.add_fault("POST /secrets=close,times=1".parse().unwrap());
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    assert_eq!(fly.state().apps[APP].version, 1);
}

#[test]
fn a_failed_apply_leaves_a_state_from_which_plan_is_right() {
    for (fault, expected) in [("401", "add"), ("422", "add"), ("503", "add"), ("close", "add")] {
        let (bed, fly) = chatwoot();
        fly.add_fault(format!("POST /secrets={fault}").parse().unwrap());
        assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 2, "{fault}");
        let counts = plan_counts(&bed, &fly);
        assert!(counts.contains(&format!(r#""{expected}":9"#)), "{fault}: {counts}");
        fly.change(|state| state.faults.clear());
        assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
        assert_eq!(fly.state().apps[APP].version, 1);
    }
}

#[test]
fn a_failed_look_after_sending_makes_the_value_unknown_not_lost() {
    let (bed, fly) = chatwoot();
    // The first list passes; the one after the change does not.
    fly.add_fault("GET /secrets=500,after=1".parse().unwrap());
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 2);
    fly.change(|state| state.faults.clear());
    assert!(plan_counts(&bed, &fly).contains(r#""unknown":9"#));
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    assert_eq!(plan_counts(&bed, &fly), ALL_STAGED);
}

/// Killed while the call after `stop` others is waited for.
fn killed_at(stop: usize) {
    let (bed, fly) = chatwoot();
    fly.add_fault(format!("/=slow:60000,after={stop},times=1").parse().unwrap());
    let running = command(&bed, &fly, ["apply", "--deploy", "--approve"]).start();
    wait_for_call(&fly, stop, &running);
    running.kill();
    // The guard after this looks at all that was written.
    assert_eq!(running.wait().code(), 137);
    fly.change(without_lease);
    is_mended(&bed, &fly, &format!("killed at {stop}"));
}

#[test]
fn killed_between_any_two_requests_plan_is_right_and_a_second_run_mends_it() {
    // The calls of a whole run, in order: list, set, list, list machines, and so on.
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    let n_calls = fly.received().len();
    thread::scope(|scope| {
        for first in 0..4 {
            scope.spawn(move || (first..n_calls).step_by(4).for_each(killed_at));
        }
    });
}

#[test]
fn two_applies_at_once_send_once() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.latency_ms = 100);
    let first = command(&bed, &fly, ["apply", "--approve"]).start();
    let second = command(&bed, &fly, ["apply", "--approve"]).start();
    let (first, second) = (first.wait(), second.wait());
    assert_eq!((first.code(), second.code()), (0, 0), "{first}\n{second}");
    assert_eq!(writes(&fly).len(), 1);
}

#[test]
fn a_clock_that_is_wrong_changes_nothing() {
    for offset in [-86_400, 86_400] {
        let (bed, fly) = chatwoot();
        fly.change(|state| state.clock_offset_seconds = offset);
        assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0, "{offset}");
        assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
    }
}

#[test]
fn a_state_file_that_is_broken_stops_before_anything_is_sent() {
    let (bed, fly) = chatwoot();
    assert_eq!(run(&bed, &fly, ["apply", "--approve"]).code(), 0);
    let whole = bed.read("vault/occ/.fly-secrets.json");
    fly.forget();
    for broken in [&whole[..whole.len() / 2], "", "{}", r#"{"version": 2}"#] {
        bed.write("vault/occ/.fly-secrets.json", broken);
        let output = run(&bed, &fly, ["apply", "--approve"]);
        assert_eq!(output.code(), 2, "{output}");
        assert!(output.stderr().contains("hint: "), "{output}");
    }
    assert!(fly.received().is_empty());
    assert_eq!(bed.read("vault/occ/.fly-secrets.json"), r#"{"version": 2}"#);
}

#[test]
fn a_refusal_that_repeats_values_is_not_shown() {
    let (bed, fly) = chatwoot();
    fly.add_fault("POST /secrets=echo".parse().unwrap());
    insta::assert_snapshot!(run(&bed, &fly, ["apply", "--approve", "--format", "json"]).json()["error"], @r#"{"message":"setting the secrets of hotdash-chatwoot: Fly refused the request (request 01FAKEREQUEST0000000000002-iad)","hint":"names take letters, digits and underscores; values must be text"}"#);
}

/// One fault from the call `after` on: the run fails and says what to do; nothing is sent twice.
fn survives(effect: &str, after: usize) {
    let (bed, fly) = chatwoot();
    fly.add_fault(format!("/={effect},after={after},retry-after=0").parse().unwrap());
    let failed = run(&bed, &fly, ["apply", "--deploy", "--approve"]);
    let context = format!("{effect} from call {after} on");
    assert!(failed.code() == 2 && failed.stderr().contains("hint: "), "{context}: {failed}");
    assert!(fly.state().apps[APP].version <= 1, "{context}: sent twice");
    fly.change(without_lease);
    is_mended(&bed, &fly, &context);
}

#[test]
fn every_call_may_fail_in_every_way() {
    // The calls that cannot be left out; giving back the lease is a courtesy whose failure is none.
    const CALLS: [usize; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14];
    const EFFECTS: [&str; 7] = ["401", "422", "503", "half", "close", "close-after", "html"];
    // Treated as others of these are, so not tried at every call.
    const ALIKE: [&str; 5] = ["403", "404", "409", "429", "echo"];
    thread::scope(|scope| {
        for effect in EFFECTS {
            scope.spawn(move || CALLS.iter().for_each(|&after| survives(effect, after)));
        }
        for effect in ALIKE {
            scope.spawn(move || {
                CALLS.iter().step_by(3).for_each(|&after| survives(effect, after));
            });
        }
    });
}

#[test]
fn slow_answers_are_waited_for() {
    let (bed, fly) = chatwoot();
    fly.add_fault("/=slow:30".parse().unwrap());
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
}

#[test]
fn a_deploy_that_fails_says_that_nothing_is_sent_again() {
    let (bed, fly) = chatwoot();
    fly.add_fault("/machines/=409,times=1".parse().unwrap());
    let failed = run(&bed, &fly, ["apply", "--deploy", "--approve"]);
    assert_eq!(failed.code(), 2);
    insta::assert_snapshot!(failed.stderr().lines().last().unwrap(), @"hint: wait until the other deploy has ended, then run the same command again; what was sent is on Fly and recorded, and is not sent again");
    fly.forget();
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    assert!(!writes(&fly).iter().any(|call| call.contains("/secrets")));
}

#[test]
fn giving_back_the_lease_is_a_courtesy() {
    let (bed, fly) = chatwoot();
    fly.add_fault("DELETE /lease=409".parse().unwrap());
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
}

#[test]
fn the_documented_rate_is_kept() {
    let (bed, fly) = chatwoot();
    fly.change(|state| state.rate_limit = true);
    assert_eq!(run(&bed, &fly, ["apply", "--deploy", "--approve"]).code(), 0);
    assert_eq!(plan_counts(&bed, &fly), ALL_KEEP);
}

#[test]
fn what_stays_on_this_machine_goes_past_every_proxy() {
    let (bed, fly) = chatwoot();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        let output = command(&bed, &fly, ["plan"]).env(variable, &address).run();
        assert_eq!(output.code(), 1, "{variable}: {output}");
    }
    assert_eq!(proxy.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn a_proxy_that_connects_nobody_is_named() {
    let (bed, fly) = chatwoot();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let heard = thread::spawn(move || {
        let mut heard = Vec::new();
        for _ in 0..3 {
            let (mut stream, _) = proxy.accept().unwrap();
            let mut byte = [0];
            while !heard.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                heard.push(byte[0]);
            }
            heard.push(b'\n');
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
        String::from_utf8(heard).unwrap()
    });
    let output = command(&bed, &fly, ["plan"])
        .env("FLY_FLAPS_BASE_URL", "https://fly.example")
        .env("HTTPS_PROXY", &address)
        .run();
    insta::assert_snapshot!(output, @"
    ------- stderr -------
    note: asking https://fly.example (FLY_FLAPS_BASE_URL) in place of Fly
    error: listing the secrets of hotdash-chatwoot: no answer from fly.example through the proxy of HTTPS_PROXY: it would not connect us (3 tries)
    hint: look at the proxy that HTTPS_PROXY names; NO_PROXY=fly.example goes past it; then run the same command again
    [exit status: 2]
    ");
    let heard = heard.join().unwrap();
    let first_lines: Vec<_> = heard.lines().filter(|line| line.contains("HTTP/")).collect();
    assert_eq!(first_lines, ["CONNECT fly.example:443 HTTP/1.1"; 3]);
    assert!(!heard.to_lowercase().contains("authorization"), "{heard}");
}
