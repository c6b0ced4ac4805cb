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

    /// Every reader agrees on the canonical form of text; what they differ on by nature is left out:
    /// most know UTF-8 alone, some trim or drop blank values, and databases with `/` `%` or control
    /// characters are decoded by some only.
    #[test]
    fn every_reader_reads_the_canonical_form_alike(
        user in "[!-~\u{e4}\u{20ac}][ -~\u{e4}\u{20ac}]{0,12}",
        password in "[!-~\u{e4}\u{20ac}][ -~\u{e4}\u{20ac}]{0,16}",
        dbname in "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,8}",
    ) {
        let dsn = postgres(user.as_bytes(), password.as_bytes(), dbname.as_bytes());
        let text = uri(&dsn);
        for reading in readings(text.expose()) {
            if reading.reader.has_own_form() {
                continue;
            }
            let fields = reading.outcome.unwrap();
            let read = Dsn::from_fields(Kind::Postgres, fields);
            let differing = differences(&dsn, &read);
            prop_assert!(differing.is_empty(), "{} differs in {differing:?}", reading.reader.name());
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
