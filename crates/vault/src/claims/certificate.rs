//! Until when certificates hold: the `notAfter` in a PEM text that counts (RFC 5280 §4.1).

use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::BASE64;

use crate::der::{SEQUENCE, element};

/// When the first certificate ends; none where none is one. Of roots the last one counts: in a file of those that are
/// trusted any may do.
pub(super) fn not_after(text: &str) -> Option<DateTime<Utc>> {
    let all = text.split("-----BEGIN CERTIFICATE-----").skip(1).filter_map(one);
    let (roots, others): (Vec<_>, Vec<_>) = all.partition(|certificate| certificate.is_root);
    let last_root = roots.into_iter().map(|root| root.end).max();
    others.into_iter().map(|other| other.end).chain(last_root).min()
}

struct Certificate {
    end: DateTime<Utc>,
    /// Whether it was issued by itself.
    is_root: bool,
}

fn one(rest: &str) -> Option<Certificate> {
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    // On one line a break is spelt `\n`.
    let body = body.replace("\\r", "").replace("\\n", "");
    let packed: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let der = BASE64.decode(&packed).ok()?;
    let (SEQUENCE, certificate, _) = element(&der)? else { return None };
    let (SEQUENCE, mut to_be_signed, _) = element(certificate)? else { return None };
    if let (VERSION, _, rest) = element(to_be_signed)? {
        to_be_signed = rest;
    }
    // Serial number, signature algorithm; then the issuer, the validity, and whose it is.
    for _ in 0..2 {
        (_, _, to_be_signed) = element(to_be_signed)?;
    }
    let (_, issuer, rest) = element(to_be_signed)?;
    let (SEQUENCE, validity, rest) = element(rest)? else { return None };
    let is_root = element(rest).is_some_and(|(_, subject, _)| subject == issuer);
    let (_, _, rest) = element(validity)?;
    let (tag, end, _) = element(rest)?;
    Some(Certificate { end: time(tag, std::str::from_utf8(end).ok()?)?, is_root })
}

const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ` from then on.
fn time(tag: u8, text: &str) -> Option<DateTime<Utc>> {
    let digits =
        text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let year: i32 = digits[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
        }
        (GENERALIZED_TIME, 14) => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<u32>().ok();
    let date = NaiveDate::from_ymd_opt(year, part(0)?, part(2)?)?;
    Some(date.and_hms_opt(part(4)?, part(6)?, part(8)?)?.and_utc())
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;

    use super::*;

    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut element = vec![tag, 0x82];
        element.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        element.extend_from_slice(content);
        element
    }

    fn pem(end: &[u8]) -> String {
        issued_to(b"", end)
    }

    /// A certificate whose issuer has no name, of one with this name.
    fn issued_to(subject: &[u8], end: &[u8]) -> String {
        let validity =
            tagged(SEQUENCE, &[tagged(UTC_TIME, b"250101000000Z"), end.to_vec()].concat());
        let fields = [
            tagged(VERSION, &[2, 1, 2]),
            tagged(2, &[1]),
            tagged(SEQUENCE, b""),
            tagged(SEQUENCE, b""),
            validity,
            tagged(SEQUENCE, subject),
        ];
        let certificate = tagged(SEQUENCE, &tagged(SEQUENCE, &fields.concat()));
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            BASE64.encode(&certificate)
        )
    }

    #[test]
    fn the_end_is_read_in_both_forms() {
        let check = |end: &[u8], expected: Option<&str>| {
            assert_eq!(not_after(&pem(end)).map(|time| time.to_rfc3339()).as_deref(), expected);
        };
        check(&tagged(UTC_TIME, b"261231235959Z"), Some("2026-12-31T23:59:59+00:00"));
        check(&tagged(UTC_TIME, b"991231235959Z"), Some("1999-12-31T23:59:59+00:00"));
        check(&tagged(GENERALIZED_TIME, b"20500101000000Z"), Some("2050-01-01T00:00:00+00:00"));
        check(&tagged(UTC_TIME, b"261331235959Z"), None);
        check(&tagged(UTC_TIME, "26123123595\u{e9}".as_bytes()), None);
        check(b"\x17\xff", None);
    }

    #[test]
    fn a_chain_ends_with_the_first_and_a_choice_of_roots_with_the_last() {
        let root = |end: &[u8]| issued_to(b"", &tagged(UTC_TIME, end));
        let leaf = |end: &[u8]| issued_to(b"leaf", &tagged(UTC_TIME, end));
        let check = |text: &str, year: i32| {
            assert_eq!(not_after(text).map(|time| time.year()), Some(year));
        };
        check(&(leaf(b"211231235959Z") + &root(b"301231235959Z")), 2021);
        check(&(leaf(b"301231235959Z") + &leaf(b"211231235959Z")), 2021);
        check(&(leaf(b"301231235959Z") + &root(b"211231235959Z")), 2021);
        check(&(leaf(b"211231235959Z") + &root(b"221231235959Z") + &root(b"301231235959Z")), 2021);
        check(&root(b"211231235959Z"), 2021);
        check(&(root(b"211231235959Z") + &root(b"301231235959Z")), 2030);
    }
}
