//! Credentials by form lie inside the text, in order and apart, and what was redacted is none any more.
#![no_main]

use secret::{Redactor, SecretSet, form};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut end = 0;
    for found in form::find(data) {
        assert!(found.range.start >= end && found.range.start < found.range.end && found.range.end <= data.len());
        assert!(form::RULES.iter().any(|rule| rule.id == found.rule));
        end = found.range.end;
    }
    let set = SecretSet::builder().build();
    let redact = |chunk: usize| {
        let mut redactor = Redactor::with_forms(&set);
        let mut output = Vec::new();
        for chunk in data.chunks(chunk) {
            redactor.push(chunk, &mut output);
        }
        redactor.finish(&mut output);
        output
    };
    assert!(redact(1) == redact(data.len().max(1)), "chunks matter");
});
