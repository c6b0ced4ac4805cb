//! The words of marked up text, without the marks: an office document may have them in the middle of a word, where its
//! spelling was checked or a part of it changed.

use std::io::{self, BufRead, Read};

/// Of a mark as much is looked at: its name stands first.
const LONGEST_NAME: usize = 48;

/// Marks between which no word goes on: paragraphs, breaks, cells and rows of Office Open XML, `OpenDocument` and
/// HTML, by their names without the prefix.
const BREAKS: [&str; 20] = [
    "p",
    "br",
    "cr",
    "tab",
    "h",
    "h1",
    "h2",
    "h3",
    "li",
    "div",
    "tr",
    "td",
    "th",
    "tc",
    "c",
    "si",
    "row",
    "line-break",
    "table-cell",
    "list-item",
];

/// Whether a member with this name is marked up text.
pub(super) fn has_words(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ["xml", "xhtml", "html", "htm"].contains(&ending.as_str()))
}

/// Gives a text without its marks.
pub(super) struct Words<R> {
    reader: R,
    /// How the mark begins in which the next byte stands.
    mark: Option<Vec<u8>>,
}

impl<R> Words<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, mark: None }
    }
}

impl<R: BufRead> Read for Words<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        while len < buffer.len() {
            let bytes = match self.reader.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // It is met again by whoever reads on.
                Err(_) if len > 0 => break,
                Err(error) => return Err(error),
            };
            let n_taken = if let Some(mark) = &mut self.mark {
                let end = memchr::memchr(b'>', bytes);
                let inside = &bytes[..end.unwrap_or(bytes.len())];
                mark.extend(inside.iter().take(LONGEST_NAME - mark.len()));
                let n_taken = inside.len() + usize::from(end.is_some());
                if end.is_some() {
                    if let Some(instead) = instead_of(mark) {
                        buffer[len] = instead;
                        len += 1;
                    }
                    self.mark = None;
                }
                n_taken
            } else {
                let end = memchr::memchr(b'<', bytes);
                let n_words = end.unwrap_or(bytes.len()).min(buffer.len() - len);
                buffer[len..len + n_words].copy_from_slice(&bytes[..n_words]);
                len += n_words;
                let is_mark = end == Some(n_words);
                if is_mark {
                    self.mark = Some(Vec::with_capacity(LONGEST_NAME));
                }
                n_words + usize::from(is_mark)
            };
            self.reader.consume(n_taken);
        }
        Ok(len)
    }
}

/// What a reader of the document sees in a mark's place.
fn instead_of(mark: &[u8]) -> Option<u8> {
    let mark = mark.strip_prefix(b"/").unwrap_or(mark);
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
    let name = mark.split(is_end).next().and_then(|name| str::from_utf8(name).ok())?;
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
    match local {
        "noBreakHyphen" => Some(b'-'),
        "s" if name == "text:s" => Some(b' '),
        _ => BREAKS.contains(&local).then_some(b'\n'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        for capacity in [1, 2, 5, 4096] {
            let mut words = String::new();
            let reader = io::BufReader::with_capacity(capacity, text.as_bytes());
            Words::new(reader).read_to_string(&mut words).unwrap();
            assert_eq!(words, expected, "{capacity}");
        }
    }

    #[test]
    fn marks_in_the_middle_of_a_word_are_left_out() {
        check(
            "<w:p><w:r><w:t>CANA</w:t></w:r><w:r w:x=\"1\"><w:t>RY</w:t></w:r></w:p>",
            "\nCANARY\n",
        );
        check("a<w:tab/>b<w:noBreakHyphen/>c<text:s text:c=\"2\"/>d<s>e</s>", "a\nb-c de");
        check("<a:t>x</a:t><a:br/>y", "x\ny");
        check("no marks", "no marks");
        check("cut off <w:r", "cut off ");
        check("", "");
    }
}
