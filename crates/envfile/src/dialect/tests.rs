//! What the comparison with the real programs cannot show: bytes, sizes, depth.

use std::time::Instant;

use super::{Dialect, End, Understood, Variables};

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
fn a_shell_makes_words_of_braces() {
    assert_eq!(Dialect::Shell.read(b"{,x}export A=1\n").end, End::Refused { line: 1 });
    assert_eq!(Dialect::Shell.read(b"export {A=,B}\n").end, End::Refused { line: 1 });
    assert_eq!(Dialect::Shell.read(b"echo {a,b}\nA=1\n").end, End::Whole);
    assert_eq!(value(Dialect::Shell, b"export A={CANARY1,CANARY2}\n", b"A"), None);
    for written in ["A={a,b}", "export A='{a,b}'", "export A={a.b}"] {
        let kept = written.split_once('=').unwrap().1.replace('\'', "");
        let read = value(Dialect::Shell, written.as_bytes(), b"A");
        assert_eq!(read, Some(kept.into()), "{written}");
    }
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

/// Rows of pieces that some reader took ages for: it began anew at each, or made each value of those before.
#[test]
fn long_rows_are_read_in_time() {
    let pieces = [
        "A=\"\\\"\n",
        "A='\n",
        "A=`\n",
        "A=\"\"\"\n",
        "export\n",
        "A=$(\n",
        "A:\n",
        "\\\n",
        "\n",
        "\r\n",
        "$(",
        "((",
        "$((",
        "A=$B\n",
        "A=1 A=$A ",
        "A=${A}x\n",
        "A=x$A\n",
        "A=\"${A:-$A}\"\n",
    ];
    for before in ["", "A=", "A=\"", "export "] {
        for piece in pieces {
            let input = format!("{before}{}", piece.repeat(10_000));
            for dialect in Dialect::ALL {
                let started = Instant::now();
                dialect.read(input.as_bytes());
                let spent = started.elapsed();
                assert!(spent.as_secs() < 5, "{dialect}: {before:?}, {piece:?}: {spent:?}");
            }
        }
    }
}

#[test]
fn references_do_not_double_without_end() {
    let input = format!("A=xy\nB=$A\n{}", "A=$A$A${A}${A}\n".repeat(200));
    for dialect in Dialect::ALL {
        let reading = dialect.read(input.as_bytes());
        let held: usize = reading
            .entries
            .iter()
            .map(|(_, understood)| match understood {
                Understood::Value(value) => value.expose().len(),
                _ => 0,
            })
            .sum();
        assert!(held < 4 << 20, "{dialect}: {held}");
        // What comes before is read as ever.
        assert!(matches!(reading.get(b"B"), Some(Understood::Value(_))), "{dialect}");
    }
    for dialect in
        [Dialect::Shell, Dialect::Compose, Dialect::Python, Dialect::Ruby, Dialect::Godotenv]
    {
        let last = dialect.read(input.as_bytes());
        assert!(matches!(last.get(b"A"), Some(Understood::Unclear)), "{dialect}");
    }
}

#[test]
fn ruby_runs_what_parentheses_enclose() {
    let check = |written: &str, expected: Option<&str>| {
        let reading = Dialect::Ruby.read(format!("A={written}\n").as_bytes());
        let found = match reading.get(b"A") {
            Some(Understood::Value(value)) => value.expose_text().map(str::to_owned),
            Some(Understood::Runs) => None,
            _ => panic!("{written}"),
        };
        assert_eq!(found.as_deref(), expected, "{written}");
    };
    check("$(a)", None);
    check("b$(a(b)c)", None);
    check("$(a", Some("$(a"));
    check("$()", Some("$()"));
    check("$(a())", Some("$(a())"));
    check("()$(a)", None);
    check("$(()$(a)", None);
    check("\\$(a)$(b", Some("$(a)$(b"));
}

#[test]
fn compose_substitutes_in_its_own_files_too() {
    let sources = [b"A=x-y\nB=\nC=$A/z\n".as_slice(), b"A=CANARY\nD=d\n"];
    let variables = Variables::of(sources);
    let check = |text: &str, expected: Option<&str>| {
        let value = variables.substitute(text.as_bytes());
        let value = value.map(|value| String::from_utf8_lossy(value.expose()).into_owned());
        assert_eq!(value.as_deref(), expected, "{text}");
    };
    check("../web", Some("../web"));
    check("$A/${D}/$C", Some("x-y/d/x-y/z"));
    check("a$$b$", Some("a$b$"));
    check("${B:-./web-app}", Some("./web-app"));
    check("${B-./web-app}", Some(""));
    check("${X:-${Y-.}}/a", Some("./a"));
    check("${X:-${A:+b?c}}", Some("b?c"));
    check("${X:+b}c", Some("c"));
    // What only the environment can have.
    for text in ["$X", "${X}", "a/${X:-$Y}", "${X:?is required}", "${X", "${1}"] {
        check(text, None);
    }
}
