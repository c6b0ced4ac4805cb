//! Whatever text an entry is given, it is refused or read back as one whole entry.
#![no_main]

use feedback_append::draft::{Draft, tidy};
use feedback_append::entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let body = tidy(&String::from_utf8_lossy(data));
    let draft = Draft { title: "T".to_owned(), body, id: "k".to_owned(), ..Draft::default() };
    let text = draft.render(chrono::DateTime::from_timestamp(1_795_366_991, 0).unwrap());
    if draft.check(&text).is_ok() {
        let log = format!("## 2025-10-10 — a\nx\n\n{text}\n## 2026-12-01T00:00:00Z — b\n");
        let entries = entry::read(&log, 0, None).entries;
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[1].id.as_deref(), Some("k"));
        assert!(draft.is_told_by(log[entries[1].range.clone()].trim_end()));
    }
});
