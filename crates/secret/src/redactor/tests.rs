//! The redactor against cases that other redactors leak, random chunks, and a plain search.

mod cases;
mod sequences;
mod writers;

use data_encoding::BASE64;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::Secret;

/// So many cases, unless `PROPTEST_CASES` asks for another number than proptest's own 256.
pub(crate) fn cases(n_cases: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    if config.cases == 256 { ProptestConfig::with_cases(n_cases) } else { config }
}

fn set_of(secrets: &[(&str, &[u8])]) -> SecretSet {
    let mut builder = SecretSet::builder();
    for (name, value) in secrets {
        builder.add(name, &Secret::new(value.to_vec()));
    }
    builder.build()
}

/// Redacts `text` in pieces whose lengths repeat `lengths`.
pub(crate) fn redact(mut redactor: Redactor<'_>, text: &[u8], lengths: &[usize]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut rest = text;
    for len in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*len).clamp(1, rest.len()));
        redactor.push(piece, &mut output);
        rest = after;
    }
    redactor.finish(&mut output);
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

// What happens at borders. -------------------------------------------------------------------

#[test]
fn prompts_appear_at_once() {
    let value = "kq7Vw2 xTzP'CANARY/31";
    let set = set_of(&[("TOKEN", value.as_bytes()), ("OTHER", b"CANARYother-y/n]-value")]);
    for prompt in [
        "Password: ",
        "Continue? [y/N] ",
        "$ ",
        "\x1b[1mName:\x1b[0m ",
        "50%\r",
        "> ",
        "\x1b]0;~\x07$ ",
    ] {
        let mut output = Vec::new();
        Redactor::with_forms(&set).push(prompt.as_bytes(), &mut output);
        assert_eq!(text(&output), prompt);
    }
}

#[test]
fn holds_back_only_what_may_become_a_secret() {
    let set = set_of(&[("TOKEN", b"kq7Vw2xTzPCANARY")]);
    let mut redactor = Redactor::new(&set);
    let mut check = |input: &str, expected: &str| {
        let mut output = Vec::new();
        redactor.push(input.as_bytes(), &mut output);
        assert_eq!(text(&output), expected);
    };
    check("a kq7", "a ");
    check("V", "");
    check("!", "kq7V!");
    check("kq7Vw2xTzPCANAR", "");
    check("Y", "[REDACTED:TOKEN]");
    check("k", "");
    check("\n", "k\n");
    check("kq7Vw2\n  x", "");
    check("TzPCANARY\n", "[REDACTED:TOKEN]\n");
}

#[test]
fn secrets_that_overlap_or_extend_one_another_get_one_marker() {
    let check = |secrets: &[(&str, &[u8])], input: &str, expected: &str| {
        let set = set_of(secrets);
        for lengths in [&[1][..], &[2, 3], &[7], &[1000]] {
            assert_eq!(text(&redact(Redactor::new(&set), input.as_bytes(), lengths)), expected);
        }
    };
    let pair: [(&str, &[u8]); 2] = [("SHORT", b"CANARY-9x"), ("LONG", b"CANARY-9xTz-77")];
    check(
        &pair,
        "CANARY-9xTz-77 CANARY-9x CANARY-9xTz",
        "[REDACTED:LONG] [REDACTED:SHORT] [REDACTED:SHORT]Tz",
    );
    let overlap: [(&str, &[u8]); 2] = [("A", b"CANARY-9xTz-77"), ("B", b"Tz-77q0Pw")];
    check(&overlap, "CANARY-9xTz-77q0Pw.CANARY-9xTz-77q0", "[REDACTED:A].[REDACTED:A]q0");
    check(&overlap, "CANARY-9xTz-77Tz-77q0Pw", "[REDACTED:A][REDACTED:B]");
    check(&[("X", b"aCANARY1a")], "aCANARY1aCANARY1a", "[REDACTED:X]");
}

