//! Any bytes are parsed to lines that print as they were, and a value that is set is read back.
#![no_main]

use envfile::EnvFile;
use secret::Secret;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let file = EnvFile::parse(data);
    let printed: Vec<u8> =
        file.lines().iter().flat_map(|line| &file.expose()[line.span.clone()]).copied().collect();
    assert_eq!(printed, data);
    for entry in file.entries() {
        assert!(entry.value_span.end <= data.len());
        if entry.doubtful {
            assert!(file.problems().iter().any(|problem| problem.key.as_ref() == Some(&entry.key)));
        }
    }
    // The input again as a value: what is written canonically is read back.
    let value = Secret::new(data.iter().copied().filter(|byte| *byte != 0).collect());
    let edited = match envfile::edit::set(&EnvFile::parse(b"# c\nB=1\n"), "A", &value) {
        Err(envfile::edit::EditError::Quoting) => {
            assert!(data.iter().any(|byte| matches!(byte, b'`' | b'$')));
            return;
        }
        edited => edited.unwrap(),
    };
    let reread = EnvFile::parse(edited.expose());
    assert!(reread.get("A").unwrap().same_as(&value));
    assert_eq!(reread.get("B").unwrap().expose(), b"1");
});
