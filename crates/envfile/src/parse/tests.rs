//! What the strict dialect reads, and what it says of the rest.

use std::fmt::Write;

use proptest::prelude::*;

use crate::file::{EnvFile, LineKind};
use crate::problem::ProblemCode;

/// Renders entries and problems; the inputs here are no secrets.
fn read(input: &[u8]) -> String {
    let file = EnvFile::parse(input);
    assert_partition(&file, input);
    let mut text = String::new();
    for entry in file.entries() {
        let value = String::from_utf8_lossy(entry.value.expose());
        let doubt = if entry.doubtful { " ?" } else { "" };
        write!(
            text,
            "{}:{} {} {:?} {value:?}{doubt}; ",
            entry.line, entry.column, entry.key, entry.quoting
        )
        .unwrap();
    }
    for problem in file.problems() {
        let key = problem.key.as_deref().map(|key| format!(" {key}")).unwrap_or_default();
        write!(text, "{}:{} {}{key}; ", problem.line, problem.column, problem.code.word()).unwrap();
    }
    text.trim_end_matches("; ").to_owned()
}

fn check(input: &str, expected: &str) {
    assert_eq!(read(input.as_bytes()), expected, "for {input:?}");
}

fn assert_partition(file: &EnvFile, input: &[u8]) {
    let printed: Vec<u8> =
        file.lines().iter().flat_map(|line| &file.expose()[line.span.clone()]).copied().collect();
    assert_eq!(printed, input);
    assert_eq!(file.expose(), input);
}