#[test]
fn secrets_inside_secrets() {
    let url = "postgresql://postgres.ref:CAN%2FARY%21d9@db.example.com:5432/postgres";
    let set = set_of(&[("URL", url.as_bytes())]);
    let redacted = |input: &str| text(&redact(Redactor::new(&set), input.as_bytes(), &[5]));
    assert_eq!(redacted(url), "[REDACTED:URL]");
    assert_eq!(redacted("password CAN/ARY!d9."), "password [REDACTED:URL].");
    assert_eq!(redacted("password CAN%2FARY%21d9."), "password [REDACTED:URL].");
    assert_eq!(redacted("user postgres.ref"), "user postgres.ref");
    let basic = BASE64.encode(b"postgres.ref:CAN/ARY!d9");
    assert_eq!(redacted(&format!("Basic {basic}")), "Basic [REDACTED:URL]k=");
}

#[test]
fn refused_values_and_markers_stay() {
    let set = set_of(&[
        ("PORT", b"5432"),
        ("database_url", b"REDACTED:"),
        ("X", b"database"),
        ("Y", b"CANARY-ab["),
        ("Z", b"]]CANARY7"),
        ("W", b"CANARY.8z[["),
    ]);
    assert_eq!(
        set.refused().iter().map(|refused| refused.name.as_str()).collect::<Vec<_>>(),
        ["PORT", "X", "Z", "database_url"]
    );
    let once = redact(
        Redactor::new(&set),
        b"5432 CANARY-ab[CANARY-ab[ [REDACTED:database_url] CANARY.8z[CANARY.8z[[",
        &[3],
    );
    assert_eq!(
        text(&once),
        "5432 [REDACTED:Y][[REDACTED:Y][ [REDACTED:database_url] [REDACTED:W][[REDACTED:W][["
    );
    assert_eq!(redact(Redactor::new(&set), &once, &[3]), once);
}

/// Bytes that were said are none of a broken value's, nor is a line break that is written out with them.
#[test]
fn what_was_said_begins_no_value() {
    let set = set_of(&[("A", br"*\n??$7g?Dwr%o==")]);
    let input = "*\n12:30 \\n??$7g?Dwr%o==";
    for lengths in [&[1000][..], &[1], &[10]] {
        assert_eq!(
            text(&redact(Redactor::new(&set), input.as_bytes(), lengths)),
            input,
            "{lengths:?}"
        );
    }
}

/// What stands before each line stays; a line that goes on in no such way is said as soon as that is known.
#[test]
fn values_in_lines_of_a_log_are_replaced_line_by_line() {
    let value = "CANARYkq7Vw2xTzPCANARYkq7Vw2xTzP31CANARY";
    let set = set_of(&[("A", value.as_bytes())]);
    let log = |colour: &str, lines: &[&str]| {
        let lines = (8..).zip(lines);
        let lines = lines.map(|(n, line)| format!("{colour}14:28:{n}Z out {line}\n"));
        lines.collect::<Vec<_>>().concat()
    };
    let check = |lines: &[&str], expected: &[&str]| {
        for colour in ["", "\x1b[36m", "\x1b]0;title\x07"] {
            let input = log(colour, lines);
            for lengths in [&[1000][..], &[1], &[2, 3], &[7], &[61]] {
                let redacted = text(&redact(Redactor::new(&set), input.as_bytes(), lengths));
                assert_eq!(redacted, log(colour, expected), "{lengths:?}");
            }
        }
    };
    check(
        &[
            "$ base64 -w 20 f",
            "dG9rZW49Q0FOQVJZa3E3",
            "VncyeFR6UENBTkFSWWtx",
            "N1Z3MnhUelAzMUNBTkFS",
            "WQo=",
        ],
        &[
            "$ base64 -w 20 f",
            "dG9rZW49[REDACTED:A]",
            "[REDACTED:A]",
            "[REDACTED:A]",
            "[REDACTED:A]Qo=",
        ],
    );
    let (hidden, rest) = ("[REDACTED:A]", &value[3..]);
    check(&["0123456789abcCAN", rest, "end"], &["0123456789abcCAN", hidden, "end"]);
    check(&[&value[..20], &[&value[20..], "; x"].concat()], &[hidden, &[hidden, "; x"].concat()]);
    let parted = [&value[..20], "and more", &value[20..]];
    check(&parted, &parted);
    let mut redactor = Redactor::new(&set);
    for said in
        ["14:28:09 out 0123456789abcCAN\nPassword: ", "\n14:28:10 out 0123456789abcdefCAN\n"]
    {
        let mut output = Vec::new();
        redactor.push(said.as_bytes(), &mut output);
        assert_eq!(text(&output), said);
    }
}

