//! What holds for arbitrary bytes: the canonical forms come back equal, and no parser panics or leaks.

use dsn::{
    Dsn, Fields, Kind, Mask, Reader, Version, differences, keyword_value, parse_libpq, readings,
    uri,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Any bytes but NUL, which no environment and no C string can hold.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(1u8..=255, 1..24)
}

/// Any bytes, any text, and the characters that separate the parts of a URI.
fn any_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        bytes(),
        "[^\u{0}]{1,16}".prop_map(String::into_bytes),
        "[@/?#:%&=+ \\[\\],;'\"a\\\\]{1,12}".prop_map(String::into_bytes),
        "[a-zA-Z0-9._~-]{1,12}".prop_map(String::into_bytes),
    ]
}

/// Whether a client can hold such credentials and such a database's name, however they are written.
fn can_hold(reader: Reader, credentials: &[&[u8]; 2], dbname: &[u8]) -> bool {
    let all = [credentials[0], credentials[1], dbname];
    let is_text = |value: &&[u8]| std::str::from_utf8(value).is_ok();
    match reader {
        // Bytes are bytes.
        Reader::Libpq | Reader::Libpq17 | Reader::Pgx => true,
        // Blank values count as not given.
        Reader::Rails => {
            all.iter().all(|value| !String::from_utf8_lossy(value).chars().all(char::is_whitespace))
        }
        // The user and the database are text, the password is bytes.
        Reader::TokioPostgres => is_text(&all[0]) && is_text(&all[2]),
        // A database's name is not decoded, or not all of it.
        Reader::PostgresJs | Reader::Prisma | Reader::NodePostgres => {
            let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
            // A name of dots alone is a step in a path to them.
            let is_step = dbname == b"." || dbname == b"..";
            all.iter().all(is_text) && dbname.iter().all(is_plain) && !is_step
        }
        // Slashes at the beginning of the path are all taken for its separator.
        Reader::Sqlx => {
            let is_step = dbname == b"." || dbname == b"..";
            all.iter().all(is_text) && !dbname.starts_with(b"/") && !is_step
        }
        _ => all.iter().all(is_text),
    }
}

fn postgres(user: &[u8], password: &[u8], dbname: &[u8]) -> Dsn {
    let mut fields = Fields::new();
    fields.set("user", user);
    fields.set("password", password);
    fields.set("host", "h.example");
    fields.set("port", "6543");
    fields.set("dbname", dbname);
    fields.set("sslmode", "require");
    Dsn::from_fields(Kind::Postgres, fields)
}

