//! Any bytes are read as a state file or refused, and what is read comes back from what is written.
#![no_main]

use fly_secrets::state::State;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(state) = State::parse(data) else { return };
    let written = state.to_bytes();
    let again = State::parse(&written).expect("what is written is read");
    assert_eq!(written, again.to_bytes());
});
