//! The set of known secrets, in every encoding that is searched for.

mod builder;

use std::ops::Range;

use crate::aside::Place;
use crate::piece::Piece;
use crate::search::{Hit, Search};
use crate::view::View;
use crate::{Encoding, Part, Refusal, dump, form, logged, wide, wrapped};

pub use builder::SecretSetBuilder;

/// Known secrets under their names, as [`Redactor`](crate::Redactor) and the leak search use them.
///
/// A value is found as it is and in every [`Encoding`]; so are the secrets inside it ([`Part`]).
/// Control sequences of a terminal are looked through, and letters that were taken back. From 16 bytes on a form is found
/// although white space breaks it, as when a terminal wraps a line or YAML folds it, as long as
/// one unbroken run has eight bytes; a shorter one is found although one line break cuts it, but for words of small
/// letters or of capitals alone, which stand around line breaks by chance. A line break within the first three bytes
/// hides these; the rest is found.
pub struct SecretSet {
    names: Vec<String>,
    refused: Vec<Refusal>,
    by_head: Vec<String>,
    pub(crate) search: Search,
}

/// One place where a known secret was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'set> {
    /// The name it was added under.
    pub name: &'set str,
    /// Whether it was the whole value or a secret inside it.
    pub part: Part,
    /// How the value was written.
    pub encoding: Encoding,
    /// Whether some of its bytes are missing here; only where [`SecretSetBuilder::in_part`] asked.
    pub in_part: bool,
    /// Where, in bytes.
    pub range: Range<usize>,
}

/// What a text may hold that is not read as it is written.
pub(crate) struct Seen {
    /// A line may begin with the offset of a dump.
    has_offset: bool,
    /// Some part of a value stands there without the rest right beside it.
    has_part: bool,
}

impl SecretSet {
    /// Starts an empty set.
    pub fn builder() -> SecretSetBuilder {
        SecretSetBuilder::default()
    }

    /// The values that cannot be searched for without hitting innocent text, by name.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// The names of the values of which only the beginning is searched for; see [`SecretSetBuilder::by_head`].
    pub fn by_head(&self) -> &[String] {
        &self.by_head
    }