/// What stands behind a label is a type if a value is given to it, and held back until that is known.
#[test]
fn a_type_is_known_by_what_follows() {
    let set = set_of(&[]);
    for (input, expected) in [
        ("let password: Utf8Str = read();", "let password: Utf8Str = read();"),
        ("password: CANARY7q = x ", "password: CANARY7q = x "),
        ("password: CANARY7q ", "password: [REDACTED:assigned-password] "),
        ("password: CANARY7q =x", "password: [REDACTED:assigned-password] =x"),
    ] {
        for lengths in [&[1000][..], &[1], &[2, 3], &[7]] {
            let redacted = redact(Redactor::with_forms(&set), input.as_bytes(), lengths);
            assert_eq!(text(&redacted), expected, "{lengths:?}");
        }
    }
}

/// A line break hides no short value; where it stands within the first three bytes these are said at once.
#[test]
fn a_short_value_may_be_cut_by_a_line_break() {
    let check = |value: &str, input: &str, expected: &str| {
        let set = set_of(&[("A", value.as_bytes())]);
        for lengths in [&[1][..], &[2, 3], &[7], &[1000]] {
            let redacted = redact(Redactor::with_forms(&set), input.as_bytes(), lengths);
            assert_eq!(text(&redacted), expected, "{input:?} {lengths:?}");
        }
    };
    let value = "CANARYpw7d!xQz";
    for gap in ["\n", "\r\n", "\n      ", "\\\n", "\\\n  ", "=\r\n", "\\\r\n\t"] {
        check(value, &format!("pw: CANARYpw7d{gap}!xQz\n"), "pw: [REDACTED:A]\n");
        check(value, &format!("CANA{gap}RYpw7d!xQz"), "[REDACTED:A]");
        check(value, &format!("x CA{gap}NARYpw7d!xQz."), &format!("x CA{gap}[REDACTED:A]."));
        check(value, &format!("CANARYpw7d!xQ\x1b[0m{gap}z y"), "[REDACTED:A] y");
    }
    for gap in [" ", "", "\n\n", "\n \n", "\n> "] {
        let (head, tail) = ("CANARYpw7d", "!xQz");
        let text = format!("{head}{gap}{tail}").replace(value, "");
        check(value, &text, &text);
    }
    check("p4ss CANARY12", "p4ss\n  CANARY12", "[REDACTED:A]");
    check("p4s CANARY12", "p4s\n  CANARY12", "p4s\n  [REDACTED:A]");
    check("p4sq=CANARY1", "p4sq=\nCANARY1 p4sq==\nCANARY1", "[REDACTED:A] [REDACTED:A]");
    check("canarywordly", "canary\nwordly", "canary\nwordly");
}

/// The backslash of a line break that is written out is no byte of the value if no break is left without it.
#[test]
fn a_written_line_break_keeps_its_backslash() {
    let set = set_of(&[("A", br"CAN\!ARY0aRY!Aaa!AAAaAA")]);
    for (input, expected) in [
        (r"CAN\n\!ARY0aRY!Aaa!AAAaAA", r"CAN\n[REDACTED:A]"),
        (r"CAN\\n!ARY0aRY!Aaa!AAAaAA", "[REDACTED:A]"),
        (r"CAN\\\n!ARY0aRY!Aaa!AAAaAA", "[REDACTED:A]"),
    ] {
        for lengths in [&[1000][..], &[1], &[7]] {
            let redacted = redact(Redactor::new(&set), input.as_bytes(), lengths);
            assert_eq!(text(&redacted), expected, "{input:?} {lengths:?}");
        }
    }
}

