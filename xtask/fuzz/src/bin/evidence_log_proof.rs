//! A proof that is accepted is written again as something that reads the same, and never holds for another line.
#![no_main]

use evidence_log::log_proof::LogProof;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(proof) = LogProof::read(text) {
        assert_eq!(LogProof::read(&proof.to_text()).as_ref(), Some(&proof));
        if proof.holds() {
            let mut other = proof;
            other.line.push(b'x');
            assert!(!other.holds());
        }
    }
});
