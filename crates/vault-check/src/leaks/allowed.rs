//! The list of leaks that someone looked at and lets stand, each for a time.

use std::cell::Cell;

use chrono::NaiveDate;

/// Where the list lies, from the folder of ops.toml.
pub(crate) const FILE: &str = ".opsproof/allowed-leaks";

/// One line of the list: `FINGERPRINT EXPIRES REASON`.
pub(crate) struct Allowance {
    pub(crate) line: u32,
    fingerprint: String,
    expires: NaiveDate,
    is_used: Cell<bool>,
}

/// What the list says of a leak.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    NotListed,
    Allowed,
    ExpiredOn(NaiveDate),
}

/// Reads the list; lines that are no allowance are returned by number.
pub(crate) fn parse(text: &str) -> (Vec<Allowance>, Vec<u32>) {
    let mut allowances = Vec::new();
    let mut malformed = Vec::new();
    // Notepad begins a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (text, line) in text.lines().zip(1..) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let mut words = text.splitn(3, char::is_whitespace);
        let fingerprint = words.next().unwrap_or_default();
        let expires = words.next().and_then(|date| date.parse::<NaiveDate>().ok());
        let has_reason = words.next().is_some_and(|reason| !reason.trim().is_empty());
        match expires {
            Some(expires) if has_reason && is_fingerprint(fingerprint) => {
                allowances.push(Allowance {
                    line,
                    fingerprint: fingerprint.to_ascii_lowercase(),
                    expires,
                    is_used: Cell::new(false),
                });
            }
            _ => malformed.push(line),
        }
    }
    (allowances, malformed)
}

/// Sixteen hexadecimal digits, in capitals or not.
fn is_fingerprint(word: &str) -> bool {
    word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What the list says of the leak with this fingerprint, today.
pub(crate) fn verdict(allowances: &[Allowance], fingerprint: &str, today: NaiveDate) -> Verdict {
    let listed = allowances.iter().filter(|allowance| allowance.fingerprint == fingerprint);
    let Some(allowance) = listed.max_by_key(|allowance| allowance.expires) else {
        return Verdict::NotListed;
    };
    allowance.is_used.set(true);
    if today <= allowance.expires {
        Verdict::Allowed
    } else {
        Verdict::ExpiredOn(allowance.expires)
    }
}

/// The lines that no leak of this run matched.
pub(crate) fn unused(allowances: &[Allowance]) -> impl Iterator<Item = u32> + '_ {
    allowances.iter().filter(|allowance| !allowance.is_used.get()).map(|allowance| allowance.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_has_a_date_and_a_reason() {
        let (allowances, malformed) = parse(
            "# seen\n0011223344556677 2026-12-01 a test key\n\n8899aabbccddeeff 2026-12-01\nx y z\n",
        );
        assert_eq!((allowances.len(), malformed), (1, vec![4, 5]));
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(verdict(&allowances, "0011223344556677", day("2026-12-01")), Verdict::Allowed);
        assert_eq!(unused(&allowances).count(), 0);
        let (allowances, malformed) = parse(
            "\u{feff}00112233AABBCCDD 2026-12-01 typed\n00112233aabbccd 2026-12-01 cut\ndocs/e 2026-12-01 a path\n00112233aabbccddee 2026-12-01 long\n00112233aabbccdg 2026-12-01 no digit\n",
        );
        assert_eq!((allowances.len(), malformed), (1, vec![2, 3, 4, 5]));
        assert_eq!(verdict(&allowances, "00112233aabbccdd", day("2026-12-01")), Verdict::Allowed);
    }

    #[test]
    fn an_allowance_ends_after_its_day() {
        let (allowances, _) = parse("0011223344556677 2026-12-01 a test key\n");
        let day = |text: &str| text.parse().unwrap();
        let expired = verdict(&allowances, "0011223344556677", day("2026-12-02"));
        assert_eq!(expired, Verdict::ExpiredOn(day("2026-12-01")));
        assert_eq!(verdict(&allowances, "other", day("2026-12-01")), Verdict::NotListed);
        let longer = "0011223344556677 2026-12-05 and longer\n";
        let line = "0011223344556677 2026-12-01 a test key\n";
        for lines in [format!("{line}{longer}"), format!("{longer}{line}")] {
            let (allowances, _) = parse(&lines);
            let found = verdict(&allowances, "0011223344556677", day("2026-12-03"));
            assert_eq!(found, Verdict::Allowed, "the last of two days counts");
        }
    }
}
