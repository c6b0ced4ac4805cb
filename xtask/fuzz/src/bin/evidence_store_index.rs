//! An index of a store that is accepted is written again as something that reads the same, and its pieces cover each
//! file once.
#![no_main]

use evidence_log::index::Index;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (text, manifest) = data.split_at(data.len() / 2);
    let Ok(entries) = evidence::manifest::read(manifest) else { return };
    if let Ok(index) = Index::read(text, &entries) {
        assert_eq!(Index::read(&index.to_bytes(), &entries), Ok(index.clone()));
        for file in index.files() {
            let mut reach = 0;
            for (_, from, length) in file.pieces().take(100) {
                assert_eq!(from, reach);
                reach += length;
            }
        }
    }
});
