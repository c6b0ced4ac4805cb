//! Strings of any size are read in time.

use std::time::Instant;

use dsn::{Dsn, Mask, differences, problems, readings};

/// Rows of pieces for which some reader looked at all before at each, or kept a copy of all for each.
#[test]
fn long_rows_are_read_in_time() {
    for before in ["postgres://u:p@h/d?", "postgres://", "host=h ", "Host=h;", "redis://h/1?"] {
        for piece in
            ["a=b&", "a%N=b&", "a%N=b ", "a%N=b;", "h%N,", ",", "password=", "@a=b&", "options=a&"]
        {
            let row = (0..60_000 / piece.len()).map(|n| piece.replace("%N", &n.to_string()));
            let text = format!("{before}{}", row.collect::<String>());
            let started = Instant::now();
            readings(text.as_bytes());
            let mask = Mask::new(text.as_bytes());
            mask.value("host", b"h");
            if let Ok(dsn) = Dsn::parse(text.as_bytes()) {
                differences(&dsn, &dsn);
                problems(&dsn);
            }
            let spent = started.elapsed();
            assert!(spent.as_secs() < 5, "{before}{piece}: {spent:?}");
        }
    }
}
