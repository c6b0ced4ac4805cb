//! Tests of records: one line each way, and what is refused.

use super::*;

fn record(body: Body) -> Record {
    Record {
        index: 3,
        previous: Some(Digest::of(b"")),
        time: time::parse("2026-11-22T17:00:00Z").unwrap(),
        body,
    }
}

fn begin(command: Vec<Text>) -> Body {
    Body::Begin(Begin {
        run: 1,
        label: "vault".into(),
        command,
        more_arguments: 0,
        cwd: ".".into(),
        mode: Mode::Pipe,
        stdin: "null".into(),
        env: vec![],
        timeout_ms: None,
        expect_exit: Vec::new(),
        expect_output: Vec::new(),
        max_bytes: None,
        boot: String::new(),
        unredacted: Vec::new(),
    })
}

#[test]
fn a_record_is_one_line_of_json() {
    let line = record(begin(vec!["jq".into(), "-r".into(), ".scripts | keys[]".into()]))
        .to_line()
        .unwrap();
    insta::assert_snapshot!(String::from_utf8(line).unwrap(), @r#"{"v":1,"i":3,"prev":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","t":"2026-11-22T17:00:00.000000Z","kind":"begin","run":1,"label":"vault","command":["jq","-r",".scripts | keys[]"],"cwd":".","mode":"pipe","stdin":"null"}"#);
}

#[test]
fn an_end_says_how_it_ended() {
    let end = End {
        run: 1,
        outcome: Outcome::Signaled { signal: "SIGKILL".into(), number: 9, core: false },
        started: "2026-11-22T17:00:00.000000Z".into(),
        ended: "2026-11-22T17:00:01.000000Z".into(),
        duration_us: 1_000_000,
        mode: Mode::Pipe,
        files: vec![FileEntry {
            path: "001-a.out".into(),
            role: "stdout".into(),
            bytes: 0,
            sha256: Digest::of(b""),
        }],
        truncated: vec![],
        redactions: vec![Redaction { rule: "dsn-password".into(), count: 2 }],
        suspect: vec![Suspect::EmptyOutput],
        unmet: vec![],
        program: None,
        git: None,
        env: vec!["FLY_API_TOKEN".into()],
        still_open: false,
        terminal_closed: false,
        not_shown: 0,
        forwarded: vec![],
        received: vec![],
    };
    let line = record(Body::End(Box::new(end))).to_line().unwrap();
    insta::assert_snapshot!(String::from_utf8(line).unwrap(), @r#"{"v":1,"i":3,"prev":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","t":"2026-11-22T17:00:00.000000Z","kind":"end","run":1,"outcome":{"how":"signaled","signal":"SIGKILL","number":9},"started":"2026-11-22T17:00:00.000000Z","ended":"2026-11-22T17:00:01.000000Z","duration_us":1000000,"mode":"pipe","files":[{"path":"001-a.out","role":"stdout","bytes":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],"redactions":[{"rule":"dsn-password","count":2}],"suspect":["empty-output"],"env":["FLY_API_TOKEN"]}"#);
}

#[track_caller]
fn check_refused(line: &str, expected: &str) {
    assert_eq!(Record::from_line(line.as_bytes()).unwrap_err().to_string(), expected);
}

#[test]
fn what_is_not_a_record_is_said_without_its_text() {
    check_refused("", "the line is not a record (column 0)");
    check_refused("{\"v\":1}", "the line is not a record (column 7)");
    check_refused(
        r#"{"v":2,"i":0,"prev":null,"t":"2026-11-22T17:00:00Z","kind":"note"}"#,
        "the record has version 2, which is not known here",
    );
    check_refused(
        r#"{"v":1,"i":0,"prev":null,"t":"2026-11-22 17:00","kind":"note","text":""}"#,
        "the record's time is not RFC 3339 in UTC",
    );
    check_refused(&"x".repeat(70_000), "the line is longer than 65535 bytes");
}

#[test]
fn a_path_that_leads_out_of_the_bundle_makes_no_record() {
    let line = |path: &str| {
        let sha256 = Digest::of(b"").hex();
        format!(
            r#"{{"v":1,"i":0,"prev":null,"t":"2026-11-22T17:00:00Z","kind":"attach","files":[{{"path":"{path}","role":"attachment","bytes":0,"sha256":"{sha256}"}}]}}"#
        )
    };
    for path in ["", "/etc/hostname", "../x", "a/../../x", "a//b", "./a"] {
        check_refused(&line(path), "the record names a file that is not in the bundle");
    }
    assert!(Record::from_line(line("attached/a..b").as_bytes()).is_ok());
}

#[test]
fn a_kind_from_the_future_is_read_as_such() {
    let line = r#"{"v":1,"i":0,"prev":null,"t":"2026-11-22T17:00:00Z","kind":"later","what":1}"#;
    assert_eq!(Record::from_line(line.as_bytes()).unwrap().body, Body::Unknown("later".into()));
}

proptest::proptest! {
    #[test]
    fn any_arguments_come_back(arguments in proptest::collection::vec(proptest::collection::vec(0_u8.., 0..40), 1..6)) {
        let written = record(begin(arguments.into_iter().map(Text::from_bytes).collect()));
        let line = written.to_line().unwrap();
        proptest::prop_assert!(!line.contains(&b'\n'));
        proptest::prop_assert_eq!(Record::from_line(&line).unwrap(), written);
    }

    #[test]
    fn any_bytes_are_read_without_a_fall(line in proptest::collection::vec(0_u8.., 0..300)) {
        drop(Record::from_line(&line));
    }
}
