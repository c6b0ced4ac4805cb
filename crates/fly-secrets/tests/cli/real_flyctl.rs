//! The real flyctl, where there is one, against the stand-in for Fly: by hand, and as our carrier.

use std::collections::BTreeMap;
use std::path::PathBuf;

use testbed::fly::State;
use testbed::{Bed, FakeFly, Output};

use crate::apply::{held, writes};
use crate::{APP, chatwoot, command};

/// The variable that names a flyctl to test with; without it the one on the path is taken.
const VARIABLE: &str = "OPSPROOF_FLYCTL";

/// Puts a real flyctl into the bed as `peer/flyctl`; where there is none, says which test does not run.
fn has_flyctl(bed: &Bed, test: &str) -> bool {
    let Some(program) = flyctl() else {
        testbed::not_run(test, "there is no flyctl on the PATH, and OPSPROOF_FLYCTL names none");
        return false;
    };
    std::fs::create_dir(bed.path("peer")).unwrap();
    std::os::unix::fs::symlink(program, bed.path("peer/flyctl")).unwrap();
    true
}

#[expect(clippy::disallowed_methods, reason = "tests have no invocation")]
fn flyctl() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("flyctl")).find(|file| file.is_file())
}

/// Runs the real flyctl against the stand-in as a person would.
fn real(bed: &Bed, fly: &FakeFly, args: &[&str], stdin: &[u8]) -> Output {
    let mut command = bed.command(bed.path("peer/flyctl")).args(args.iter().copied());
    for (name, value) in fly.variables() {
        command = command.env(name, value);
    }
    let settings = [("FLY_ACCESS_TOKEN", token(bed).as_str()), ("FLY_SEND_METRICS", "0")]
        .map(|(name, value)| (name, value.to_owned()));
    for (name, value) in settings {
        command = command.env(name, value);
    }
    let command = command.env("FLY_NO_UPDATE_CHECK", "1").env("CI", "1").stdin(stdin);
    let output = command.unguarded().run();
    assert_eq!(output.code(), 0, "{args:?}: {output}");
    output
}

/// The sample operator's token: a macaroon as Fly's own library writes it.
fn token(bed: &Bed) -> String {
    let line = bed.read("vault/occ/fly/api_token.env");
    let token = line.lines().find_map(|line| line.strip_prefix("FLY_API_TOKEN=")).unwrap();
    token.trim_matches('"').to_owned()
}

#[test]
fn the_real_flyctl_reads_the_stream_as_it_was_written() {
    let (bed, fly) = chatwoot();
    if !has_flyctl(&bed, "the_real_flyctl_reads_the_stream_as_it_was_written") {
        return;
    }
    let values = [
        "plain",
        "p#w",
        "p\"#w",
        "a\nb",
        "a\r\nb",
        " outer ",
        "'q'",
        "\"q\"",
        "",
        "é",
        "a=b",
        "\\n",
        "$HOME",
        "tab\there",
        "#",
        "=",
        "{\"a\": \"b # c\"}",
        "-----BEGIN X-----\nq#=\n-----END X-----\n",
    ];
    let nasty = nasty_values(200);
    let secrets: Vec<(String, secret::Secret)> = values
        .iter()
        .map(|value| (*value).to_owned())
        .chain(nasty)
        .enumerate()
        .map(|(index, value)| (format!("S{index}"), secret::Secret::from(value)))
        .collect();
    // What flyctl cannot carry is refused by name; all else must arrive as it was.
    let carried: Vec<(&str, &secret::Secret)> = secrets
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|pair| fly_secrets::encode::stream(&[*pair]).is_ok())
        .collect();
    assert!(carried.len() > 150, "only {} are carried", carried.len());
    let stream =
        fly_secrets::encode::stream(&carried).unwrap_or_else(|refused| panic!("{refused:?}"));
    let whoami = real(&bed, &fly, &["auth", "whoami"], b"");
    assert_eq!(whoami.stdout().trim(), "ops@example.com");
    let _ = real(&bed, &fly, &["secrets", "import", "--stage", "--app", APP], stream.expose());
    let list = real(&bed, &fly, &["secrets", "list", "--json", "--app", APP], b"");
    assert_eq!(
        fly_secrets::listing::from_capture(list.stdout().as_bytes()).unwrap().len(),
        carried.len()
    );
    let held = held(&fly);
    assert_eq!(held.len(), carried.len());
    for (name, value) in carried {
        assert_eq!(Some(held[name].as_str()), value.expose_text(), "{name}");
    }
}

