//! Prints how long a parse and a set of readings take, over the recorded corpus.
//!
//! `cargo run --release --example speed -- fixtures/dsn-corpus/strings.jsonl`

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use dsn::{Mask, Version, parse_libpq, readings};

const ROUNDS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the corpus")?;
    let mut texts: Vec<String> = Vec::new();
    for line in fs::read_to_string(path)?.lines() {
        let case: serde_json::Value = serde_json::from_str(line)?;
        let text = case["text"].as_str().unwrap_or_default();
        if text.starts_with("postgres") && text.contains("://") {
            texts.push(text.to_owned());
        }
    }
    let (mut read, mut best) = (0, Duration::MAX);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        read =
            texts.iter().filter(|text| parse_libpq(text.as_bytes(), Version::V18).is_ok()).count();
        best = best.min(begun.elapsed());
    }
    let thousand: Vec<&String> = texts.iter().cycle().take(1000).collect();
    let begun = Instant::now();
    let n_readings: usize = thousand.iter().map(|text| readings(text.as_bytes()).len()).sum();
    let all = begun.elapsed();
    let begun = Instant::now();
    let masks: Vec<Mask> = thousand.iter().map(|text| Mask::new(text.as_bytes())).collect();
    let masking = begun.elapsed();
    let n_parses = u128::try_from(texts.len())?;
    writeln!(
        io::stdout(),
        "{} ns a parse ({read} read); {n_readings} readings of 1000 strings in {:.1} ms; {} masks in {:.1} ms",
        best.as_nanos() / n_parses,
        all.as_secs_f64() * 1e3,
        masks.len(),
        masking.as_secs_f64() * 1e3
    )?;
    Ok(())
}
