//! What fits each shape, and the reason given for what does not.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use opsfile::{SHAPES, Shape};
use proptest::prelude::*;

use super::fits;

fn yes(shape: &str, value: &str) {
    let shape = Shape::from_word(shape).unwrap();
    assert_eq!(fits(&shape, value.as_bytes()), Ok(()), "{value}");
}

fn no(shape: &str, value: &str, reason: &str) {
    let shape = Shape::from_word(shape).unwrap();
    assert_eq!(fits(&shape, value.as_bytes()), Err(reason), "{value}");
}

fn token(header: &str, payload: &str) -> String {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}.{}", part(header), part(payload), &"CANARYsig0".repeat(5)[..43])
}

#[test]
fn what_a_page_puts_into_a_copy_is_told() {
    const INVISIBLE: &str =
        "has an invisible character in it, as pages and chats put them into a text";
    for mark in ['\u{200b}', '\u{ad}', '\u{202e}', '\u{feff}', '\u{2060}'] {
        no("any", &format!("CANARYkq7V{mark}w2xTzP"), INVISIBLE);
        no("any", &format!("CANARYkq7Vw2xTzP{mark}"), INVISIBLE);
        no("jwt", &format!("{mark}CANARYkq7Vw2xTzP"), INVISIBLE);
    }
    no("any", "\u{201c}CANARYkq7Vw2x\u{201d}", "still has typographic quotes around it");
    no("any", "CANARYkq7Vw2x\u{2019}", "still has typographic quotes around it");
    no("any", "CANARYkq7Vw2x\u{a0}", "begins or ends with white space");
    yes("any", "CANARY-sch\u{f6}n\u{2026}-kq7");
    yes("json", "{\"a\": \"\u{1f469}\u{200d}\u{1f680}\"}");
}

#[test]
fn postgres_urls() {
    let shape = "postgres-url";
    yes(
        shape,
        "postgresql://postgres.ref:p%2Fw%21d@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require",
    );
    yes(shape, "postgres://u@h");
    yes(shape, "postgres://u:p@[::1]:5432/db");
    yes(shape, "postgres://u:p@a:1,b:2/db?target_session_attrs=any");
    yes(shape, "postgres://u:p@/db?host=/var/run/postgresql");
    yes(shape, "postgresql://localhost/mydb?user=other&password=CANARYp");
    yes(shape, "postgresql:///mydb?host=/run/postgresql&user=u");
    yes(shape, "postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/db");
    yes(shape, "postgresql://u:p@%2fvar%2frun:5433/db");
    no(shape, "postgresql://localhost/mydb?user=", "names no user");
    no(shape, "postgresql://localhost/mydb?users=CANARYu", "names no user");
    no(
        shape,
        "https://u:p@h/db",
        "is a URL, but its scheme is neither `postgresql` nor `postgres`",
    );
    no(shape, "not-a-url", "is not a URL");
    no(shape, "host=h user=u", "is a list of `key=value`; write it as `postgresql://…`");
    no(shape, "postgres://h/db", "names no user");
    no(shape, "postgres://u:p@ss@h/db", "has two `@`; in a user or password it is written %40");
    no(
        shape,
        "postgres://u:p%zz@h/db",
        "has a `%` that begins no percent-encoding; a `%` itself is written %25",
    );
    no(shape, "postgres://u:p w@h/db", "is a URL with white space in it");
    no(
        shape,
        "postgres://u:p@h:port/db",
        "has a port that is not a number from 1 to 65535; `/ ? # : @` in a password are percent-encoded",
    );
    no(
        shape,
        "postgres://u:p/w@h/db",
        "has a port that is not a number from 1 to 65535; `/ ? # : @` in a password are percent-encoded",
    );
    no(
        shape,
        "postgres://u:p@/db",
        "has no host name, or one that cannot be; `/ ? # : @` in a password are percent-encoded",
    );
    no(shape, "postgres://u:p@h/db ", "begins or ends with white space");
    no(shape, "'postgres://u:p@h/db'", "still has quotes around it");
}

