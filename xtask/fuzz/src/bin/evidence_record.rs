//! A record that is read and written again reads the same, and no line makes the reader fall.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(record) = evidence::Record::from_line(data)
        && !matches!(record.body, evidence::Body::Unknown(_))
        && let Ok(line) = record.to_line()
    {
        assert!(!line.contains(&b'\n'));
        let Ok(again) = evidence::Record::from_line(&line) else { panic!("what was written is not read") };
        assert_eq!(again.body, record.body);
    }
});
