//! A chain is read whatever it holds, and only unbroken bytes are free of problems.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let chain = evidence::Chain::read(data);
    if chain.problems.is_empty() {
        assert!(data.is_empty() || data.ends_with(b"\n"));
        assert_eq!(chain.records.len() as u64, chain.lines);
        for (n, record) in chain.records.iter().enumerate() {
            assert_eq!(record.index, n as u64);
        }
    }
});
