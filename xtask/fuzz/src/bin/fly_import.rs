//! Any value comes back from the import stream as it was, or is refused; any stream is read without a panic.
#![no_main]

use fly_secrets::encode::{import, one};
use secret::Secret;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = import::read(data);
    let value = Secret::new(data.to_vec());
    let (before, after) = (Secret::new(b"1".to_vec()), Secret::new(b"2".to_vec()));
    let mut stream = Vec::new();
    one("A", &before, &mut stream).expect("plain text is carried");
    if one("K", &value, &mut stream).is_err() {
        return;
    }
    one("Z", &after, &mut stream).expect("plain text is carried");
    let read = import::read(&stream).expect("what is written is read");
    let expected = [("A", &before), ("K", &value), ("Z", &after)];
    assert_eq!(read.len(), expected.len());
    for ((name, value), (expected_name, expected)) in read.iter().zip(expected) {
        assert!(name == expected_name && value.same_as(expected));
    }
});
