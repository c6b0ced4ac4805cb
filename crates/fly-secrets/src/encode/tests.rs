//! The encoder against the port of flyctl's parser, and the port against what the real one was seen to read.

use super::*;
use proptest::prelude::*;

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// What the port reads: `NAME=value` lines with escapes, or how it fails.
fn check_read(stream: &str) -> String {
    match import::read(stream.as_bytes()) {
        Err(failure) => format!("{failure:?}"),
        Ok(values) => {
            let shown = values
                .iter()
                .map(|(name, value)| format!("{name}={:?}", value.expose_text().unwrap()));
            shown.collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn the_port_reads_what_flyctl_was_seen_to_read() {
    // Each line was run through the Go code of flyctl 0.4.87.
    assert_eq!(check_read("A=p#w"), r#"A="p""#);
    assert_eq!(check_read("A='p#w'"), r#"A="'p""#);
    assert_eq!(check_read(r#"A="p#w" # c"#), r#"A="\"p#w\" # c""#);
    assert_eq!(check_read(r#"A=""#), "Crash");
    assert_eq!(check_read("A='"), "Crash");
    assert_eq!(check_read("A=' # c"), "Crash");
    assert_eq!(check_read("export A=1"), r#"export A="1""#);
    assert_eq!(check_read("A=x "), r#"A="x ""#);
    assert_eq!(check_read("A=  x"), r#"A="x""#);
    assert_eq!(check_read(r#"A="a\nb""#), r#"A="a\\nb""#);
    assert_eq!(check_read("A=1\r\nB=2\r\n"), r#"A="1" B="2""#);
    assert_eq!(check_read("# c\n\n  \nA=1"), r#"A="1""#);
    assert_eq!(check_read("A=1\nbroken\n"), "NoEquals");
    assert_eq!(check_read("A=\"\"\"x\ny\"\"\"\nB=2"), r#"A="x\ny" B="2""#);
    assert_eq!(check_read("A=\"\"\"x\ny\nB=2"), "");
    assert_eq!(check_read(&format!("A=1\nB={}\nC=3", "x".repeat(65_533))).len(), 65_533 + 16);
    assert_eq!(check_read(&format!("A=1\nB={}\nC=3", "x".repeat(65_534))), r#"A="1""#);
}

fn check_stream(value: &str) -> String {
    match stream(&[("K", &secret(value))]) {
        Ok(stream) => stream.expose_text().unwrap().to_owned(),
        Err(refused) => format!("{:?}", refused[0].1),
    }
}

#[test]
fn each_form_is_used_where_it_survives() {
    assert_eq!(check_stream("plain"), "K=\"\"\"plain\"\"\"\n");
    assert_eq!(check_stream(""), "K=\"\"\"\"\"\"\n");
    assert_eq!(check_stream("p#w"), "K=\"\"\"p#w\"\"\"\n");
    assert_eq!(check_stream("p\"#w"), "K='p\"#w'\n");
    assert_eq!(check_stream("a\nb"), "K=\"\"\"a\nb\"\"\"\n");
    assert_eq!(check_stream("a\r\nb"), "K=\"\"\"a\r\r\nb\"\"\"\n");
}

#[test]
fn what_cannot_be_carried_is_refused_by_reason() {
    assert_eq!(check_stream("p\"#w\nb"), "QuoteBeforeHash");
    assert_eq!(check_stream("a\"\"\"\nb"), "TripleQuote");
    assert_eq!(check_stream("a\nb\"\"\"\nc"), "TripleQuote");
    assert_eq!(check_stream("a\0b"), "Nul");
    assert_eq!(check_stream(&"x".repeat(65_528)), "LongLine");
    assert!(check_stream(&"x".repeat(65_527)).starts_with("K="));
    assert_eq!(stream(&[("K", &Secret::new(vec![0xff]))]).err().unwrap()[0].1, Uncarried::NotText);
    for name in ["", "A-B", "A B", "A=B", "#A"] {
        assert_eq!(stream(&[(name, &secret("x"))]).err().unwrap()[0].1, Uncarried::Name, "{name}");
    }
}

#[test]
fn a_refusal_names_every_name_and_gives_no_stream() {
    let (good, bad) = (secret("x"), secret("a\0b"));
    let refused = stream(&[("A", &bad), ("B", &good), ("C", &bad)]).err().unwrap();
    let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["A", "C"]);
}

/// Whether the value and its neighbours come back, or the value is refused; never anything between.
fn comes_back_or_is_refused(value: &str) -> bool {
    let (before, after, value) = (secret("1"), secret("2"), secret(value));
    let mut stream = Vec::new();
    one("A", &before, &mut stream).unwrap();
    if one("K", &value, &mut stream).is_err() {
        return false;
    }
    one("Z", &after, &mut stream).unwrap();
    let read = import::read(&stream).unwrap();
    let expected = [("A", &before), ("K", &value), ("Z", &after)];
    assert_eq!(read.len(), 3);
    for ((name, read), (expected_name, expected)) in read.iter().zip(expected) {
        assert!(name == expected_name && read.same_as(expected), "{stream:?}");
    }
    true
}

/// How many of so many random values are carried; every one comes back or is refused.
fn n_carried(n_values: u32, seed: u64) -> u32 {
    const ALPHABET: [&str; 12] =
        ["\"", "\"\"\"", "'", "#", "\n", "\r", " ", "a", "=", "\\", "é", "\t"];
    let mut seed = seed;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(below).unwrap()).unwrap()
    };
    let mut n_carried = 0;
    let mut value = String::new();
    for _ in 0..n_values {
        value.clear();
        for _ in 0..random(13) {
            value.push_str(ALPHABET[random(ALPHABET.len())]);
        }
        n_carried += u32::from(comes_back_or_is_refused(&value));
    }
    n_carried
}

#[test]
fn a_million_nasty_values_come_back_or_are_refused() {
    let n_carried: u32 = std::thread::scope(|scope| {
        let parts = [0x9e37_79b9_7f4a_7c15_u64, 0xbf58_476d_1ce4_e5b9]
            .map(|seed| scope.spawn(move || n_carried(500_000, seed)));
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    // A test that refused everything would prove nothing.
    assert!(n_carried > 700_000, "{n_carried}");
}

#[test]
fn every_short_value_comes_back_or_is_refused() {
    const ALPHABET: [char; 7] = ['"', '\'', '#', '\n', '\r', ' ', 'a'];
    let mut values = vec![String::new()];
    for _ in 0..5 {
        let longer = values.iter().flat_map(|value| ALPHABET.map(|c| format!("{value}{c}")));
        values = longer.collect();
        for value in &values {
            comes_back_or_is_refused(value);
        }
    }
}

proptest! {
    #[test]
    fn any_text_comes_back_or_is_refused(value in any::<String>()) {
        comes_back_or_is_refused(&value);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = import::read(&bytes);
    }
}