/// What is too short to be searched for everywhere is replaced beside its key, which stays and is said at once.
#[test]
fn a_short_value_is_replaced_beside_its_key() {
    let mut builder = SecretSet::builder();
    for (key, value) in [("SHORT", "Qz7!"), ("CODE", "Xy9-4k"), ("PIN", "4829"), ("B", "xyz")] {
        builder.add_beside(key, key, &Secret::from(value.to_owned()));
    }
    let set = builder.build();
    let check = |input: &str, expected: &str| {
        for lengths in [&[1][..], &[2, 3], &[7], &[1000]] {
            let redacted = redact(Redactor::with_forms(&set), input.as_bytes(), lengths);
            assert_eq!(text(&redacted), expected, "{input:?} {lengths:?}");
        }
    };
    check("SHORT=Qz7!\nCODE=Xy9-4k", "SHORT=[REDACTED:SHORT]\nCODE=[REDACTED:CODE]");
    check("export CODE='Xy9-4k'; x", "export CODE='[REDACTED:CODE]'; x");
    check("CODE=\"Xy9-4k\"\r\n", "CODE=\"[REDACTED:CODE]\"\r\n");
    check("{\"CODE\": \"Xy9-4k\"}", "{\"CODE\": \"[REDACTED:CODE]\"}");
    check("{\"CODE\":\"Xy9-4k\",", "{\"CODE\":\"[REDACTED:CODE]\",");
    check("{\"PIN\":4829,\"PIN\": 4829}", "{\"PIN\":[REDACTED:PIN],\"PIN\": [REDACTED:PIN]}");
    check("CODE = \"Xy9-4k\"\nPIN = 4829", "CODE = \"[REDACTED:CODE]\"\nPIN = [REDACTED:PIN]");
    check("  CODE: Xy9-4k\n  CODE: 'Xy9-4k'", "  CODE: [REDACTED:CODE]\n  CODE: '[REDACTED:CODE]'");
    check(
        "MY_PIN=4829 CO\x1b[1mDE=Xy9-\x1b[0m4k.",
        "MY_PIN=[REDACTED:PIN] CO\x1b[1mDE=[REDACTED:CODE].",
    );
    for innocent in ["SHORT=Qz7!more", "ZIPPIN=4829", "CODE Xy9-4k Qz7!", "CODE=Xy9-4", "PIN=48290"]
    {
        check(innocent, innocent);
    }
    let mut output = Vec::new();
    let mut redactor = Redactor::new(&set);
    redactor.push(b"CODE: ", &mut output);
    assert_eq!(text(&output), "CODE: ");
    redactor.push(b"Xy9-4k", &mut output);
    assert_eq!(text(&output), "CODE: ");
    redactor.push(b"\n", &mut output);
    assert_eq!(text(&output), "CODE: [REDACTED:CODE]\n");
}

/// A command that is stopped within a value tells no more of it than any text might by chance.
#[test]
fn a_value_that_is_cut_short_at_the_end_is_replaced() {
    let url = "postgresql://app:CANARYq7@db.example.com/app";
    let set =
        set_of(&[("A", b"kq7Vw2xTzPCANARY"), ("S", b"Xy7Vw2xTzPCANA"), ("URL", url.as_bytes())]);
    for (input, expected) in [
        ("tok kq7Vw2xTzPCANAR", "tok [REDACTED:A]"),
        ("tok kq7Vw2xT", "tok [REDACTED:A]"),
        ("tok kq7Vw2x", "tok kq7Vw2x"),
        ("tok kq7Vw2\n  xTzP", "tok [REDACTED:A]"),
        ("tok kq7Vw2\x1b[0mxTzPCA", "tok [REDACTED:A]"),
        ("tok kq7Vw2xTzPCANARYkq7Vw2xTzP", "tok [REDACTED:A]"),
        ("tok kq7Vw2xTzP.", "tok kq7Vw2xTzP."),
        ("tok Xy7Vw2\n  xTzP", "tok [REDACTED:S]"),
        ("tok Xy7Vw2\n  x", "tok Xy7Vw2\n  x"),
        ("to postgresql://app:", "to postgresql://app:"),
        ("to postgresql://app:CANA", "to [REDACTED:URL]"),
        (&BASE64.encode(b"kq7Vw2xTzPCANARY")[..16], "[REDACTED:A]"),
    ] {
        for len in [1, 3, 1000] {
            let mut redactor = Redactor::with_forms(&set);
            let mut output = Vec::new();
            input.as_bytes().chunks(len).for_each(|piece| redactor.push(piece, &mut output));
            redactor.finish_cut(&mut output);
            assert_eq!(text(&output), expected);
        }
    }
}

