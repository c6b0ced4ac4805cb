//! A run's output as asciicast v3, which terminal players show at the speed at which it was printed.

use std::io::{self, BufRead, Read, Write};

use serde_json::{Map, Value, json};

/// One read of the recorder: when, from which stream, how much. A line of the timing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timed {
    /// Microseconds since the command started.
    pub at_us: u64,
    /// 1 for stdout, or a terminal, or both streams in one; 2 for stderr.
    pub stream: u8,
    /// How many bytes.
    pub bytes: u64,
}

/// A line that is not one of a timing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotATiming;

impl Timed {
    /// Reads `[microseconds,fd,bytes]`.
    pub fn read(line: &[u8]) -> Result<Self, NotATiming> {
        let (at_us, stream, bytes) = serde_json::from_slice(line).map_err(|_| NotATiming)?;
        if matches!(stream, 1 | 2) { Ok(Self { at_us, stream, bytes }) } else { Err(NotATiming) }
    }
}

/// Writes events one after the other; the first line is the header.
pub struct Cast<W> {
    out: W,
    /// When the last event was, in microseconds.
    last_us: u64,
}

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// Columns and rows of the terminal; a guess where there was none.
    pub size: (u16, u16),
    /// When the recording began, in seconds since 1970.
    pub started: i64,
    /// The command line, redacted.
    pub command: Option<&'a str>,
    /// What it is called.
    pub title: &'a str,
}

/// What one run left.
pub struct Streams<'a> {
    /// stdout, or the terminal, or both in one.
    pub out: Stream<'a>,
    /// stderr.
    pub err: Stream<'a>,
    /// Whether line breaks have to become those of a terminal.
    pub is_raw: bool,
}

/// A stream as it was kept.
pub struct Stream<'a> {
    /// What its file has.
    pub bytes: &'a mut dyn Read,
    /// What its file has not.
    pub gap: Option<Gap>,
}

/// The part of a stream that was left out, and the line that stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// How many bytes of the stream come before it.
    pub from: u64,
    /// How many bytes of the stream come before its end.
    pub to: u64,
    /// How many bytes the line has.
    pub line: u64,
}

impl Gap {
    /// How many bytes of the file stand for what was read there.
    fn kept(self, from: u64, to: u64) -> u64 {
        let before = to.min(self.from).saturating_sub(from);
        let after = to.saturating_sub(from.max(self.to));
        let begins = from <= self.from && self.from < to;
        before.saturating_add(after).saturating_add(if begins { self.line } else { 0 })
    }
}

impl<W: Write> Cast<W> {
    /// Begins with the header.
    pub fn new(mut out: W, header: &Header<'_>) -> io::Result<Self> {
        let mut line = Map::new();
        line.insert("version".into(), 3.into());
        line.insert("term".into(), json!({ "cols": header.size.0, "rows": header.size.1 }));
        line.insert("timestamp".into(), header.started.into());
        if let Some(command) = header.command {
            line.insert("command".into(), command.into());
        }
        line.insert("title".into(), header.title.into());
        writeln!(out, "{}", Value::from(line))?;
        Ok(Self { out, last_us: 0 })
    }

    /// A place that players can jump to.
    pub fn marker(&mut self, at_us: u64, label: &str) -> io::Result<()> {
        self.event(at_us, "m", label)
    }

    /// When the latest event was.
    pub fn last_us(&self) -> u64 {
        self.last_us
    }

    /// How the last command ended.
    pub fn exit(&mut self, at_us: u64, code: u8) -> io::Result<()> {
        self.event(at_us, "x", &code.to_string())
    }

    /// One run's output in the order in which it was read, from `from_us` on. A letter that came in two reads is
    /// shown when it is whole; what is not UTF-8 becomes U+FFFD, since the format is text.
    pub fn run(
        &mut self,
        from_us: u64,
        timing: &mut dyn BufRead,
        streams: &mut Streams<'_>,
    ) -> io::Result<()> {
        let mut pending = [Vec::new(), Vec::new()];
        let mut read = [0_u64; 2];
        let mut ended_with_cr = false;
        let mut line = Vec::new();
        let mut at_us = from_us;
        loop {
            line.clear();
            if timing.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let timed = Timed::read(line.trim_ascii_end())
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not a timing"))?;
            at_us = from_us.saturating_add(timed.at_us);
            let side = usize::from(timed.stream == 2);
            let stream = if side == 1 { &mut streams.err } else { &mut streams.out };
            let from = read[side];
            read[side] = from.saturating_add(timed.bytes);
            let mut left = stream.gap.map_or(timed.bytes, |gap| gap.kept(from, read[side]));
            while left > 0 {
                let take = left.min(32 * 1024);
                let source: &mut dyn Read = stream.bytes;
                if source.take(take).read_to_end(&mut pending[side])? as u64 != take {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the timing tells of more than was kept",
                    ));
                }
                left -= take;
                let text = whole_letters(&mut pending[side], false);
                self.output(at_us, &text, streams.is_raw, &mut ended_with_cr)?;
            }
        }
        for mut rest in pending {
            let text = whole_letters(&mut rest, true);
            self.output(at_us, &text, streams.is_raw, &mut ended_with_cr)?;
        }
        Ok(())
    }

    /// Hands the writer back.
    pub fn finish(self) -> W {
        self.out
    }

    fn output(&mut self, at_us: u64, text: &str, is_raw: bool, cr: &mut bool) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if is_raw {
            return self.event(at_us, "o", text);
        }
        let mut shown = String::with_capacity(text.len() + 8);
        for letter in text.chars() {
            if letter == '\n' && !*cr {
                shown.push('\r');
            }
            *cr = letter == '\r';
            shown.push(letter);
        }
        self.event(at_us, "o", &shown)
    }

    /// Times are intervals, in seconds, and never negative: a clock that was set back cannot matter here.
    fn event(&mut self, at_us: u64, code: &str, data: &str) -> io::Result<()> {
        let interval = at_us.saturating_sub(self.last_us);
        self.last_us = self.last_us.max(at_us);
        let (seconds, micros) = (interval / 1_000_000, interval % 1_000_000);
        writeln!(self.out, "[{seconds}.{micros:06}, \"{code}\", {}]", Value::from(data))
    }
}