proptest! {
    #[test]
    fn the_canonical_uri_is_read_back_equal(user in bytes(), password in bytes(), dbname in bytes()) {
        let dsn = postgres(&user, &password, &dbname);
        let text = uri(&dsn);
        prop_assert!(text.expose().iter().all(u8::is_ascii_graphic));
        for version in [Version::V17, Version::V18] {
            let read = Dsn::from_fields(Kind::Postgres, parse_libpq(text.expose(), version).unwrap());
            prop_assert!(differences(&dsn, &read).is_empty());
        }
    }

    #[test]
    fn the_canonical_keyword_string_is_read_back_equal(user in bytes(), password in bytes(), dbname in bytes()) {
        let dsn = postgres(&user, &password, &dbname);
        let read = Dsn::parse(keyword_value(&dsn).expose()).unwrap();
        prop_assert!(differences(&dsn, &read).is_empty());
    }

    /// Every reader that can hold the bytes at all reads them back out of the canonical form.
    #[test]
    fn every_reader_reads_the_canonical_form_back(
        user in any_value(),
        password in any_value(),
        dbname in any_value(),
    ) {
        let dsn = postgres(&user, &password, &dbname);
        let text = uri(&dsn);
        for reader in Reader::POSTGRES.into_iter().chain([Reader::Libpq17]) {
            if reader.has_own_form() || !can_hold(reader, &[&user, &password], &dbname) {
                continue;
            }
            let read = reader.read(text.expose());
            prop_assert!(read.is_ok(), "{} refuses it", reader.name());
            let read = Dsn::from_fields(Kind::Postgres, read.unwrap());
            let differing = differences(&dsn, &read);
            prop_assert!(differing.is_empty(), "{} differs in {differing:?}", reader.name());
        }
    }

    #[test]
    fn a_redis_url_is_read_back_equal(
        user in "[a-z]{1,8}",
        password in "[!-~\u{e4}][ -~\u{e4}]{0,16}",
        number in 0u8..16,
        tls in any::<bool>(),
    ) {
        let mut fields = Fields::new();
        fields.set("user", user.as_bytes());
        fields.set("password", password.as_bytes());
        fields.set("host", "h.example");
        fields.set("port", "6380");
        fields.set("dbname", number.to_string());
        if tls {
            fields.set("tls", "true");
        }
        let dsn = Dsn::from_fields(Kind::Redis, fields);
        let text = uri(&dsn);
        prop_assert!(differences(&dsn, &Dsn::parse(text.expose()).unwrap()).is_empty());
        for reader in Reader::REDIS {
            let read = Dsn::from_fields(Kind::Redis, reader.read(text.expose()).unwrap());
            let differing = differences(&dsn, &read);
            prop_assert!(differing.is_empty(), "{} differs in {differing:?}", reader.name());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_never_repeated(text in vec(any::<u8>(), 0..64)) {
        for reader in Reader::POSTGRES.into_iter().chain(Reader::REDIS) {
            let _ = reader.read(&text);
        }
        let _ = Dsn::parse(&text);
        let _ = Mask::new(&text);
        let _ = dsn::raw_characters(&text);
    }

    #[test]
    fn anything_after_a_scheme_is_read_or_refused(
        scheme in "(postgres|postgresql|redis|rediss|unix|jdbc:postgresql)://",
        rest in "[a-z:@/?#%&=\\[\\], 0-9é]{0,40}",
    ) {
        let text = scheme + &rest;
        for reader in Reader::POSTGRES.into_iter().chain(Reader::REDIS) {
            let _ = reader.read(text.as_bytes());
        }
    }

    /// However the password is cut, no reader's fields as shown, and no refusal, hold a piece of it.
    #[test]
    fn no_piece_of_a_raw_password_is_shown(
        left in "[A-Z]{4,8}",
        cut in "[@/?#:%&= \\[\\]]{1,2}",
        right in "[A-Z]{4,8}",
        query in "(\\?sslmode=require|\\?application_name=a@b|)",
    ) {
        let text = format!("postgresql://user:{left}{cut}{right}@host.example:5432/db{query}");
        let mask = Mask::new(text.as_bytes());
        for reading in readings(text.as_bytes()) {
            match reading.outcome {
                Ok(fields) => {
                    for (name, value) in fields.iter() {
                        let shown = format!("{}={}", mask.name(name), mask.value(name, value.expose()));
                        let upper = shown.to_ascii_uppercase();
                        prop_assert!(!upper.contains(&left) && !upper.contains(&right), "{}", reading.reader.name());
                    }
                    let debug = format!("{fields:?}");
                    prop_assert!(!debug.contains(&left) && !debug.contains(&right));
                }
                Err(refusal) => {
                    let said = format!("{refusal} {refusal:?}");
                    prop_assert!(!said.contains(&left) && !said.contains(&right));
                }
            }
        }
    }
}

#[test]
fn an_empty_port_or_database_means_the_default() {
    let empty = Dsn::parse(b"host=h user=u port='' dbname=''").unwrap();
    let spelled = Dsn::parse(b"host=h user=u port=5432 dbname=u").unwrap();
    assert!(differences(&empty, &spelled).is_empty());
    assert!(differences(&empty, &Dsn::parse(uri(&empty).expose()).unwrap()).is_empty());
}
