//! Any bytes in the place of a macaroon are read or found broken.
#![no_main]

use fly_secrets::token::{Kind, read};
use secret::Secret;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = read(&Secret::new(data.to_vec()));
    // The same bytes as they would be under the base64.
    let mut token = String::from("fm2_");
    for chunk in data.chunks(3) {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut bits = [0; 3];
        bits[..chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for place in 0..4 {
            let digit = usize::try_from(number >> (18 - 6 * place) & 63).expect("six bits");
            token.push(if place > chunk.len() { '=' } else { char::from(DIGITS[digit]) });
        }
    }
    let read = read(&Secret::from(token));
    assert!(matches!(read.kind, Kind::Macaroon | Kind::Broken));
});