/// Short values of the characters that flyctl's parser gives a meaning to, the same each time.
fn nasty_values(count: usize) -> impl Iterator<Item = String> {
    const ALPHABET: [&str; 10] = ["\"", "\"\"\"", "'", "#", "\n", "\r", " ", "a", "=", "\\"];
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(below).unwrap()).unwrap()
    };
    (0..count).map(move |_| (0..random(9)).map(|_| ALPHABET[random(ALPHABET.len())]).collect())
}

#[test]
fn the_real_flyctl_carries_what_the_api_carries_and_deploys_it() {
    let (bed, fly) = chatwoot();
    if !has_flyctl(&bed, "the_real_flyctl_carries_what_the_api_carries_and_deploys_it") {
        return;
    }
    let _ = real(&bed, &fly, &["config", "validate", "-c", "deploy/chatwoot/fly.toml"], b"");
    let deployed = command(&bed, &fly, ["apply", "--via", "flyctl", "--deploy", "--approve"])
        .path_first("peer")
        .run();
    assert_eq!(deployed.code(), 0, "{deployed}");
    assert_eq!(command(&bed, &fly, ["verify"]).run().code(), 0);
    for args in
        [&["secrets", "list", "--json", "--app", APP][..], &["secrets", "list", "--app", APP]]
    {
        bed.write("list", real(&bed, &fly, args, b"").stdout());
        let plan = command(&bed, &fly, ["plan", "--listing", "list"]).run();
        assert_eq!(plan.code(), 0, "{args:?}: {plan}");
    }
    let by_flyctl = held(&fly);
    let other = FakeFly::start(State::default().with_app(APP)).unwrap();
    std::fs::remove_file(bed.path("vault/occ/.fly-secrets.json")).unwrap();
    let by_api = command(&bed, &other, ["apply", "--deploy", "--approve"]).run();
    assert_eq!(by_api.code(), 0, "{by_api}");
    assert_eq!(by_flyctl, held(&other));
    assert_eq!(changes(&fly), changes(&other), "the calls that change something, in order");
}

/// The calls that change something, in order: without the queries that only look like one, and without the
/// renewals of a lease, by which flyctl makes up for leases that are shorter than ours.
fn changes(fly: &FakeFly) -> Vec<String> {
    let mut seen = Vec::new();
    for call in writes(fly) {
        let is_renewal = call.contains("/lease -> 201") && seen.contains(&call);
        if !call.contains("/graphql") && !is_renewal {
            seen.push(call);
        }
    }
    seen
}

/// The processes that a process has started, and theirs.
fn descendants(pid: u32) -> BTreeMap<u32, String> {
    crate::process::children(pid)
}

#[test]
fn the_real_flyctl_may_be_killed_at_any_call() {
    let (bed, fly) = chatwoot();
    if !has_flyctl(&bed, "the_real_flyctl_may_be_killed_at_any_call") {
        return;
    }
    let apply = ["apply", "--via", "flyctl", "--deploy", "--approve"];
    let whole = command(&bed, &fly, apply).path_first("peer").run();
    assert_eq!(whole.code(), 0, "{whole}");
    let n_calls = fly.received().len();
    for stop in 0..n_calls {
        let (bed, fly) = chatwoot();
        assert!(has_flyctl(&bed, ""));
        fly.add_fault(format!("/=slow:60000,after={stop},times=1").parse().unwrap());
        let running = command(&bed, &fly, apply).path_first("peer").start();
        while fly.received().len() <= stop && !running.has_ended() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        if fly.received().len() <= stop {
            // How often flyctl renews its lease depends on how busy the machine is.
            assert_eq!(running.wait().code(), 0);
            break;
        }
        let children = descendants(running.pid());
        running.kill();
        for pid in children.keys() {
            let _ = bed.command("kill").args(["-9", &pid.to_string()]).unguarded().run();
        }
        assert_eq!(running.wait().code(), 137);
        fly.change(crate::faults::without_lease);
        crate::faults::is_mended(&bed, &fly, &format!("flyctl killed at {stop}"));
    }
}