#[test]
fn counts_by_name() {
    let set = set_of(&[("A", b"CANARY-9xTz-77"), ("B", b"CANARY:0Pw")]);
    let mut redactor = Redactor::with_forms(&set);
    redactor
        .push(b"CANARY-9xTz-77 CANARY:0Pw CANARY-9xTz-77 redis://u:pw8%21xyz@h", &mut Vec::new());
    redactor.finish(&mut Vec::new());
    let counts: Vec<_> =
        redactor.counts().iter().map(|(name, n_markers)| (*name, *n_markers)).collect();
    assert_eq!(counts, [("A", 2), ("B", 1), ("connection-string", 1)]);
}

// Against plain searches. --------------------------------------------------------------------

/// The union of all plain occurrences, by trying every needle at every place.
fn plain_places(set: &SecretSet, input: &[u8]) -> Vec<bool> {
    let mut covered = vec![false; input.len()];
    for needle in &set.search.needles {
        for start in 0..input.len() {
            if input[start..].starts_with(&needle.bytes) {
                covered[start..start + needle.bytes.len()].fill(true);
            }
        }
    }
    covered
}

const BREAKS: [&[u8]; 6] = [b"\n  ", b"\n", b"\r\n", b"\\\n", b"=\r\n", b"\\\r\n\t "];

/// A text in which secrets, their beginnings and noise alternate.
fn texts(secrets: Vec<Vec<u8>>, has_logs: bool) -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let n_secrets = secrets.len();
    let piece = (0..n_secrets, 0_u8..8 + u8::from(has_logs), vec(any::<u8>(), 0..12), 0_usize..40);
    vec(piece, 0..12).prop_map(move |pieces| {
        let mut out = Vec::new();
        for (secret, kind, noise, at) in pieces {
            let value = &secrets[secret];
            let at = at % value.len();
            match kind {
                0 | 1 => out.extend_from_slice(value),
                2 => out.extend_from_slice(&value[..at]),
                3 => out.extend([&value[..at], BREAKS[noise.len() % 6], &value[at..]].concat()),
                4 => out.extend([&value[..at], b"\x1b[0m", &value[at..]].concat()),
                5 if at < 9 => out.extend([b"\x1b[".as_slice(), value].concat()),
                5 => out.extend(BASE64.encode(&[&noise, value.as_slice()].concat()).into_bytes()),
                6 => out.extend_from_slice(&noise),
                8 => {
                    let (head, tail) = value.split_at(at);
                    let own = ["\n12:30 ", "\n12:31 ", "\n1 ", "\r\n9 "];
                    let own = |index: usize| own[(index + noise.len()) % 4].as_bytes();
                    let filler = if at.is_multiple_of(2) { &b"0123456789abcdef"[..] } else { b"" };
                    out.extend([own(0), filler, head, own(1), tail, own(2), value].concat());
                }
                _ => out.extend(std::iter::repeat_n(b"ab \n"[at % 4], at)),
            }
        }
        (secrets.clone(), out)
    })
}

