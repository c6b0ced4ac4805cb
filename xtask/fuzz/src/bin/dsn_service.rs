//! Any bytes are a service file that is read or refused, and no refusal repeats a line of it.
#![no_main]

use std::path::Path;

use dsn::{Version, service_settings};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for version in [Version::V17, Version::V18] {
        match service_settings(data, b"staging", Path::new("f"), version) {
            Ok(Some(settings)) => {
                for (name, value) in settings.options {
                    assert!(dsn::known_option(name.as_bytes()).is_some());
                    assert!(value.len() <= data.len());
                }
            }
            Ok(None) => {}
            Err(refusal) => {
                let said = refusal.to_string();
                let is_shown = |line: &[u8]| line.len() > 40 && said.as_bytes().windows(line.len()).any(|part| part == line);
                assert!(!data.split(|&byte| byte == b'\n').any(is_shown));
            }
        }
    }
});
