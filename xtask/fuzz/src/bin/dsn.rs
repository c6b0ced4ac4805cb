//! Any bytes are read as a connection string or refused, and what is read comes back from its canonical form.
#![no_main]

use dsn::{Dsn, Kind, Version, differences, keyword_value, parse_libpq, uri};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for version in [Version::V17, Version::V18] {
        let _ = parse_libpq(data, version);
    }
    let Ok(dsn) = Dsn::parse(data) else { return };
    if dsn.kind() == Kind::Postgres {
        let again = Dsn::parse(keyword_value(&dsn).expose()).expect("the canonical form is read");
        assert!(differences(&dsn, &again).is_empty());
    }
    // A list of hosts and ports that do not match, and a host that is no name, have no URI.
    let is_plain = |value: &[u8]| value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.');
    if dsn.host().is_some_and(is_plain) && dsn.port().is_none_or(is_plain) {
        let again = Dsn::parse(uri(&dsn).expose()).expect("the canonical form is read");
        assert!(differences(&dsn, &again).is_empty());
    }
});
