//! No file of allowed signers makes the reader fall, and none allows a key that it does not name.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let signers = evidence::AllowedSigners::read(text);
        let key = evidence::PublicKey::from_bytes([9; 32]);
        let named = signers.keys().any(|known| known == key);
        let standing = signers.standing(key, chrono::DateTime::UNIX_EPOCH);
        assert!(named || standing == evidence::Standing::Unknown);
        assert!(signers.bad_lines.len() <= text.lines().count());
    }
});