/// Takes out what is whole letters; at the end, everything.
fn whole_letters(pending: &mut Vec<u8>, is_end: bool) -> String {
    let mut keep = 0;
    if !is_end {
        // A letter has at most four bytes; its first one says how many.
        for back in 1..=pending.len().min(3) {
            let byte = pending[pending.len() - back];
            let length = match byte {
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                0x80..=0xBF => continue,
                _ => 1,
            };
            keep = if length > back { back } else { 0 };
            break;
        }
    }
    let rest = pending.split_off(pending.len() - keep);
    let whole = std::mem::replace(pending, rest);
    String::from_utf8_lossy(&whole).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn cast(timing: &str, out: &[u8], err: &[u8], is_raw: bool) -> io::Result<String> {
        let header = Header { size: (80, 24), started: 7, command: Some("sh"), title: "one" };
        let mut cast = Cast::new(Vec::new(), &header)?;
        let (mut out, mut err) = (out, err);
        let mut streams = Streams {
            out: Stream { bytes: &mut out, gap: None },
            err: Stream { bytes: &mut err, gap: None },
            is_raw,
        };
        cast.run(0, &mut timing.as_bytes(), &mut streams)?;
        Ok(String::from_utf8(cast.finish()).unwrap())
    }

    #[test]
    fn streams_are_woven_in_the_order_of_reading() {
        let text = cast("[10,1,2]\n[2000010,2,4]\n[2000011,1,1]\n", b"a\n\xc3", b"err\n", false);
        insta::assert_snapshot!(text.unwrap(), @r#"
        {"version":3,"term":{"cols":80,"rows":24},"timestamp":7,"command":"sh","title":"one"}
        [0.000010, "o", "a\r\n"]
        [2.000000, "o", "err\r\n"]
        [0.000001, "o", "�"]
        "#);
    }

    #[test]
    fn a_letter_in_two_reads_is_one_letter() {
        let text =
            cast("[1,1,1]\n[2,1,1]\n[3,1,2]\n[4,1,2]\n", "é€x".as_bytes(), b"", true).unwrap();
        let shown: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(shown, ["[0.000002, \"o\", \"é\"]", "[0.000002, \"o\", \"€x\"]"]);
    }

    #[test]
    fn a_line_break_of_a_terminal_stays_one() {
        let text = cast("[1,1,2]\n[2,1,1]\n", b"a\r\n", b"", false).unwrap();
        assert_eq!(
            text.lines().skip(1).collect::<String>(),
            "[0.000001, \"o\", \"a\\r\"][0.000001, \"o\", \"\\n\"]"
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(cast("[1,1,5]\n", b"abc", b"", true).is_err());
        for timing in ["x\n", "[1,1]\n", "[1,3,1]\n", "[-1,1,1]\n"] {
            assert!(cast(timing, b"abc", b"", true).is_err(), "{timing}");
        }
    }

    #[track_caller]
    fn check_kept(gap: Gap, reads: &[(u64, u64)], expected: &[u64]) {
        let kept: Vec<u64> = reads.iter().map(|&(from, to)| gap.kept(from, to)).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_gap_shows_its_line_once_where_it_begins() {
        let gap = Gap { from: 10, to: 90, line: 5 };
        check_kept(gap, &[(0, 10), (10, 20), (20, 90), (90, 100)], &[10, 5, 0, 10]);
        check_kept(gap, &[(0, 100)], &[25]);
        check_kept(gap, &[(0, 11), (11, 95), (95, 100)], &[15, 5, 5]);
        let none = Gap { from: 10, to: 100, line: 5 };
        check_kept(none, &[(0, 50), (50, 100)], &[15, 0]);
    }

    proptest::proptest! {
        #[test]
        fn all_text_comes_through_however_it_was_read(text in "\\PC{0,40}", cuts in proptest::collection::vec(1_usize..6, 0..60)) {
            let (mut timing, mut from, bytes) = (String::new(), 0, text.as_bytes());
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let take = cut.min(bytes.len() - from);
                writeln!(timing, "[{from},1,{take}]").unwrap();
                from += take;
            }
            let written = cast(&timing, bytes, b"", true).unwrap();
            let mut shown = String::new();
            for line in written.lines().skip(1) {
                let (_, code, data): (f64, String, String) = serde_json::from_str(line).unwrap();
                proptest::prop_assert_eq!(code, "o");
                shown.push_str(&data);
            }
            proptest::prop_assert_eq!(shown, text);
        }

        #[test]
        fn any_bytes_give_a_cast_or_an_error(timing in proptest::collection::vec(0_u8.., 0..60), out in proptest::collection::vec(0_u8.., 0..60)) {
            if let Ok(text) = cast(&String::from_utf8_lossy(&timing), &out, b"", false) {
                for line in text.lines() {
                    proptest::prop_assert!(serde_json::from_str::<Value>(line).is_ok());
                }
            }
        }
    }
}
