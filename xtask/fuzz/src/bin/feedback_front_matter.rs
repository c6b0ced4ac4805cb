//! Front matter is read from any bytes, and an edit changes its own value and no other byte.
#![no_main]

use feedback_append::{blocks, front_matter};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let document = feedback_append::text::readable(data);
    assert_eq!(document.len(), data.len());
    let Some(block) = front_matter::read(&document) else { return };
    let further = front_matter::further_blocks(&document, block.range.end, &blocks::read(&document, block.range.end).verbatim);
    assert!(further.iter().all(|other| other.range.start >= block.range.end));
    let edits = front_matter::set(&document, &block, &[("doc_hash", "sha256:0".to_owned())], false);
    let edited = front_matter::apply(&document, &edits);
    match edits.as_slice() {
        [] => assert_eq!(edited, document),
        [edit] => {
            assert_eq!(edited[..edit.range.start], document[..edit.range.start]);
            assert!(edited.ends_with(&document[edit.range.end..]));
            assert_eq!(front_matter::set(&edited, &front_matter::read(&edited).unwrap(), &[("doc_hash", "sha256:0".to_owned())], false), []);
        }
        _ => panic!("one key, one edit"),
    }
});
