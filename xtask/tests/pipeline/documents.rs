//! The reviewed documents that preflight asks for.

use crate::{Sample, appended};

#[test]
fn a_reviewed_document_that_is_gone_or_changed_halts_preflight() {
    let sample = Sample::new();
    let document = "docs/directions/chatwoot.md";
    let right = sample.bed.read(document);
    let preflight = || sample.xtask(&["preflight", "--quiet", "--only", "documents"]).code();
    assert_eq!(preflight(), 0);
    sample.bed.write(document, format!("{right}Changed after the review.\n"));
    assert_eq!(preflight(), 1);
    assert!(appended(&sample).contains("citation-changed"), "{}", appended(&sample));
    sample.bed.remove(document);
    assert_eq!(preflight(), 1);
    assert!(appended(&sample).contains("citation-missing"), "{}", appended(&sample));
    sample.bed.write(document, right);
    assert_eq!(preflight(), 0);
}
