//! Parsing of written times: ISO in all its lengths, `date HH:MM UTC`, compact stamps, dates alone, clock times.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::{Precision, Stamp, Zone};

/// Reads a date, with or without a clock time, at the very start of a text; says how long it is.
pub fn read(text: &str) -> Option<(Stamp, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    let date = cursor.date()?;
    time_of(date, cursor)
}

/// Reads what has the form of a date at the very start of a text and can be none: `3026-11-21`, `1970-01-01`,
/// `2026-11-2`. Whatever time stands behind it, there is no such one.
pub fn read_mistyped(text: &str) -> Option<(Stamp, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.digits(4)?;
    let separator = cursor.peek().filter(|byte| b"-/".contains(byte))?;
    for _ in 0..2 {
        if !cursor.eat(separator) || cursor.digits(2).or_else(|| cursor.digits(1)).is_none() {
            return None;
        }
    }
    if cursor.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == separator) {
        return None;
    }
    time_of(Date { day: None, compact: false }, cursor)
}

/// Reads what stands behind a date.
fn time_of(date: Date, mut cursor: Cursor<'_>) -> Option<(Stamp, usize)> {
    let after_date = cursor.at;
    let Some(clock) = cursor.clock_after_date() else {
        cursor.at = after_date;
        if cursor.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let at = date.day.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|at| at.and_utc());
        let stamp = Stamp { at, precision: Precision::Day, zone: Zone::Unsaid, canonical: false };
        return Some((stamp, after_date));
    };
    let zone = cursor.zone(&clock);
    let at = date.day.zip(clock.time).map(|(day, time)| shifted(day.and_time(time), zone.minutes));
    let canonical = at.is_some() && !date.compact && clock.is_plain && clock.follows_t && zone.is_z;
    let stamp = Stamp { at, precision: clock.precision, zone: zone.said, canonical };
    Some((stamp, cursor.at))
}

/// Reads a clock time alone (`14:30`, `14:30 UTC`, `2:30 PM`) at the start of a text, on a day that is known otherwise.
pub fn read_clock(text: &str, day: Option<NaiveDate>) -> Option<(Stamp, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    let clock = cursor.clock()?;
    let zone = cursor.zone(&clock);
    if cursor.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b':') {
        return None;
    }
    let at = day.zip(clock.time).map(|(day, time)| shifted(day.and_time(time), zone.minutes));
    let stamp = Stamp { at, precision: clock.precision, zone: zone.said, canonical: false };
    Some((stamp, cursor.at))
}

fn shifted(local: NaiveDateTime, minutes_east: i64) -> DateTime<Utc> {
    local.checked_sub_signed(Duration::minutes(minutes_east)).unwrap_or(local).and_utc()
}

#[derive(Clone, Copy)]
struct Date {
    day: Option<NaiveDate>,
    compact: bool,
}

struct Clock {
    time: Option<NaiveTime>,
    precision: Precision,
    has_colon: bool,
    is_plain: bool,
    follows_t: bool,
}

