//! What `cargo xtask bench dsn-align` measures of this crate alone: parses and readings, in one process.
//!
//! `speed parse ROUNDS FILE` parses every line of a file so many times, as its peer does with libpq;
//! `speed readings FILE` reads every line as all clients do, once.

use std::error::Error;
use std::fs;
use std::io::{self, Write};

use dsn::{Version, parse_libpq, readings};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let (rounds, path): (usize, &str) = match args.get(1..).unwrap_or_default() {
        [word, rounds, path] if word == "parse" => (rounds.parse()?, path),
        [word, path] if word == "readings" => (0, path),
        _ => return Err("speed parse ROUNDS FILE, or speed readings FILE".into()),
    };
    let file = fs::read_to_string(path)?;
    let texts: Vec<&str> = file.lines().collect();
    let mut count: usize = 0;
    for _ in 0..rounds {
        count +=
            texts.iter().filter(|text| parse_libpq(text.as_bytes(), Version::V18).is_ok()).count();
    }
    if rounds == 0 {
        count = texts.iter().map(|text| readings(text.as_bytes()).len()).sum();
    }
    writeln!(io::stdout(), "{count}")?;
    Ok(())
}