/// Secrets over a small alphabet overlap, repeat and begin one another.
fn secrets_and_text(has_logs: bool) -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let small = proptest::string::bytes_regex("[abc12]{8,20}").unwrap();
    let large = proptest::string::bytes_regex("[!-~]{8,40}").unwrap();
    let binary = vec(any::<u8>(), 8..40);
    vec(prop_oneof![small, large, binary], 1..5)
        .prop_flat_map(move |secrets| texts(secrets, has_logs))
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn chunks_do_not_matter(
        (secrets, input) in secrets_and_text(true),
        lengths in vec(1_usize..30, 1..6),
        with_forms in any::<bool>(),
    ) {
        let secrets: Vec<_> = secrets.iter().map(|value| ("S", value.as_slice())).collect();
        let set = set_of(&secrets);
        let new = if with_forms { Redactor::with_forms } else { Redactor::new };
        let whole = redact(new(&set), &input, &[usize::MAX]);
        prop_assert_eq!(text(&redact(new(&set), &input, &lengths)), text(&whole));
        prop_assert_eq!(text(&redact(new(&set), &whole, &lengths)), text(&whole), "redacted twice");
    }

    #[test]
    fn chunks_do_not_matter_beside_keys(
        values in vec("[ab1!]{3,8}", 1..4),
        places in vec((0..4_usize, 0..10_usize, "[ab1!= \n]{0,3}"), 0..12),
        lengths in vec(1_usize..12, 1..6),
    ) {
        let mut builder = SecretSet::builder();
        let keys = ["AB", "KEYAB", "a", "K1"];
        for (key, value) in keys.iter().zip(&values) {
            let value = Secret::from(value.clone());
            builder.add(key, &value).add_beside(key, key, &value);
        }
        let set = builder.build();
        let between = ["=", "='", "=\"", ": ", ": '", ": \"", "\": \"", "\":\"", "\n", ""];
        let input: String = places
            .iter()
            .map(|(at, by, noise)| {
                [keys[*at], between[*by], &values[at % values.len()], noise.as_str()].concat()
            })
            .collect();
        let new = || Redactor::with_forms(&set);
        let whole = redact(new(), input.as_bytes(), &[usize::MAX]);
        prop_assert_eq!(text(&redact(new(), input.as_bytes(), &lengths)), text(&whole));
        prop_assert_eq!(text(&redact(new(), &whole, &lengths)), text(&whole), "redacted twice");
    }

    #[test]
    fn all_that_a_plain_search_finds_is_covered_and_the_rest_stays((secrets, input) in secrets_and_text(false)) {
        let secrets: Vec<_> = secrets.iter().map(|value| ("S", value.as_slice())).collect();
        let set = set_of(&secrets);
        let found = set.find(&input);
        let mut covered = vec![false; input.len()];
        for found in &found {
            covered[found.range.clone()].fill(true);
        }
        for (at, plain) in plain_places(&set, &input).into_iter().enumerate() {
            prop_assert!(covered[at] || !plain, "byte {} of {:?}", at, text(&input));
        }
        let mut expected = Vec::new();
        let mut said = 0;
        for found in &found {
            expected.extend_from_slice(&input[said..found.range.start]);
            expected.extend_from_slice(b"[REDACTED:S]");
            said = found.range.end;
        }
        expected.extend_from_slice(&input[said..]);
        prop_assert_eq!(text(&redact(Redactor::new(&set), &input, &[usize::MAX])), text(&expected));
    }
}

/// A byte that joins lines and was said may be a byte of a form of the value, and the search ends there.
#[test]
fn a_search_ends_where_nothing_was_held_back() {
    let value = "C$=ANARY/i/'!.8=h:$=hW-,RmAbZS/&";
    let set = set_of(&[("A", value.as_bytes())]);
    let input = format!("{value}{}\n\n\n\n\n\n\nC$==\r\n{}", &value[..27], &value[3..]);
    for len in 1..80 {
        let redacted = redact(Redactor::with_forms(&set), input.as_bytes(), &[len]);
        assert!(text(&redacted).ends_with("C$==\r\n[REDACTED:A]"), "{len}");
    }
}
