//! The compose dialect reads any bytes, and reads the plainest line as everybody does.
#![no_main]

use envfile::{Dialect, End};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let reading = Dialect::Compose.read(data);
    if let Some(line) = reading.end.line() {
        assert!(line >= 1 && line <= data.iter().filter(|byte| **byte == b'\n').count() + 1);
    }
    // In front of anything else a plain line is read, unless the file is refused as a whole.
    let reading = Dialect::Compose.read(&[b"PLAIN_KEY_=plain\n", data].concat());
    match reading.get(b"PLAIN_KEY_") {
        Some(_) => {}
        None => assert_ne!(reading.end, End::Whole),
    }
});
