//! Any text is read as ops.toml, or refused with a place that lies in it, and the same way each time.
#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = || opsfile::parse(Path::new("/repo/ops.toml"), text, &|program| program.len() < 5);
    match read() {
        Ok(ops) => {
            assert!(read().is_ok_and(|again| again == ops));
            for name in ops.fly.app.iter().filter_map(|app| app.token.as_ref()) {
                assert!(ops.vault.as_ref().is_some_and(|vault| vault.declares(name)));
            }
            for place in &ops.dsn.place {
                assert!(ops.dsn.canonical(&place.group).is_some());
            }
        }
        Err(opsfile::Error::Invalid(invalid)) => {
            let line = text.split('\n').nth(invalid.line - 1).expect("the line is there");
            assert!(invalid.column <= line.chars().count() + 1);
        }
        Err(error) => panic!("a text in memory can be found and read: {error}"),
    }
});