struct Offset {
    minutes: i64,
    said: Zone,
    is_z: bool,
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Exactly `n_digits` digits.
    fn digits(&mut self, n_digits: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + n_digits)?;
        let number = digits.iter().try_fold(0_u32, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })?;
        self.at += n_digits;
        Some(number)
    }

    fn date(&mut self) -> Option<Date> {
        let year = self.digits(4)?;
        if !(1990..2200).contains(&year) {
            return None;
        }
        let separator = self.peek().filter(|byte| b"-/.".contains(byte));
        let between = |cursor: &mut Self| separator.is_none_or(|byte| cursor.eat(byte));
        if !between(self) {
            return None;
        }
        let month = self.digits(2)?;
        if !between(self) {
            return None;
        }
        let day = self.digits(2)?;
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let year = i32::try_from(year).ok()?;
        let day = NaiveDate::from_ymd_opt(year, month, day);
        // Eight digits that are no day are some other number.
        if separator.is_none() && day.is_none() {
            return None;
        }
        Some(Date { day, compact: separator != Some(b'-') })
    }

    fn clock_after_date(&mut self) -> Option<Clock> {
        let follows_t = self.eat(b'T') || self.eat(b't');
        if !follows_t {
            if !(self.eat(b' ') || self.eat(b'_')) {
                return None;
            }
            while self.eat(b' ') || self.eat(b'@') || self.eat(b',') {}
            if self.rest().starts_with("at ") {
                self.at += 3;
            }
        }
        let mut clock = self.clock()?;
        // `2025-10-11 0112` is a number behind a date, but `20251011T0112Z` is a time.
        if !follows_t && !clock.has_colon {
            return None;
        }
        clock.follows_t = follows_t;
        Some(clock)
    }

    /// `HH:MM`, `HH:MM:SS`, with a fraction, with dashes, or with nothing between.
    fn clock(&mut self) -> Option<Clock> {
        let start = self.at;
        let one_digit = self.text.as_bytes().get(self.at + 1) == Some(&b':');
        let hour = self.digits(if one_digit { 1 } else { 2 })?;
        let separator = self.peek().filter(|byte| b":-".contains(byte));
        if start == 0 && separator != Some(b':') {
            return None;
        }
        if let Some(byte) = separator {
            self.eat(byte);
        }
        let minute = self.digits(2)?;
        let before_second = self.at;
        let has_second = separator.is_none_or(|byte| self.eat(byte));
        let second = if has_second { self.digits(2) } else { None };
        if second.is_none() {
            self.at = before_second;
        }
        let mut is_plain = separator == Some(b':') && !one_digit;
        if second.is_some() && self.peek().is_some_and(|byte| byte == b'.' || byte == b',') {
            let n_digits = self.text.as_bytes()[self.at + 1..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if n_digits > 0 {
                self.at += 1 + n_digits;
                is_plain = false;
            }
        }
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let precision = if second.is_some() { Precision::Second } else { Precision::Minute };
        let hour = self.meridiem(hour);
        // A leap second is the second before it.
        let time = NaiveTime::from_hms_opt(hour, minute, second.unwrap_or(0).min(59))
            .filter(|_| second.is_none_or(|second| second <= 60));
        is_plain &= precision == Precision::Second;
        Some(Clock {
            time,
            precision,
            has_colon: separator == Some(b':'),
            is_plain,
            follows_t: false,
        })
    }

    /// Takes `AM` or `PM` and turns the hour; an hour that does not exist stays one.
    fn meridiem(&mut self, hour: u32) -> u32 {
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start_matches(' ').len();
        let word = rest.get(blank..blank + 2).unwrap_or_default();
        let ends = !rest.as_bytes().get(blank + 2).is_some_and(u8::is_ascii_alphanumeric);
        let is_pm = word.eq_ignore_ascii_case("pm");
        if !(ends && (is_pm || word.eq_ignore_ascii_case("am"))) {
            return hour;
        }
        self.at += blank + 2;
        match (hour, is_pm) {
            (12, false) => 0,
            (1..12, true) => hour + 12,
            (13.., _) => 99,
            _ => hour,
        }
    }

    fn zone(&mut self, clock: &Clock) -> Offset {
        if self.eat(b'Z') {
            return Offset { minutes: 0, said: Zone::Utc, is_z: clock.is_plain };
        }
        let start = self.at;
        if let Some(offset) = self.numeric_offset() {
            return offset;
        }
        self.at = start;
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start_matches([' ', '(']).len();
        let word_length = rest[blank..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let word = &rest[blank..blank + word_length];
        let hours = match word {
            "UTC" | "GMT" | "Z" | "utc" => 0,
            "EDT" => -4,
            "EST" | "CDT" => -5,
            "CST" | "MDT" => -6,
            "MST" | "PDT" => -7,
            "PST" => -8,
            "CET" | "BST" => 1,
            "CEST" => 2,
            _ => return Offset { minutes: 0, said: Zone::Unsaid, is_z: false },
        };
        let in_parentheses = rest[..blank].contains('(');
        self.at += blank + word_length;
        if in_parentheses {
            self.eat(b')');
        }
        let said = if hours == 0 { Zone::Utc } else { Zone::Other };
        Offset { minutes: hours * 60, said, is_z: false }
    }

    fn numeric_offset(&mut self) -> Option<Offset> {
        let sign = match self.peek()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.at += 1;
        let hours = self.digits(2)?;
        self.eat(b':');
        let minutes = self.digits(2)?;
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) || hours > 23 || minutes > 59 {
            return None;
        }
        let minutes = sign * i64::from(hours * 60 + minutes);
        let said = if minutes == 0 { Zone::Utc } else { Zone::Other };
        Some(Offset { minutes, said, is_z: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> String {
        let Some((stamp, length)) = read(text) else { return "none".to_owned() };
        let at = stamp.at.map_or("no such time".to_owned(), crate::stamp::write);
        let canonical = if stamp.canonical { " canonical" } else { "" };
        format!("{at} {} {:?} {length}{canonical}", stamp.precision.word(), stamp.zone)
    }

    #[test]
    fn every_form_in_use_is_read() {
        let forms = [
            "2025-10-11T01:12:33Z — x",
            "2025-10-11T01:12Z - x",
            "2025-10-11 01:12 UTC - x",
            "2025-10-11 01:12:33 UTC",
            "2025-10-11 01:12 — x",
            "2025-10-11 (note)",
            "2025-10-11: x",
            "2025-10-11T01:12:33.580Z",
            "2025-10-11T01:12:33+00:00",
            "2025-10-11T01:12:33-06:00",
            "2025-10-10 19:12 MDT",
            "2025-10-11 1:12 PM",
            "2025-10-11 12:05 am UTC",
            "2025-10-11T01-12-33Z",
            "20251011T011233Z",
            "20251011T0112Z",
            "2025/10/11 01:12",
            "2025-10-11 at 01:12 (UTC)",
            "2025-13-40T01:12:33Z",
            "2025-10-11T25:61:00Z",
            "2025-10-11 - 3 items",
            "2025-10-11 1712 requests",
            "2025-10-1",
            "2025-10-112",
            "2025-10-11x",
            "20259999",
        ];
        insta::assert_snapshot!(forms.map(|form| format!("{form} => {}", check(form))).join("\n"), @"
        2025-10-11T01:12:33Z — x => 2025-10-11T01:12:33Z second Utc 20 canonical
        2025-10-11T01:12Z - x => 2025-10-11T01:12:00Z minute Utc 17
        2025-10-11 01:12 UTC - x => 2025-10-11T01:12:00Z minute Utc 20
        2025-10-11 01:12:33 UTC => 2025-10-11T01:12:33Z second Utc 23
        2025-10-11 01:12 — x => 2025-10-11T01:12:00Z minute Unsaid 16
        2025-10-11 (note) => 2025-10-11T00:00:00Z day Unsaid 10
        2025-10-11: x => 2025-10-11T00:00:00Z day Unsaid 10
        2025-10-11T01:12:33.580Z => 2025-10-11T01:12:33Z second Utc 24
        2025-10-11T01:12:33+00:00 => 2025-10-11T01:12:33Z second Utc 25
        2025-10-11T01:12:33-06:00 => 2025-10-11T07:12:33Z second Other 25
        2025-10-10 19:12 MDT => 2025-10-11T01:12:00Z minute Other 20
        2025-10-11 1:12 PM => 2025-10-11T13:12:00Z minute Unsaid 18
        2025-10-11 12:05 am UTC => 2025-10-11T00:05:00Z minute Utc 23
        2025-10-11T01-12-33Z => 2025-10-11T01:12:33Z second Utc 20
        20251011T011233Z => 2025-10-11T01:12:33Z second Utc 16
        20251011T0112Z => 2025-10-11T01:12:00Z minute Utc 14
        2025/10/11 01:12 => 2025-10-11T01:12:00Z minute Unsaid 16
        2025-10-11 at 01:12 (UTC) => 2025-10-11T01:12:00Z minute Utc 25
        2025-13-40T01:12:33Z => no such time second Utc 20
        2025-10-11T25:61:00Z => no such time second Utc 20
        2025-10-11 - 3 items => 2025-10-11T00:00:00Z day Unsaid 10
        2025-10-11 1712 requests => 2025-10-11T00:00:00Z day Unsaid 10
        2025-10-1 => none
        2025-10-112 => none
        2025-10-11x => none
        20259999 => none
        ");
    }

    #[test]
    fn a_mistyped_date_is_one_that_does_not_exist() {
        for (text, length) in [
            ("3026-11-21T10:00:03Z — x", 20),
            ("1970-01-01T00:00:07Z — x", 20),
            ("2026-11-2T10:00:03Z — x", 19),
            ("2026-1-02 10:00 UTC x", 19),
            ("2026/1/2 x", 8),
        ] {
            assert_eq!(read(text), None, "{text}");
            let (stamp, read) = read_mistyped(text).unwrap();
            assert_eq!((stamp.at, read), (None, length), "{text}");
        }
        for text in
            ["2026-11", "2026.1.2", "2026-11-212", "2026-1-2-3", "12026-1-2", "2026-1-2x", "é"]
        {
            assert_eq!(read_mistyped(text), None, "{text}");
        }
    }

    #[test]
    fn clock_times_need_a_day() {
        let day = NaiveDate::from_ymd_opt(2025, 10, 21);
        let at = |text| {
            read_clock(text, day).map(|(stamp, length)| (stamp.at.map(crate::stamp::write), length))
        };
        assert_eq!(at("14:30 - x"), Some((Some("2025-10-21T14:30:00Z".to_owned()), 5)));
        assert_eq!(at("14:30 UTC x"), Some((Some("2025-10-21T14:30:00Z".to_owned()), 9)));
        assert_eq!(at("1430 x"), None);
        assert_eq!(at("14:30x"), None);
        assert_eq!(read_clock("14:30", None).unwrap().0.at, None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_fault(text in "[0-9TZ: +/.-]{0,30}|\\PC{0,20}") {
            if let Some((_, length)) = read(&text) {
                prop_assert!(text.is_char_boundary(length));
            }
            if let Some((_, length)) = read_mistyped(&text) {
                prop_assert!(text.is_char_boundary(length));
            }
            let _ = read_clock(&text, None);
        }

        #[test]
        fn the_own_form_is_canonical_and_comes_back(seconds in 631_152_000_i64..7_258_118_400) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let text = crate::stamp::write(at);
            let (stamp, length) = read(&text).unwrap();
            prop_assert_eq!(stamp.at, Some(at));
            prop_assert!(stamp.canonical);
            prop_assert_eq!(length, text.len());
        }
    }
}
