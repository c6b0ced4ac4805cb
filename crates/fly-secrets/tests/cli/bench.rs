//! Many apps at once: one request each, side by side.

use std::fmt::Write as _;
use std::time::Instant;

use testbed::Bed;
use testbed::fly::{FakeFly, State};

use crate::run;

#[test]
fn twenty_apps_cost_one_request_each_side_by_side() {
    let bed = Bed::new();
    let mut ops = "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"fly.env\"\nkeys = { TOKEN = \"any\" }\n[[vault.file]]\npath = \"all.env\"\n[vault.file.keys]\n".to_owned();
    let mut vault = String::new();
    for secret in 0..50 {
        writeln!(ops, "S{secret} = \"any\"").unwrap();
        writeln!(vault, "S{secret}=value-CANARY-{secret}").unwrap();
    }
    let mut state = State { latency_ms: 100, rate_limit: true, ..State::default() };
    for app in 0..20 {
        writeln!(
            ops,
            "[[fly.app]]\nname = \"app-{app}\"\ntoken = \"fly.env:TOKEN\"\n[fly.app.secrets]"
        )
        .unwrap();
        for secret in 0..50 {
            writeln!(ops, "S{secret} = \"all.env:S{secret}\"").unwrap();
        }
        state = state.with_app(&format!("app-{app}"));
    }
    bed.write("ops.toml", ops);
    bed.write("vault/all.env", vault);
    bed.write("vault/fly.env", "TOKEN=fo1_CANARY-of-the-test\n");
    let fly = FakeFly::start(state).unwrap();
    let started = Instant::now();
    let output = run(&bed, &fly, ["plan", "--format", "json"]);
    let took = started.elapsed();
    assert_eq!(output.json()["apps"].as_array().unwrap().len(), 20);
    assert_eq!(fly.received().len(), 20);
    // In a row it would be 2 s; the machine of a test may be busy.
    assert!(took.as_millis() < 1500, "{took:?}");
}
