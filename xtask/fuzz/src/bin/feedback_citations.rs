//! Citations are found in any bytes, each with its own place in the text.
#![no_main]

use feedback_append::citation::{self, Roots};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let document = feedback_append::text::readable(data);
    let blocks = feedback_append::blocks::read(&document, 0);
    let roots = Roots { evidence: vec!["artifacts".to_owned()], others: vec!["docs".to_owned()] };
    let found = citation::find(&document, 0, &blocks, &roots);
    let mut reach = 0;
    for citation in &found.paths {
        assert!(citation.range.start >= reach);
        assert_eq!(document[citation.range.clone()], citation.path);
        assert!(citation.suffix < citation.path.len());
        reach = citation.range.end;
    }
});
