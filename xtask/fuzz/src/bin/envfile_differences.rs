//! Differences, other readings and swallowed keys are found in any bytes, and a line without one is read alike by every dialect.
#![no_main]

use envfile::{Dialect, EnvFile, Understood};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let file = EnvFile::parse(data);
    let differences = envfile::differences(&file);
    for other in envfile::other_readings(&file) {
        let mut strict = file.entries().iter().filter(|entry| entry.key == other.key);
        assert!(strict.all(|entry| !entry.value.same_as(&other.value)), "the same value");
    }
    for index in envfile::swallowed_by_comment(&file) {
        assert!(file.entries()[index].line > 1, "no comment stands above");
    }
    for line in file.lines() {
        let envfile::LineKind::Entry(index) = line.kind else { continue };
        let entry = &file.entries()[index];
        if entry.doubtful || differences.iter().any(|difference| difference.line == entry.line) {
            continue;
        }
        let mut alone = file.expose()[line.span.clone()].to_vec();
        if !alone.ends_with(b"\n") {
            alone.push(b'\n');
        }
        for dialect in Dialect::ALL {
            // What a shell makes of a name of its own is not the file's to say.
            let has_name = dialect == Dialect::Shell && alone.starts_with(entry.key.as_bytes());
            let before: &[u8] = if has_name { b"K_" } else { b"" };
            let reading = dialect.read(&[before, &alone].concat());
            let understood = reading.get(&[before, entry.key.as_bytes()].concat());
            let agrees = matches!(understood, Some(Understood::Value(value)) if value.same_as(&entry.value));
            assert!(agrees, "{dialect}");
        }
    }
});
