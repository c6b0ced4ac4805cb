//! Two days of the field study as tests: success that was none, and secrets in the output.

use testbed::Bed;

use crate::{faults, open, show, tool};

/// Runs a command and gives the exit code, how it ended, and why it is suspect.
fn run(bed: &Bed, bundle: &str, more: &[&str], command: &[&str]) -> (i32, String, Vec<String>) {
    let output = tool(bed).args(["run", "--into", bundle]).args(more).arg("--").args(command).run();
    let shown = show(bed, bundle);
    let run = shown["runs"].as_array().unwrap().last().unwrap().clone();
    let suspect = run["suspect"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect();
    (output.code(), run["outcome"].as_str().unwrap().to_owned(), suspect)
}

#[test]
fn nothing_that_failed_looks_like_a_success() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let page = "<!DOCTYPE html><html><head><title>404 Not Found</title></head><body></body></html>";
    let exited = |code: i32, suspect: &[&str]| {
        (code, "exited".to_owned(), suspect.iter().map(|&s| s.to_owned()).collect())
    };
    let failing =
        ["sh", "-c", "echo 'curl: (3) URL rejected: No host part in the URL' >&2; exit 3"];
    assert_eq!(run(&bed, &bundle, &[], &failing), exited(3, &[]));
    assert_eq!(
        run(&bed, &bundle, &[], &["echo", "Usage: tool COMMAND"]),
        exited(0, &["usage-text"])
    );
    assert_eq!(
        run(&bed, &bundle, &[], &["sh", "-c", "echo 'Usage: tool' >&2; exit 1"]),
        exited(1, &["usage-text"])
    );
    assert_eq!(run(&bed, &bundle, &[], &["true"]), exited(0, &["empty-output"]));
    assert_eq!(run(&bed, &bundle, &[], &["echo", page]), exited(0, &["html-error-page"]));
    let hang = run(&bed, &bundle, &["--timeout", "200ms"], &["sleep", "600"]);
    assert_eq!((hang.0, hang.1.as_str()), (124, "timed-out"));
    let endless =
        run(&bed, &bundle, &["--timeout", "300ms"], &["sh", "-c", "while :; do echo again; done"]);
    assert_eq!((endless.0, endless.1.as_str()), (124, "timed-out"));
    let quoting = ["printf", "%s\n", ".scripts | keys[]", "it's"];
    assert_eq!(run(&bed, &bundle, &[], &quoting), exited(0, &[]));

    let shown = show(&bed, &bundle);
    let last = shown["runs"].as_array().unwrap().last().unwrap();
    assert_eq!(last["command"], serde_json::json!(quoting));
    for run in shown["runs"].as_array().unwrap() {
        assert!(run["duration_us"].as_u64().is_some() && run["started"].is_string());
        assert!(
            run["files"].as_array().unwrap().iter().all(|file| file["sha256"]
                .as_str()
                .unwrap()
                .len()
                == 64)
        );
    }
    let text = tool(&bed).args(["show", &bundle]).run();
    assert!(text.stdout().contains(r"$ printf '%s"), "{text}");
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

/// What is a credential by form, and the part of it that must not be seen.
const LEAKS: [(&str, &str); 11] = [
    ("postgresql://app:Qz8vK2pX@db.example.org:5432/app", "Qz8vK2pX"),
    ("rediss://default:Vw3nT7rLqK9s@redis.example.org:6380", "Vw3nT7rLqK9s"),
    ("api_access_token: hJ4kL9mN2pQ7rS1tV6wX3yZ8", "hJ4kL9mN2pQ7rS1tV6wX3yZ8"),
    ("**Password**: Rt6yHn4Wq2", "Rt6yHn4Wq2"),
    (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ),
    ("api_key=3b9d17c5e2f84a60b7d1c93e5f2a8046", "3b9d17c5e2f84a60b7d1c93e5f2a8046"),
    ("ALTER ROLE app PASSWORD 'CANARY-sql';", "CANARY-sql"),
    ("machine h.test login app password CANARY-netrc", "CANARY-netrc"),
    ("db.test:5432:app:app:CANARY-pgpass", "CANARY-pgpass"),
    ("{\"auth\": \"YXBwOkNBTkFSWS1wNHNz\"}", "YXBwOkNBTkFSWS1wNHNz"),
    ("mysql -u root -pCANARY-mysql db", "CANARY-mysql"),
];

/// What looks like a credential and is none.
const INNOCENT: [&str; 7] = [
    "commit 5f3e2d1c0b9a8f7e6d5c4b3a29181716f5e4d3c2",
    "registry.fly.io/app:deployment-01K7ABCDEFGH",
    "artifacts/check-2025-10-11T02-15-33Z.json",
    "DATABASE_URL\t9f2c4a1be07d6583\tdeployed",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "ALTER ROLE app PASSWORD '$APP_PASSWORD';",
    "mysql -u root -p db",
];

#[test]
fn credentials_by_form_are_replaced_and_look_alikes_are_not() {
    let bed = Bed::new();
    let bundle = open(&bed);
    let mut text = String::new();
    for _ in 0..2 {
        for (line, _) in LEAKS {
            text.push_str(line);
            text.push('\n');
        }
        for line in INNOCENT {
            text.push_str(line);
            text.push('\n');
        }
    }
    bed.write("text", &text);
    // One byte at a time, so that every credential is split at every place; then in colour; then at once.
    let slow = "while IFS= read -r -N1 byte; do printf '%s' \"$byte\"; done < text";
    let coloured = "sed 's/.*/\\x1b[31m&\\x1b[0m/' text";
    for (label, command) in [("slow", slow), ("coloured", coloured), ("whole", "cat text")] {
        let output = tool(&bed)
            .args(["run", "--into", &bundle, "--label", label, "--", "bash", "-c", command])
            .run();
        let kept = bed.read(format!("{bundle}/{}.out", stem(&bed, &bundle, label)));
        assert_eq!(output.stdout(), kept);
        for (_, part) in LEAKS {
            assert!(!kept.contains(part), "{label}: {part} was kept");
        }
        for line in INNOCENT {
            assert_eq!(kept.matches(line).count(), 2, "{label}: {line} was changed");
        }
    }
}

fn stem(bed: &Bed, bundle: &str, label: &str) -> String {
    let shown = show(bed, bundle);
    let runs = shown["runs"].as_array().unwrap();
    let run = runs.iter().find(|run| run["label"] == label).unwrap();
    format!("{:03}-{label}", run["run"].as_u64().unwrap())
}