    /// Whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.search.needles.is_empty()
    }

    /// How much of a text must be seen on both sides of where something begins, so that [`SecretSet::search`] piece by
    /// piece judges it as in the whole. What is wrapped or dumped is longer than its form.
    pub fn overlap(&self) -> usize {
        let longest = self.search.needles.iter().map(|needle| needle.bytes.len()).max();
        (longest.unwrap_or(0) * 3).max(form::LONGEST) + 512
    }

    /// Every place in `text` where a secret stands, in order; overlapping places are one, under
    /// the name of the first and longest.
    pub fn find(&self, text: &[u8]) -> Vec<Match<'_>> {
        let (view, deep) = View::both(text, 0, true);
        let hits = self.search.find(&view.text, 0);
        self.matches(text, &view, deep.as_ref(), hits)
    }

    /// All that stands in a text, in no order: known values and credentials by form, also as they are shown in a dump of
    /// bytes, in UTF-16, in base64 that was wrapped before it went into a string, and in lines of a log. Where a value stands
    /// as it is written it is told no second time.
    pub fn search(&self, text: &[u8]) -> (Vec<Match<'_>>, Vec<form::FormMatch>) {
        let (mut values, mut forms, seen) = self.find_with_forms(text);
        let mut pieces = if seen.has_offset || dump::may_be_dump(text) {
            self.dumped_pieces(text)
        } else {
            Vec::new()
        };
        // Most texts have neither a NUL nor a backslash, which one look tells.
        if memchr::memchr2(0, b'\\', text).is_some() {
            pieces.extend(wide::pieces(text));
            pieces.extend(wrapped::pieces(text));
        }
        let logged = if seen.has_part { logged::pieces(text) } else { Vec::new() };
        let n_written = values.len();
        let pieces = pieces.into_iter().map(|piece| {
            let (values, forms) = self.search(&piece.text);
            (piece, values, forms)
        });
        let logged = logged.into_iter().map(|piece| {
            let hits = self.search.find_in_piece(&piece, 0);
            let values = self.matches(&piece.text, &View::plain(&piece.text, 0), None, hits);
            (piece, values, Vec::new())
        });
        for (piece, of_piece, forms_of_piece) in pieces.chain(logged) {
            for found in of_piece {
                let range = piece.in_text(&found.range, text.len());
                let written = &values[..n_written];
                let next = written.partition_point(|known| known.range.end <= range.start);
                if written.get(next).is_none_or(|known| known.range.start >= range.end) {
                    values.push(Match { range, ..found });
                }
            }
            forms.extend(forms_of_piece.into_iter().map(|found| form::FormMatch {
                range: piece.in_text(&found.range, text.len()),
                ..found
            }));
        }
        (values, forms)
    }

    /// The same as [`SecretSet::find`] and [`form::find`], in little more than the time of one; and what else was seen.
    pub(crate) fn find_with_forms(
        &self,
        text: &[u8],
    ) -> (Vec<Match<'_>>, Vec<form::FormMatch>, Seen) {
        let (view, deep) = View::both(text, 0, true);
        if view.is_cut() || deep.is_some() {
            // Forms are looked for in the text as it is.
            let hits = self.search.find(&view.text, 0);
            let values = self.matches(text, &view, deep.as_ref(), hits);
            return (values, form::find(text), Seen { has_offset: true, has_part: true });
        }
        let mut has_offset = false;
        let found = self.search.find_with_forms(text, 0, true, |zeros| {
            has_offset = has_offset || dump::is_offset(text, zeros);
        });
        let seen = Seen { has_offset, has_part: found.has_part };
        (self.matches(text, &view, None, found.hits), found.forms, seen)
    }

    /// The pieces of `text` that are dumps of bytes, as digits, numbers or characters in cells, and may hold something of
    /// a value or a form.
    pub(crate) fn dumped_pieces(&self, text: &[u8]) -> Vec<Piece> {
        dump::pieces(text, self.search.bytes(true))
    }

    fn matches(
        &self,
        text: &[u8],
        view: &View<'_>,
        deep: Option<&View<'_>>,
        hits: Vec<Hit>,
    ) -> Vec<Match<'_>> {
        let mut places: Vec<_> =
            hits.into_iter().map(|hit| (view.original_range(hit.range.clone()), hit)).collect();
        if view.is_cut() {
            // What looks like the end of a sequence may be the beginning of a secret.
            let hits = self.search.find(text, 0).into_iter();
            places.extend(hits.map(|hit| (hit.range.clone(), hit)));
        }
        if let Some(deep) = deep {
            let hits = self.search.find(&deep.text, 0).into_iter();
            places.extend(hits.map(|hit| (deep.original_range(hit.range.clone()), hit)));
        }
        if view.is_cut() || deep.is_some() {
            places.sort_by_key(|(range, hit)| (range.start, usize::MAX - range.end, hit.needle));
        }
        let mut found: Vec<Match<'_>> = Vec::new();
        for (range, hit) in places {
            let next = self.describe(&hit, range);
            match found.last_mut() {
                Some(last) if is_other_end(last, &next) => {
                    if next.range.start.is_multiple_of(2) {
                        *last = next;
                    }
                }
                Some(last) if is_line_of(last, &next, text) => *last = next,
                Some(last) if joins(&last.range, last.name, &next.range, next.name) => {
                    // A piece of the value may have the line break too.
                    let is_more = last.in_part
                        || !next.in_part
                        || !is_blank(text, last.range.end..next.range.end);
                    if is_more {
                        last.range.end = last.range.end.max(next.range.end);
                    }
                }
                _ => found.push(next),
            }
        }
        found
    }

    fn describe(&self, hit: &Hit, range: Range<usize>) -> Match<'_> {
        let needle = &self.search.needles[hit.needle];
        Match {
            name: &self.names[needle.name],
            part: needle.part,
            encoding: needle.encoding,
            in_part: needle.parts_from.is_some() && hit.range.len() + 3 < needle.bytes.len(),
            range,
        }
    }

    pub(crate) fn place(&self, hit: Hit) -> Place<'_> {
        let name = &self.names[self.search.needles[hit.needle].name];
        Place { range: hit.range, name, is_form: false }
    }
}

