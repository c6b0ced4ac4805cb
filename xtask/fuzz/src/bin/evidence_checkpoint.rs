//! A checkpoint that is accepted is written again as something that reads the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(checkpoint) = evidence::Checkpoint::read(text)
    {
        assert_eq!(evidence::Checkpoint::read(&checkpoint.to_text()), Some(checkpoint));
    }
});
