//! Entries are read from any bytes in order and apart, and one more entry behind them is one more entry.
#![no_main]

use feedback_append::entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let document = feedback_append::text::readable(data);
    let before = entry::read(&document, 0, None).entries;
    let mut reach = 0;
    for entry in &before {
        assert!(entry.range.start >= reach && entry.heading.end <= entry.range.end);
        assert!(document.is_char_boundary(entry.stamp_range.start) && document.is_char_boundary(entry.stamp_range.end));
        reach = entry.range.end;
    }
    // What comes behind may close a block that was open, and so hide what was read; without one, nothing may change.
    let blocks = feedback_append::blocks::read(&document, 0);
    if blocks.unclosed.is_empty() {
        let longer = format!("{document}\n\n## 2026-11-22T17:03:11Z — One more\n\n<!-- entry one-more -->\n");
        let after = entry::read(&longer, 0, None).entries;
        assert_eq!(after.len(), before.len() + 1);
        assert_eq!(after.last().unwrap().id.as_deref(), Some("one-more"));
    }
});