/// Whether two places are the same in UTF-16: in the midst of other text a value has both ends first, and only the one
/// that begins at an even place is meant.
fn is_other_end(big: &Match<'_>, little: &Match<'_>) -> bool {
    (big.encoding, little.encoding) == (Encoding::Utf16Be, Encoding::Utf16Le)
        && little.range == (big.range.start + 1..big.range.end + 1)
}

/// Whether what stands as a piece of a value is a whole line of it, and is told as that: but for white space the line is
/// all of the piece.
fn is_line_of(piece: &Match<'_>, line: &Match<'_>, text: &[u8]) -> bool {
    let is_line = piece.in_part && !line.in_part && line.part == Part::Line;
    let is_inside = line.range.start >= piece.range.start && line.range.end <= piece.range.end;
    is_line
        && is_inside
        && piece.name == line.name
        && is_blank(text, piece.range.start..line.range.start)
        && is_blank(text, line.range.end..piece.range.end)
}

fn is_blank(text: &[u8], range: Range<usize>) -> bool {
    text.get(range).is_none_or(|text| text.iter().all(u8::is_ascii_whitespace))
}

/// Whether two places, the first not after the second, are one.
pub(crate) fn joins(
    first: &Range<usize>,
    name: &str,
    next: &Range<usize>,
    next_name: &str,
) -> bool {
    next.start < first.end || (next.start == first.end && name == next_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    #[test]
    fn long_values_are_found_in_part_where_asked() {
        let value = Secret::from("CANARYkq7Vw2xTzPaB3dE5fG7hJ9".to_owned());
        let token = Secret::from("eyJhbGciOiJIUzI1NiJ9.CANARYxTzPaB3dE5fG7.sig".to_owned());
        let mut builder = SecretSet::builder();
        builder.in_part().add("A", &value).add("B", &token);
        let set = builder.build();
        let found = |text: &str| {
            let found = set.find(text.as_bytes());
            found
                .into_iter()
                .map(|found| (found.name, found.in_part, found.range))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("x CANARYkq7Vw2xTzPaB3dE5fG7hJ9"), [("A", false, 2..30)]);
        assert_eq!(found("x 2xTzPaB3dE5fG7hJ y"), [("A", true, 2..18)]);
        assert_eq!(found("x 2xTzPaB3dE5fG7h y"), []);
        assert_eq!(found("x eyJhbGciOiJIUzI1NiJ9.CANARYx"), []);
        assert_eq!(found("x CANARYxTzPaB3dE5fG7.s"), [("B", true, 2..23)]);
    }

    /// In a diff, a line may end in the byte that stands before the next as its mark.
    #[test]
    fn a_mark_is_not_taken_for_the_byte_before_the_break() {
        let (head, tail) = ("CANARYkq7Vw2xTzP", "aB3dE5fG7hJ9");
        // What others have too gives nothing away, so that the value is told by its other half.
        let others = [format!("{head}8mQ4xRt6Z"), format!("8mQ4xRt6Z{tail}")];
        for mark in ["+", "-", "#", "|", "*", "/"] {
            let value = format!("{head}{mark}{tail}");
            for other in &others {
                let mut builder = SecretSet::builder();
                builder.add("A", &Secret::from(value.clone()));
                for (name, more) in ["B", "C", "D"].iter().zip(["", "k", "kq"]) {
                    builder.add(name, &Secret::from(format!("{other}{more}")));
                }
                let set = builder.build();
                let sign = if mark == "/" { "//" } else { mark };
                for at in head.len() - 1..=head.len() + mark.len() + 1 {
                    let text = format!("{sign}{}\n{sign}{}", &value[..at], &value[at..]);
                    let found = set.find(text.as_bytes());
                    let found: Vec<_> = found.iter().map(|found| found.name).collect();
                    assert_eq!(found, ["A"], "{text:?} {other}");
                }
            }
        }
    }

    #[test]
    fn a_whole_line_is_a_line_also_where_pieces_are_found() {
        let lines = [b'k', b'q'].map(|letter| format!("CANARY{}9fGq9Lk3ZmWx7Rb2", letter as char));
        let mut builder = SecretSet::builder();
        builder.in_part().add("A", &Secret::from(lines.join("\n")));
        let set = builder.build();
        let check = |text: String, expected: &[(Part, bool)]| {
            let found = set.find(text.as_bytes());
            let found: Vec<_> = found.iter().map(|found| (found.part, found.in_part)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check(format!("1:{}\n", lines.join("\n2:")), &[(Part::Line, false); 2]);
        check(format!("x {}\r\nx {}", lines[0], lines[1]), &[(Part::Line, false); 2]);
        check(format!("> {}\r\n> {}", lines[0], lines[1]), &[(Part::Whole, false)]);
        check(lines.join("\n"), &[(Part::Whole, false)]);
        check(format!("x {} y", &lines[0][2..22]), &[(Part::Whole, true)]);
        check(format!("{}\n{}", lines[0], &lines[1][..8]), &[(Part::Whole, true)]);
    }

    #[test]
    fn what_stands_before_a_line_may_be_a_byte_of_the_value_too() {
        let value = "CANARYkq9+fG/q9L#k3>Zm|Wx7-Rb2//Tz4*Pn";
        let mut builder = SecretSet::builder();
        builder.add("A", &Secret::from(value.to_owned()));
        let set = builder.build();
        for prefix in ["# ", "#", ">> ", "| ", "+", "- ", " * ", "//", "// ", "///", "\t// "] {
            for at in 8..value.len() - 4 {
                let text = format!("x {}\n{prefix}{}\n{prefix}y", &value[..at], &value[at..]);
                let found = set.find(text.as_bytes());
                let found: Vec<_> = found.iter().map(|found| &text[found.range.clone()]).collect();
                assert_eq!(found, [&text[2..=value.len() + prefix.len() + 2]], "{text}");
            }
        }
    }

    #[test]
    fn every_window_of_a_long_value_is_found() {
        let letters = (0..640_u32).map(|at| char::from(b'a' + (hash(at) % 26) as u8));
        let token: String = "CANARY".chars().chain(letters).collect();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\nCANARY{}\nlastline1234\n-----END PRIVATE KEY-----\n",
            &token.to_uppercase()[300..358]
        );
        let mut builder = SecretSet::builder();
        builder.in_part().add("A", &Secret::from(token.clone())).add("B", &Secret::from(pem));
        let set = builder.build();
        for at in 0..token.len() - 16 {
            let found = set.find(format!("x {} y", &token[at..at + 16]).as_bytes());
            assert_eq!(found.len(), 1, "at {at}");
        }
        let line = token.to_uppercase();
        assert_eq!(set.find(format!("x {} y", &line[310..330]).as_bytes())[0].name, "B");
        assert_eq!(set.find(b"x -----BEGIN PRIVATE KEY----- -----END PRIVATE KEY----- y"), []);
    }

    fn hash(number: u32) -> u32 {
        crate::needles::hash(number.wrapping_add(0x517c_c1b7)) >> 7
    }

    #[test]
    fn ends_of_utf_16_are_told_apart() {
        let mut builder = SecretSet::builder();
        builder.add("A", &Secret::from("CANARYkq7Vw2xTzP".to_owned()));
        let set = builder.build();
        let text: Vec<u16> = "\u{feff}one\nCANARYkq7Vw2xTzP two".encode_utf16().collect();
        let check = |to_bytes: fn(u16) -> [u8; 2], encoding: Encoding| {
            let bytes: Vec<u8> = text.iter().copied().flat_map(to_bytes).collect();
            let found = set.find(&bytes);
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].encoding, found[0].range.clone()), (encoding, 10..42));
        };
        check(u16::to_le_bytes, Encoding::Utf16Le);
        check(u16::to_be_bytes, Encoding::Utf16Be);
    }
}