#[test]
fn other_urls() {
    yes("redis-url", "rediss://default:CANARYp@redis.upstash.io:6379/0");
    yes("redis-url", "redis://localhost");
    no("redis-url", "http://localhost", "is a URL, but its scheme is neither `redis` nor `rediss`");
    no(
        "redis-url",
        "redis://h/abc",
        "has a database that is not a number; a `/` in a password is written %2F",
    );
    yes("https-url", "https://hotdash-chatwoot.fly.dev/path?x=1#y");
    no("https-url", "http://h", "is `http`, not `https`");
    no("https-url", "ftp://h", "is a URL, but not of the scheme `https`");
    no("https-url", "h.example", "is not a URL");
    no(
        "https-url",
        "https://a.example,https://b.example",
        "has a comma in its host name: it is a list, or two URLs in one",
    );
    yes("url", "jdbc:postgresql://h:5432/db");
    yes("url", "jdbc:sqlserver://h:1433;databaseName=d;user=u;password=CANARYp{;}");
    yes("url", "sqlite:///db.sqlite3");
    yes("url", "unix:///var/run/docker.sock");
    yes("url", "amqp://u:p@h:5672/v");
    no("url", "://h", "is not a URL");
    no(
        "url",
        "https:///path",
        "has no host name, or one that cannot be; `/ ? # : @` in a password are percent-encoded",
    );
    no(
        "url",
        "https://",
        "has no host name, or one that cannot be; `/ ? # : @` in a password are percent-encoded",
    );
}

#[test]
fn plain_text() {
    yes("hostname", "aws-1-us-east-1.pooler.supabase.com");
    yes("hostname", "10.0.0.1");
    yes("hostname", "::1");
    yes("hostname", "my_host");
    no("hostname", "https://h", "is a URL where a host name belongs");
    no("hostname", "h:80", "has a port or user beside the host name");
    no("hostname", "a..b", "is not a host name");
    no("hostname", "10.0.0.256", "is not a host name");
    no("hostname", "10.0.0", "is not a host name");
    yes("port", "5432");
    no("port", "0", "is not a port: it must be a whole number from 1 to 65535");
    no("port", "65536", "is not a port: it must be a whole number from 1 to 65535");
    no("port", "+80", "is not a port: it must be a whole number from 1 to 65535");
    yes("integer", "-12");
    yes("integer", "123456789012345678901234567890");
    no("integer", "abc", "must be an integer");
    no("integer", "1.5", "must be an integer");
    no("integer", "-", "must be an integer");
    yes("bool", "true");
    yes("bool", "False");
    no("bool", "yes", "must be `true` or `false`");
    yes("email", "a.b+c@mail.example.org");
    yes("email", "Chatwoot <accounts@mail.example.org>");
    no("email", "Chatwoot <accounts>", "is not an e-mail address");
    no("email", "Chatwoot <a@mail.org> b", "is not an e-mail address");
    no("email", "mailto:a@mail.org", "is not an e-mail address");
    no("email", "a@b", "is not an e-mail address");
    no("email", "a b@mail.org", "is not an e-mail address");
    yes("uuid", "123e4567-e89b-12d3-a456-426614174000");
    no("uuid", "123e4567e89b12d3a456426614174000", "is not a UUID");
    yes("hex", "00ffAA");
    no("hex", "00f", "has an odd number of hexadecimal digits");
    no("hex", "zz", "has characters that are not hexadecimal digits");
    yes("base64", "aGVsbG8gd29ybGQ=");
    yes("base64", "aGVsbG8gd29ybGQ");
    yes("base64", "_-_-");
    no("base64", "a b", "is not base64");
    yes("json", "{\"a\": 1}\n");
    no("json", "{a: 1}", "is not JSON");
    yes("any", "anything at all");
    no("any", "'quoted'", "still has quotes around it");
}

#[test]
fn patterns_match_the_whole_value() {
    yes("regex:[0-9]+", "123");
    yes("regex:a|b", "b");
    no("regex:[0-9]+", "x123", "does not match the declared pattern as a whole");
    no("regex:[0-9]+", "123\n", "does not match the declared pattern as a whole");
    no("regex:a|b", "ab", "does not match the declared pattern as a whole");
    no("regex:(a{999}){999}", "x", "cannot be judged: the declared pattern is too large");
    yes("regex:(?x) [0-9]+ # digits", "123");
    no("regex:(?x) [0-9]+ # digits", "x", "does not match the declared pattern as a whole");
    no("regex:(?x) [0-9]+ # digits", "123\n", "does not match the declared pattern as a whole");
}

