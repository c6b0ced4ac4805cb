//! How `probe` looks up host names: through the system, without it, and never for longer than it may.

use std::time::{Duration, Instant};

use testbed::Bed;

use super::dsn_align;

const OPS: &str = "version = 1
[vault]
root = \"vault\"
[[vault.file]]
path = \"a.env\"
keys = { DATABASE_URL = \"postgres-url\" }
[[dsn.place]]
name = \"a\"
env-file = \"vault/a.env\"
key = \"DATABASE_URL\"
canonical = true
";

/// A database on this machine, by its name, and on a port where nothing listens.
fn bed() -> Bed {
    let bed = Bed::new();
    bed.write("ops.toml", OPS);
    let url = "DATABASE_URL=postgresql://u:CANARYpass12345@localhost:1/db\n";
    bed.write_mode("vault/a.env", url, 0o600);
    bed
}

#[test]
fn names_are_looked_up_with_and_without_the_systems_program() {
    let bed = bed();
    bed.write_mode("old/getent", "#!/bin/sh\nexit 64\n", 0o755);
    bed.write("none/here", "");
    let whole = dsn_align(&bed, &["probe"]).run();
    let nowhere = bed.path("none").into_os_string();
    let without = dsn_align(&bed, &["probe"]).env("PATH", nowhere).run();
    let with_old = dsn_align(&bed, &["probe"]).path_first("old").run();
    for output in [whole, without, with_old] {
        assert_eq!(output.code(), 1, "{output}");
        assert!(output.stdout().contains("A 127.0.0.1, AAAA "), "{output}");
        assert!(output.stdout().contains("nothing listens on this port"), "{output}");
    }
}

#[test]
fn no_program_of_the_working_directory_is_started() {
    let bed = bed();
    bed.write_mode("getent", "#!/bin/sh\ntouch started\nexit 2\n", 0o755);
    for path in [".:/usr/bin:/bin", ":/usr/bin:/bin"] {
        let output = dsn_align(&bed, &["probe"]).env("PATH", path).run();
        assert!(output.stdout().contains("A 127.0.0.1, AAAA "), "{output}");
        assert!(!bed.path("started").exists(), "{path}");
    }
}

#[test]
fn a_lookup_that_takes_too_long_is_left() {
    let bed = bed();
    bed.write_mode("slow/getent", "#!/bin/sh\nexec sleep 60\n", 0o755);
    let begun = Instant::now();
    let output = dsn_align(&bed, &["probe", "--timeout", "1"]).path_first("slow").run();
    assert!(begun.elapsed() < Duration::from_secs(40), "{output}");
    assert_eq!(output.code(), 1, "{output}");
    assert!(output.stdout().contains("no answer in time"), "{output}");
}
