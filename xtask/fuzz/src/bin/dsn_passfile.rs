//! Any bytes are a password file, and its password is never longer than the line that it comes from.
#![no_main]

use dsn::{Login, password_from_file};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let login = Login { host: b"h", port: b"5432", dbname: b"d", user: b"u" };
    if let Some((line, password)) = password_from_file(data, &login) {
        assert!(line >= 1 && line <= 1 + data.iter().filter(|&&byte| byte == b'\n').count());
        assert!(password.len() <= data.len());
        assert!(!password.expose().contains(&b'\n'));
    }
});