#[test]
fn fly_tokens() {
    let shape = "fly-token";
    yes(shape, "FlyV1 fm2_CANARYlJPECAAAAAAAA+/x==,fm2_CANARYabc,fo1_CANARYxyz");
    yes(shape, "fo1_CANARYabcdefghijklmnop");
    yes(shape, &format!("FlyV1 {}", vec!["fm2_CANARYx9"; 60].join(",")));
    yes(shape, "CANARYabcdefghijklmnopqrstuvwxyz0123456789");
    no(
        shape,
        "Bearer fo1_CANARYabcdefghijklmnop",
        "begins with `Bearer`, which is added when the token is sent",
    );
    let other = "is too short or begins like no Fly token (`FlyV1 fm2_…`, `fo1_…`)";
    no(shape, "https://hooks.example/services/CANARYabcdefgh", other);
    no(shape, "TOKEN=fo1_CANARYabcdefghijklmnopqrstuvwxyz", other);
    no(shape, "fo1_short", other);
    no(shape, "FlyV1 fm2_CANARYabcdefghijkl,,fm2_x", "has an empty part between its commas");
    no(shape, "FlyV1 fm2_CANARY\"abcdefghijkl", "has a character that no Fly token has");
    no(shape, "FlyV1 xyz_CANARYabcdefghijklmnopqrstuvw", other);
}

