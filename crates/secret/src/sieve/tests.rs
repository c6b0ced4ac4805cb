//! The sieve finds what the two searches find that look at a text for one thing each.

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use crate::form::{self, anchor_texts, pieces};
use crate::{Secret, SecretSet};

/// Values of every kind: short, long, with signs, with lines, of words, with shared beginnings.
const VALUES: &[&str] = &[
    "CANARY-kq7Vw2xTzP",
    "CANARYkq",
    "CANARYkq7Vw2xTzPaB3dE5fG7hJ9",
    "postgresql://app:CANARY7h%2FGk2@db.example.com:5432/app?sslmode=require",
    "CANARY horse battery 7 staple",
    "-----BEGIN CANARY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7\n-----END CANARY-----",
    "fm2_CANARYlJPECAAAAAAAAq7Vw2xTzPaB3dE5fG7hJ9kL2mN4",
];

fn set() -> SecretSet {
    let mut builder = SecretSet::builder();
    builder.in_part();
    for (index, value) in VALUES.iter().enumerate() {
        builder.add(&format!("KEY_{index}"), &Secret::from((*value).to_owned()));
    }
    builder.build()
}

fn assert_same(set: &SecretSet, text: &[u8]) {
    let (values, forms, _) = set.find_with_forms(text);
    let shown = String::from_utf8_lossy(text);
    assert_eq!(values, set.find(text), "{shown}");
    assert_eq!(forms, form::find(text), "{shown}");
}

/// Every value and every piece of it, at every distance from the blocks that are looked at.
#[test]
fn a_value_is_found_wherever_it_stands() {
    let set = set();
    let mut n_found = 0;
    for value in VALUES {
        let hex = HEXLOWER.encode(value.as_bytes());
        let wrapped = format!("{}\n    {}", &value[..value.len() / 2], &value[value.len() / 2..]);
        for form in [*value, &hex, &wrapped, &value[3..]] {
            for shift in 0..60 {
                let text = format!("{}{form}{}", ".".repeat(shift), ".".repeat(60 - shift));
                assert_same(&set, text.as_bytes());
                assert_same(&set, &text.as_bytes()[..shift + form.len()]);
                n_found += set.find(text.as_bytes()).len();
            }
        }
    }
    assert!(n_found > 60 * VALUES.len());
}

/// The same where those blocks end that are looked up before any is looked at closer.
#[test]
fn nothing_is_lost_where_a_stretch_of_blocks_ends() {
    let set = set();
    let stretch = super::MOST_BLOCKS * super::BLOCK;
    let token = "ghp_CANARY7Vw2xTzPaB3dE5fG7hJ9kL2mN4pQ6rS8tU";
    for end in [stretch, stretch * 2] {
        for at in end - 60..end + 10 {
            for form in ["CANARYkq", VALUES[2], token] {
                let mut text = vec![b'.'; end + 200];
                text[at..at + form.len()].copy_from_slice(form.as_bytes());
                assert_same(&set, &text);
                let (values, forms, _) = set.find_with_forms(&text);
                assert_eq!(values.len() + forms.len(), 1, "{form} at {at}");
            }
        }
    }
}

/// Every anchor with a body that most rules take, between bytes of every kind.
#[test]
fn an_anchor_is_met_wherever_it_stands() {
    let set = SecretSet::builder().build();
    let mut found_by = 0;
    for anchor in anchor_texts() {
        let mut n_found = 0;
        for body in [
            "7Vw2xTzPaB3dE5fG7hJ9kL2mN4pQ6rS8tU0v",
            "user:kq7Vw2xT@host/db",
            "=kq7Vw2xTzPaB3dE5fG7hJ9",
            ": 5e1f0123456789abcdef0123456789ab",
            "",
        ] {
            for before in ["", " ", "x", "é", "\"", "=", "t", "https"] {
                for shift in 0..27 {
                    let text = format!("{}{before}{anchor}{body}", " ".repeat(shift));
                    assert_same(&set, text.as_bytes());
                    assert_same(
                        &set,
                        format!("{text} and so on, for longer than a block").as_bytes(),
                    );
                    n_found += form::find(text.as_bytes()).len();
                }
            }
        }
        found_by += usize::from(n_found > 0);
    }
    assert!(found_by > 30, "{found_by}");
}

proptest! {
    #![proptest_config(crate::redactor::tests::cases(512))]
    #[test]
    fn one_look_finds_what_two_find(
        parts in proptest::collection::vec((0_usize..4, any::<prop::sample::Index>(), 0_usize..50), 0..12),
    ) {
        let anchors: Vec<&str> = anchor_texts().collect();
        let mut text = Vec::new();
        for (kind, index, len) in parts {
            match kind {
                0 => text.extend_from_slice(index.get(VALUES).as_bytes()),
                1 => text.extend_from_slice(index.get(&anchors).as_bytes()),
                2 => text.extend(index.get(VALUES).bytes().skip(len / 3).take(len)),
                _ => text.extend((0..len).map(|at| b"aZ0_-= \n:/.\xc3\x1b[m"[(at * at + len) % 15])),
            }
        }
        assert_same(&set(), &text);
    }
}

proptest! {
    #![proptest_config(crate::redactor::tests::cases(256))]
    #[test]
    fn arbitrary_values_in_arbitrary_texts(
        value in proptest::collection::vec(any::<u8>(), 8..60),
        alphabet in proptest::collection::vec(any::<u8>(), 1..5),
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..200),
        places in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let mut builder = SecretSet::builder();
        builder.add("ANY", &Secret::new([b"CANARY", value.as_slice()].concat()));
        // A value and a text of the same few bytes have nearly everything in common.
        let few: Vec<u8> = picks.iter().take(24).map(|pick| *pick.get(&alphabet)).collect();
        builder.add("FEW", &Secret::new(few.clone()));
        let set = builder.build();
        let mut text: Vec<u8> = picks.iter().map(|pick| *pick.get(&alphabet)).collect();
        for place in places {
            let at = place.index(text.len() + 1);
            text.splice(at..at, value.iter().copied());
            text.splice(at..at, b"CANARY".iter().copied());
        }
        assert_same(&set, &text);
    }
}

/// What is met in ordinary text again and again shares no slot with an anchor's piece: each place that is looked at
/// in vain costs as much as twenty that are not.
#[test]
fn ordinary_text_is_passed_over() {
    let sieve = super::Sieve::new(&[], |_| true, pieces::all());
    let text = "2026-11-22T17:03:11Z web.1 info request_id=6ejYK1ybyl0V path=/api/v1/mP7bWL41 status=200\n\
        GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 348\r\nConnection: close\r\n\
        {\"level\": \"error\", \"message\": \"could not connect\", \"duration_ms\": 12.5, \"again\": false}\n\
        error: the file was not found while building the list of names for the report (code 17)\n";
    let mut n_met = 0;
    for shift in 0..super::STEP {
        sieve.each(&text.as_bytes()[shift..], |_| {}, |_| n_met += 1);
    }
    assert_eq!(n_met, 0);
}
