//! Whatever the secrets, the text and the chunks: the redactor says what one look at the whole text says, and no secret survives.
#![no_main]

use secret::{Redactor, Secret, SecretSet};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The first bytes choose the length of the secrets and of the chunks; the secrets then stand in the text too.
    let [first_len, second_len, chunk, rest @ ..] = data else { return };
    let (first, rest) = rest.split_at(usize::from(*first_len % 64).min(rest.len()));
    let (second, text) = rest.split_at(usize::from(*second_len % 64).min(rest.len()));
    let mut builder = SecretSet::builder();
    builder.add("FIRST", &Secret::new(first.to_vec())).add("SECOND", &Secret::new(second.to_vec()));
    let set = builder.build();
    let text = [text, first, text, second].concat();

    // Of a value with a correction in it only so much is seen as is still held.
    let is_corrected = text.contains(&0x08);
    for new in [Redactor::new, Redactor::with_forms].into_iter().filter(|_| !is_corrected) {
        let whole = redact(new(&set), &text, text.len().max(1));
        assert!(redact(new(&set), &text, usize::from(*chunk).max(1)) == whole, "chunks matter");
    }
    let output = redact(Redactor::new(&set), &text, text.len().max(1));
    for (name, secret) in [("FIRST", first), ("SECOND", second)] {
        let is_searched = set.refused().iter().all(|refusal| refusal.name != name);
        // A needle loses a bracket at its ends, and sequences for a terminal inside.
        let is_plain = !secret.iter().any(|byte| b"[]\x1b".contains(byte));
        if is_searched && is_plain {
            assert!(!output.windows(secret.len()).any(|window| window == secret), "a secret survives");
        }
    }
});

fn redact(mut redactor: Redactor<'_>, text: &[u8], chunk: usize) -> Vec<u8> {
    let mut output = Vec::new();
    for chunk in text.chunks(chunk) {
        redactor.push(chunk, &mut output);
    }
    redactor.finish(&mut output);
    output
}