#[test]
fn keys_and_tokens() {
    let supabase =
        token(r#"{"alg":"HS256"}"#, r#"{"iss":"supabase","ref":"synthref","role":"anon"}"#);
    let other = token(r#"{"alg":"HS256"}"#, r#"{"iss":"someone"}"#);
    yes("jwt", &supabase);
    yes("jwt", &other);
    no("jwt", "a.b.c", "is not a JWT");
    no("jwt", &token(r#"{"typ":"JWT"}"#, "{}"), "is not a JWT");
    let whole = token(r#"{"alg":"HS256"}"#, "{}");
    let cut = "is a JWT whose signature is cut short or has something behind it";
    for wrong in [&whole[..whole.len() - 1], &whole[..whole.len() - 9], &format!("{whole}Abc")] {
        no("jwt", wrong, cut);
    }
    no("jwt", &token(r#"{"alg":"RS256"}"#, "{}"), cut);
    no("jwt", &token(r#"{"alg":"none"}"#, "{}"), "is a JWT without a signature");
    yes("jwt", &token(r#"{"alg":"someday"}"#, "{}"));
    no("jwt", &format!("{supabase}.x"), "is not a JWT");
    yes("supabase-key", &supabase);
    yes("supabase-key", "sb_secret_CANARYabcdefghijklmnop");
    no("supabase-key", &other, "is a JWT that Supabase did not issue");
    no(
        "supabase-key",
        "sb_secret_short",
        "is cut short, or has a character that no Supabase key has",
    );
    no(
        "supabase-key",
        "word",
        "is no Supabase key: neither `sb_secret_…`, `sb_publishable_…` nor a JWT",
    );
}

#[test]
fn private_keys() {
    let shape = "private-key";
    let body = "Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZ";
    let armour = |begin: &str, body: &str, end: &str| {
        format!("-----BEGIN {begin}-----\n{body}\n-----END {end}-----\n")
    };
    yes(shape, &armour("PRIVATE KEY", body, "PRIVATE KEY"));
    yes(
        shape,
        &armour("RSA PRIVATE KEY", &format!("Proc-Type: 4,ENCRYPTED\n\n{body}"), "RSA PRIVATE KEY"),
    );
    no(shape, &armour("CERTIFICATE", body, "CERTIFICATE"), "is PEM, but no private key");
    no(
        shape,
        &armour("PRIVATE KEY", body, "RSA PRIVATE KEY"),
        "has a last PEM line that does not agree with its first",
    );
    no(
        shape,
        &format!("-----BEGIN PRIVATE KEY-----\n{body}"),
        "is cut short: its last PEM line is missing",
    );
    no(
        shape,
        &format!("-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----"),
        "has `\\n` as two characters where line breaks belong",
    );
    no(
        shape,
        &format!("-----BEGIN PRIVATE KEY----- {body} -----END PRIVATE KEY-----"),
        "has lost its line breaks",
    );
    no(shape, &armour("PRIVATE KEY", "Q0FO", "PRIVATE KEY"), "is cut short");
    no(shape, "ssh-rsa AAAA", "has no PEM line `-----BEGIN … PRIVATE KEY-----`");
}

#[test]
fn a_key_of_openpgp_is_a_private_key() {
    let key = key_of("PGP PRIVATE KEY BLOCK", b"\x95\x03\x98\x04", 128);
    let whole = key
        .replacen("BLOCK-----\n", "BLOCK-----\nVersion: GnuPG v2\n\n", 1)
        .replace("\n-----END", "\n=Xtcl\n-----END");
    yes("private-key", &key);
    yes("private-key", &whole);
    yes("private-key", &whole.replace('\n', "\r\n"));
    let cut = whole.split_once("-----END").unwrap().0;
    no("private-key", cut, "is cut short: its last PEM line is missing");
    no("private-key", &whole.replace("PRIVATE", "PUBLIC"), "is PEM, but no private key");
}

/// A PEM block of these bytes and so many others.
fn key_of(label: &str, head: &[u8], len: usize) -> String {
    let bytes: Vec<u8> = head.iter().copied().chain((0..=250).cycle().take(len)).collect();
    let packed = BASE64.encode(&bytes);
    let lines: Vec<&str> =
        packed.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn a_private_key_is_as_long_as_it_says() {
    const CUT: &str = "is cut short or has lost a part: it is not as long as it says";
    let der = key_of("PRIVATE KEY", b"\x30\x82\x01\x00", 256);
    let head =
        b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01\0\0\0\x02pk\0\0\0\x80";
    let openssh = key_of("OPENSSH PRIVATE KEY", head, 128);
    for whole in [der, openssh] {
        yes("private-key", &whole);
        yes("private-key", &whole.replace('\n', "\r\n"));
        let lines: Vec<&str> = whole.lines().collect();
        let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().join("\n");
        no("private-key", &without(2), CUT);
        no("private-key", &without(lines.len() - 2), CUT);
        let last = lines[lines.len() - 2];
        no("private-key", &whole.replace(last, &last[..last.len() - 8]), CUT);
        no("private-key", &whole.replace(last, &last[..last.len() - 1]), CUT);
    }
    let encrypted = key_of("RSA PRIVATE KEY", b"\x30\x82", 254);
    let header = "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
    yes("private-key", &encrypted.replacen("KEY-----\n", header, 1));
}

#[test]
fn a_private_key_may_stand_among_others() {
    let key = key_of("EC PRIVATE KEY", b"\x30\x78", 120);
    let certificate = key_of("CERTIFICATE", b"\x30\x78", 120);
    yes("private-key", &format!("{certificate}{key}"));
    yes("private-key", &format!("{key}{certificate}"));
    yes("private-key", &format!("Bag Attributes\n    localKeyID: 01\n{key}"));
    yes("private-key", &format!("{}{key}", key_of("EC PARAMETERS", b"\x06\x08", 8)));
    let cut = key.split_once("-----END").unwrap().0;
    no(
        "private-key",
        &format!("{cut}\n{certificate}"),
        "is cut short: its last PEM line is missing",
    );
    no("private-key", &format!("key: {key}"), "has no PEM line `-----BEGIN … PRIVATE KEY-----`");
    no("private-key", &format!("{certificate}{certificate}"), "is PEM, but no private key");
}

#[test]
fn bytes_that_are_no_text_fit_only_any() {
    for (word, shape) in SHAPES {
        assert_eq!(fits(shape, b"\xffx").is_ok(), *word == "any", "{word}");
    }
}

proptest! {
    #[test]
    fn every_shape_judges_any_text(value in "\\PC{0,60}", index in 0..SHAPES.len()) {
        let _ = fits(&SHAPES[index].1, value.as_bytes());
    }

    #[test]
    fn no_reason_repeats_the_value(value in "CANARY[!-~]{0,40}", index in 0..SHAPES.len()) {
        if let Err(reason) = fits(&SHAPES[index].1, value.as_bytes()) {
            prop_assert!(!reason.contains("CANARY"));
        }
    }
}
