//! What the comparison with the real programs cannot show: bytes, sizes, depth.

use super::{Dialect, End, Understood};

fn value(dialect: Dialect, input: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    match dialect.read(input).get(key) {
        Some(Understood::Value(value)) => Some(value.expose().to_vec()),
        _ => None,
    }
}

#[test]
fn fly_drops_everything_from_a_line_of_64_kib() {
    let line = |length: usize| format!("A=1\nB={}\nC=3\n", "x".repeat(length - 2));
    let whole = Dialect::Fly.read(line(65_535).as_bytes());
    assert_eq!(whole.end, End::Whole);
    assert_eq!(whole.entries.len(), 3);
    let cut = Dialect::Fly.read(line(65_536).as_bytes());
    assert_eq!(cut.end, End::Cut { line: 2 });
    assert_eq!(cut.entries.len(), 1);
}

#[test]
fn fly_crashes_on_a_lone_quote() {
    for input in [&b"A=\"\n"[..], b"A='\n", b"A=' # c\n"] {
        assert_eq!(Dialect::Fly.read(input).end, End::Crashed { line: 1 });
    }
}

#[test]
fn fly_loses_what_an_open_triple_quote_swallows() {
    let reading = Dialect::Fly.read(b"A=1\nB=\"\"\"x\nC=3\n");
    assert_eq!(reading.end, End::Cut { line: 2 });
    assert_eq!(reading.entries.len(), 1);
}

#[test]
fn bytes_that_are_no_utf8_are_met_as_each_language_meets_them() {
    let input = b"A=b\xffc\n";
    assert_eq!(value(Dialect::Shell, input, b"A").unwrap(), b"b\xffc");
    assert_eq!(value(Dialect::Fly, input, b"A").unwrap(), b"b\xffc");
    assert_eq!(value(Dialect::Motdotla, input, b"A").unwrap(), "b\u{fffd}c".as_bytes());
    assert_eq!(value(Dialect::Godotenv, input, b"A").unwrap(), "b\u{fffd}c".as_bytes());
    assert_eq!(Dialect::Python.read(input).end, End::Refused { line: 1 });
    assert_eq!(Dialect::Ruby.read(input).end, End::Refused { line: 1 });
    assert_eq!(Dialect::Systemd.read(input).end, End::Refused { line: 1 });
}

#[test]
fn a_lone_carriage_return_is_no_line_of_the_source() {
    assert_eq!(Dialect::Ruby.read(b"A=1\r\nB=2\rC=3\nexport D\n").end, End::Refused { line: 3 });
}

#[test]
fn nul_bytes_end_what_is_made_of_c() {
    let input = b"A=b\0c\n";
    assert_eq!(Dialect::Systemd.read(input).end, End::Refused { line: 1 });
    assert_eq!(Dialect::Shell.read(input).end, End::Refused { line: 1 });
}

#[test]
fn nesting_without_end_is_cut_off() {
    let deep = format!("A={}{}\n", "${B:-".repeat(20_000), "}".repeat(20_000));
    for dialect in Dialect::ALL {
        dialect.read(deep.as_bytes());
    }
    let parentheses = format!("A=$({}{}\n", "(".repeat(20_000), ")".repeat(20_001));
    for dialect in Dialect::ALL {
        dialect.read(parentheses.as_bytes());
    }
}

#[test]
fn long_rows_of_quotes_are_read_in_time() {
    for piece in
        ["A=\"\\\"\n", "A='\n", "A=`\n", "A=\"\"\"\n", "export\n", "A=$(\n", "A:\n", "\\\n"]
    {
        let input = piece.repeat(5_000);
        for dialect in Dialect::ALL {
            dialect.read(input.as_bytes());
        }
    }
}
