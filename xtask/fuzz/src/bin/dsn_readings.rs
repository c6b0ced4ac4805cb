//! Any bytes go through every client's reading, and nothing of the password comes out of the mask.
#![no_main]

use dsn::{Mask, Reader, raw_characters, readings};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for reader in Reader::POSTGRES.into_iter().chain(Reader::REDIS) {
        let _ = reader.read(data);
    }
    for raw in raw_characters(data) {
        assert!(raw.offset < data.len());
    }
    let mask = Mask::new(data);
    for reading in readings(data) {
        let Ok(fields) = reading.outcome else { continue };
        let Some(password) = fields.secret("password").filter(|password| password.len() > 7) else { continue };
        for (name, value) in fields.iter().filter(|(name, _)| *name != "user") {
            let shown = mask.value(name, value.expose());
            let is_shown = password.expose_text().is_some_and(|password| shown.contains(password));
            assert!(!is_shown, "{} shows its password", reading.reader.name());
        }
    }
});