#[test]
fn the_three_forms_are_read() {
    check("A=b\n", r#"1:1 A Bare "b""#);
    check("A='b c'\n", r#"1:1 A Single "b c""#);
    check("A=\"b c\"\n", r#"1:1 A Double "b c""#);
    check("A=\n", r#"1:1 A Bare """#);
    check("A=''\n", r#"1:1 A Single """#);
    check("A=\"\"\n", r#"1:1 A Double """#);
    check("A=b=c==\n", r#"1:1 A Bare "b=c==""#);
    check("A_1=x\nB2=y\n", r#"1:1 A_1 Bare "x"; 2:1 B2 Bare "y""#);
    check("_A=x\n", r#"1:1 _A Bare "x""#);
}

#[test]
fn a_value_that_lost_its_name_is_no_key() {
    check("Q0FOQVJZQ0FOQVJZQ0FOQVJZQQ==\n", "1:1 no-name");
    check("Q0FOQVJZkq7Vw2xTzPaB3dE5QUE=\n", "1:1 no-name");
    check("QUJDQUJDQUJDQUJDQUJDQUJDxyz=\n", "1:1 no-name");
    check("CANARYx8Zt4LmW2xPd9RkV7bNsAbCdEf=\n", "1:1 no-name");
    for tail in [" # staging", ";", ",", "\\", " ;  # old", "\t#=", " \\"] {
        check(&format!("Q0FOQVJZkq7Vw2xTzPaB3dE5QUE={tail}\n"), "1:1 no-name");
    }
    check("canary0canary0==  \nA=b\n", r#"2:1 A Bare "b"; 1:1 no-name"#);
    check(
        "camelCaseNameOfKey=\n",
        r#"1:1 camelCaseNameOfKey Bare ""; 1:1 lower-case-key camelCaseNameOfKey"#,
    );
    check(
        "spring_datasource_password=\n",
        r#"1:1 spring_datasource_password Bare ""; 1:1 lower-case-key spring_datasource_password"#,
    );
    check("A_1=\nB==\n", r#"1:1 A_1 Bare ""; 2:1 B Bare "=""#);
}

#[test]
fn comments_start_lines_or_follow_white_space() {
    check("# c\nA=b # c\n", r#"2:1 A Bare "b""#);
    check("  # c\n\n   \nA='b' # c\n", r#"4:1 A Single "b""#);
    check("A=\"b\"\t# c\n", r#"1:1 A Double "b""#);
    check("A= # c\n", r#"1:1 A Bare """#);
    check("A=b#c\n", r#"1:1 A Bare "b#c" ?; 1:4 bare-hash A"#);
    check("A=b#c #d\n", r#"1:1 A Bare "b#c" ?; 1:4 bare-hash A"#);
    check("A=#c\n", "1:1 A Bare \"#c\" ?; 1:3 bare-hash A");
    check("A=b#c#d\n", r#"1:1 A Bare "b#c#d" ?; 1:4 bare-hash A"#);
    check("A='b'#c\n", "1:6 text-after-quote A");
    check("A='b#c'\n", r#"1:1 A Single "b#c""#);
}

#[test]
fn escapes_mean_something_in_double_quotes_only() {
    check(
        r#"A="a\nb\tc\\d\"e\$f\r""#,
        "1:1 A Double \"a\\nb\\tc\\\\d\\\"e$f\\r\"; 1:23 no-final-newline",
    );
    check("A='a\\nb\\\\'\n", r#"1:1 A Single "a\\nb\\\\""#);
    check("A=a\\nb\n", r#"1:1 A Bare "a\\nb""#);
    check("A=\"a\\xb\"\n", r#"1:1 A Double "a\\xb" ?; 1:5 unknown-escape A"#);
    check("A=\"a$b\"\n", r#"1:1 A Double "a$b""#);
}

#[test]
fn nothing_is_expanded_or_run() {
    check(
        "A=$HOME\nB=$(id)\nC=`id`\n",
        r#"1:1 A Bare "$HOME"; 2:1 B Bare "$(id)"; 3:1 C Bare "`id`""#,
    );
    check("A=\"${HOME}\"\n", r#"1:1 A Double "${HOME}""#);
}

#[test]
fn quoted_values_may_cover_lines() {
    check("A=\"one\ntwo\"\nB=x\n", r#"1:1 A Double "one\ntwo"; 3:1 B Bare "x""#);
    check("A=\"one\ntwo\" # c\nB=x\n", r#"1:1 A Double "one\ntwo"; 3:1 B Bare "x""#);
    check(
        "A='one\ntwo'\nB=x\n",
        r#"1:1 A Single "one\ntwo"; 3:1 B Bare "x"; 1:3 single-quoted-break A"#,
    );
    check("A=\"one\r\ntwo\"\r\n", r#"1:1 A Double "one\ntwo"; 1:7 carriage-return"#);
}

#[test]
fn an_open_quote_spoils_its_own_line_only() {
    check("A='it\nB='x'\n", r#"2:1 B Single "x"; 1:3 unterminated-quote A"#);
    check(
        "A=\"it\nB=\"x\"\nC=y\n",
        r#"2:1 B Double "x"; 3:1 C Bare "y"; 1:3 unterminated-quote A"#,
    );
    check("A=\"\n", "1:3 unterminated-quote A");
    check("A='", "1:3 unterminated-quote A; 1:4 no-final-newline");
    check("A=\"x\\\"\nB=y\n", r#"2:1 B Bare "y"; 1:3 unterminated-quote A"#);
}

#[test]
fn malformed_lines_are_data() {
    check("word\nA=b\n", r#"2:1 A Bare "b"; 1:1 no-equals"#);
    check("=b\n", "1:1 invalid-key");
    check("A-B=c\n", "1:1 invalid-key");
    check("1A=c\n", "1:1 invalid-key");
    check("a.b=c\n", "1:1 invalid-key");
    check("A: b\n", "1:1 no-equals");
    check("export A\n", "1:1 no-equals");
    check("A='b'c\n", "1:6 text-after-quote A");
    check("A=\"b\"\"c\"\n", "1:6 text-after-quote A");
    check("A=\"\"\"b\"\"\"\n", "1:3 triple-quote A");
    check("\u{e9}=b\n", "1:1 invalid-key");
}

#[test]
fn what_is_readable_is_read_and_named() {
    check("export A=b\n", r#"1:8 A Bare "b"; 1:1 export A"#);
    check("export=b\n", r#"1:1 export Bare "b"; 1:1 lower-case-key export"#);
    check("A = b\n", r#"1:1 A Bare "b"; 1:2 space A"#);
    check("A= b\n", r#"1:1 A Bare "b"; 1:3 space A"#);
    check("  A=b\n", r#"1:3 A Bare "b"; 1:1 space A"#);
    check("a_b=c\n", r#"1:1 a_b Bare "c"; 1:1 lower-case-key a_b"#);
    check("TF_VAR_db_name=c\n", r#"1:1 TF_VAR_db_name Bare "c""#);
    check("https_proxy=c\n", r#"1:1 https_proxy Bare "c""#);
    check("A=b", r#"1:1 A Bare "b"; 1:4 no-final-newline"#);
    check("A=b\r\nC=d\r\n", r#"1:1 A Bare "b"; 2:1 C Bare "d"; 1:4 carriage-return"#);
    check("\u{feff}A=b\n", r#"1:1 A Bare "b"; 1:1 byte-order-mark"#);
    check("A=b c  \n", r#"1:1 A Bare "b c""#);
}

#[test]
fn bytes_that_no_environment_wants_are_named() {
    check("A=b\0c\n", "1:1 A Bare \"b\\0c\" ?; 1:4 control-byte A");
    check("A=b\rc\n", "1:1 A Bare \"b\\rc\" ?; 1:4 control-byte A");
    check("A='b\u{1b}c'\n", "1:1 A Single \"b\\u{1b}c\" ?; 1:5 control-byte A");
    check("# \u{7}\n", "1:3 control-byte");
    assert!(read(b"\xff\xfeA\0=\0b\0\n\0").starts_with("1:1 invalid-utf8;"));
    assert_eq!(read(b"A=b\xff\n"), "1:1 A Bare \"b\u{fffd}\" ?; 1:4 invalid-utf8 A");
    check("A='\u{e9}\u{e9}'#\n", "1:7 text-after-quote A");
}

#[test]
fn the_last_of_a_key_counts() {
    let file = EnvFile::parse(b"A=1\nB=2\nA=3\n");
    assert_eq!(file.get("A").unwrap().expose(), b"3");
    assert!(file.get("C").is_none());
}

#[test]
fn rotated_is_the_oldest_date_of_any_part_of_the_file() {
    let check = |text: &str, expected: Option<(usize, i32)>| {
        let rotated = EnvFile::parse(text.as_bytes()).rotated();
        assert_eq!(rotated.map(|found| (found.line, found.year)), expected, "{text}");
    };
    check("# rotated: 2024-01-02\n# rotated: 2025-10-01\nA=1\n", Some((2, 2025)));
    check("# rotated: 2024-01-02\nA=1\n# rotated: 2025-10-01\nB=1\n", Some((1, 2024)));
    check("# rotated: 2024-01-02\nA=1\n\n# rotated: 2025-10-01\n", Some((4, 2025)));
    check("# rotated: soon\nA=1\n# rotated: 2025-10-01\nB=1\n", Some((1, 0)));
    check("A=1 # rotated: 2025-10-01\n", Some((1, 2025)));
    check("A='1\n2' # rotated: 2025-10-01\nB=1 # rotated: 2024-10-01\n", Some((3, 2024)));
    check("A='1\n2'\t# rotated: 2025-10-01\r\n", Some((2, 2025)));
    check("A='# rotated: 2025-10-01'\n", None);
    check("A=1#rotated: 2025-10-01\n", None);
}

#[test]
fn a_rotation_that_is_said_otherwise_is_known_where_it_stands_alone() {
    let check = |text: &str, expected: Option<usize>| {
        assert_eq!(EnvFile::parse(text.as_bytes()).rotated_otherwise(), expected, "{text}");
    };
    check("# last rotated: 2025-10-01\nA=1\n", Some(1));
    check("A=1 # rotated on 2025-10-01\n", Some(1));
    check("A=1\n# rotated 2025\n", Some(2));
    check("# rotated: 2025-10-01\nA=1\n# last rotated 2024\nB=1\n", Some(3));
    check("# rotated: 2025-10-01\n# was rotated after what was found in 2024\nA=1\n", None);
    check("# rotated in 2024, too\n# rotated: 2025-10-01\nA=1\nB=1\n", None);
    check("A=1 # rotated: 2025-10-01\n", None);
    check("A='# rotated on 2025-10-01'\n# of 2025\n", None);
}

#[test]
fn one_long_line_of_open_quotes_is_read_in_linear_time() {
    let input = "A=\"\\\n".repeat(20_000);
    let file = EnvFile::parse(input.as_bytes());
    assert_partition(&file, input.as_bytes());
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            &b"A="[..], b"KEY", b"=", b"\n", b"\r\n", b"\r", b"'", b"\"", b"\\", b"#", b" #", b" ",
            b"export ", b"$", b"`", b"\xef\xbb\xbf", b"\0", b"\xff", b"\xc3\xa9", b"x", b"\"\"\"", b"\t",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn printing_gives_back_any_bytes(input in hostile()) {
        let file = EnvFile::parse(&input);
        assert_partition(&file, &input);
    }

    #[test]
    fn positions_and_spans_lie_in_the_file(input in hostile()) {
        let file = EnvFile::parse(&input);
        let n_lines = input.split(|byte| *byte == b'\n').count();
        for problem in file.problems() {
            prop_assert!(problem.line >= 1 && problem.line <= n_lines && problem.column >= 1);
        }
        for entry in file.entries() {
            prop_assert!(entry.line <= n_lines);
            prop_assert!(entry.value_span.end <= input.len());
        }
        let mut number = 0;
        for line in file.lines() {
            prop_assert!(line.number > number);
            number = line.number;
        }
    }

    #[test]
    fn every_malformed_line_has_its_problem(input in hostile()) {
        let file = EnvFile::parse(&input);
        for line in file.lines().iter().filter(|line| line.kind == LineKind::Malformed) {
            let said = file.problems().iter().any(|problem| {
                problem.line == line.number && problem.code.is_doubtful()
            });
            prop_assert!(said, "line {}", line.number);
        }
        for entry in file.entries().iter().filter(|entry| entry.doubtful) {
            let said = file.problems().iter().any(|problem| problem.key.as_ref() == Some(&entry.key));
            prop_assert!(said);
        }
    }

    #[test]
    fn a_file_without_its_final_break_says_so(input in "[A-Z]{1,5}=[a-z]{0,5}") {
        let file = EnvFile::parse(input.as_bytes());
        prop_assert_eq!(file.problems().last().unwrap().code, ProblemCode::NoFinalNewline);
    }
}
