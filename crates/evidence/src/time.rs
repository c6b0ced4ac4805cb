//! Times as records and bundle names write them: UTC, always.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

/// RFC 3339 in UTC with microseconds and a `Z`, as records have it.
pub fn record_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// `20261122T170000Z`, as bundle names have it: no colons, which Windows and upload actions refuse.
pub fn name_time(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The time in a bundle's name, `NAME-20261122T170000Z` or that with `-2` behind it; none when it has none.
pub fn time_in_name(name: &str) -> Option<DateTime<Utc>> {
    let whole =
        name.rsplit_once('-').filter(|(_, last)| last.bytes().all(|byte| byte.is_ascii_digit()));
    let name = whole.map_or(name, |(before, _)| before);
    let (_, time) = name.rsplit_once('-').unwrap_or(("", name));
    NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok().map(|time| time.and_utc())
}

pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    text.ends_with('Z')
        .then(|| DateTime::parse_from_rfc3339(text).ok())
        .flatten()
        .map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_their_time() {
        let time = parse("2026-11-22T17:00:00Z").unwrap();
        assert_eq!(time_in_name(&format!("a-b-{}", name_time(time))), Some(time));
        assert_eq!(time_in_name(&format!("a-b-{}-2", name_time(time))), Some(time));
        assert_eq!(time_in_name("a-b"), None);
        assert_eq!(time_in_name("2026"), None);
    }

    #[test]
    fn record_times_are_utc_or_refused() {
        assert_eq!(parse("2026-11-22T17:00:00+00:00"), None);
        assert_eq!(
            record_time(parse("2026-11-22T17:00:00.5Z").unwrap()),
            "2026-11-22T17:00:00.500000Z"
        );
    }
}
