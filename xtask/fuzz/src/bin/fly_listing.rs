//! Any bytes are read as a captured `fly secrets list` or refused, and what is read has names and digests.
#![no_main]

use fly_secrets::listing::from_capture;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(listed) = from_capture(data) else { return };
    for one in &listed {
        assert!(!one.name.is_empty());
        assert!(matches!(one.digest.len(), 16 | 32));
        assert!(!format!("{one:?}").contains(&one.digest));
    }
});
