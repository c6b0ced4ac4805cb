//! What a terminal would show of a text, as HTML: its colours, and of a line that was written over its last state.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::html::escaped;
use super::shade;

/// A colour of the text or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Colour {
    /// One of the sixteen whose shade is the reader's own.
    Named(u8),
    /// Red, green and blue.
    Exact(u8, u8, u8),
}

/// What is set at one place of the text.
#[expect(clippy::struct_excessive_bools, reason = "a terminal has these switches")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    text: Option<Colour>,
    behind: Option<Colour>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    inverse: bool,
    struck: bool,
}

/// The page so far, and the line that is still written on.
#[derive(Default)]
struct Screen {
    html: String,
    line: String,
    look: Look,
    /// The next text is written over the line.
    at_start: bool,
}

/// The text, escaped, with spans where its look changes. Control sequences that do not colour are left out.
pub(super) fn to_html(text: &str) -> String {
    let mut screen = Screen { html: String::with_capacity(text.len()), ..Screen::default() };
    for (n, part) in text.split('\u{1b}').enumerate() {
        let plain = if n == 0 { part } else { screen.after_sequence(part) };
        screen.write(plain);
    }
    screen.html.push_str(&screen.line);
    screen.html
}

impl Screen {
    fn write(&mut self, text: &str) {
        for piece in text.split_inclusive(['\n', '\r']) {
            let (words, end) = match piece.strip_suffix(['\n', '\r']) {
                Some(words) => (words, piece.chars().next_back()),
                None => (piece, None),
            };
            if !words.is_empty() {
                if std::mem::take(&mut self.at_start) {
                    self.line.clear();
                }
                self.look.put(words, &mut self.line);
            }
            match end {
                Some('\n') => {
                    self.html.push_str(&self.line);
                    self.html.push('\n');
                    self.line.clear();
                    self.at_start = false;
                }
                Some(_) => self.at_start = true,
                None => {}
            }
        }
    }

    /// Reads the control sequence that begins here, and answers what follows it.
    fn after_sequence<'a>(&mut self, text: &'a str) -> &'a str {
        if let Some(body) = text.strip_prefix('[') {
            let Some(end) = body.find(|letter: char| ('\u{40}'..='\u{7e}').contains(&letter))
            else {
                return "";
            };
            match (&body[end..=end], &body[..end]) {
                ("m", numbers) if !numbers.starts_with(['<', '=', '>', '?']) => {
                    self.look.set(numbers);
                }
                ("K", "2") => self.line.clear(),
                _ => {}
            }
            return &body[end + 1..];
        }
        if let Some(body) = text.strip_prefix(']') {
            // A title or link ends with BEL; one that ends with ESC \ has been cut there already, and one that does
            // not end hides no further line.
            let next_line = || body.find('\n').map_or("", |at| &body[at..]);
            return body.split_once('\u{7}').map_or_else(next_line, |(_, rest)| rest);
        }
        let mut letters = text.chars();
        if let Some('(' | ')') = letters.next() {
            letters.next();
        }
        letters.as_str()
    }
}

impl Look {
    fn set(&mut self, numbers: &str) {
        let numbers: Vec<_> = numbers.split(';').map(without_parts).collect();
        let mut numbers = numbers
            .iter()
            .flat_map(|group| group.split(';'))
            .map(|number| number.parse().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                7 => self.inverse = true,
                9 => self.struck = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.inverse = false,
                29 => self.struck = false,
                30..=37 => self.text = named(number - 30),
                90..=97 => self.text = named(number - 82),
                39 => self.text = None,
                40..=47 => self.behind = named(number - 40),
                100..=107 => self.behind = named(number - 92),
                49 => self.behind = None,
                38 => self.text = palette(&mut numbers),
                48 => self.behind = palette(&mut numbers),
                // The colour of an underline.
                58 => drop(palette(&mut numbers)),
                _ => {}
            }
        }
    }

    /// The colours of the text and behind it once they are swapped where that is asked for, and whether the page's own
    /// are to be. What stands on an exact colour is exact too, whatever the page is like.
    fn seen(self) -> (Option<Colour>, Option<Colour>, bool) {
        let (text, behind) = match (self.inverse, self.text) {
            (false, _) => (self.text, self.behind),
            (true, Some(_)) => (self.behind, self.text),
            (true, None) => return (None, None, true),
        };
        let exact = |(r, g, b)| Some(Colour::Exact(r, g, b));
        let text = match (text, behind) {
            (None, Some(Colour::Exact(r, g, b))) => exact(shade::on((r, g, b))),
            (Some(Colour::Named(n)), Some(Colour::Exact(..))) => exact(shade::named(n)),
            _ => text,
        };
        (text, behind, false)
    }

    /// Appends the words as they look. Writing to a string cannot fail.
    fn put(self, words: &str, line: &mut String) {
        let (mut classes, mut style) = (String::new(), String::new());
        let (text, behind, is_plain_inverse) = self.seen();
        match (text, behind) {
            (Some(Colour::Exact(r, g, b)), None) => {
                let ((r, g, b), (red, green, blue)) = shade::on_page((r, g, b));
                let _ = write!(
                    style,
                    "color:light-dark(#{r:02x}{g:02x}{b:02x},#{red:02x}{green:02x}{blue:02x});"
                );
            }
            (Some(Colour::Exact(r, g, b)), _) => {
                let _ = write!(style, "color:#{r:02x}{g:02x}{b:02x};");
            }
            (Some(Colour::Named(n)), _) => {
                let _ = write!(classes, " f{n}");
            }
            (None, _) => {}
        }
        match behind {
            Some(Colour::Exact(r, g, b)) => {
                let _ = write!(style, "background:#{r:02x}{g:02x}{b:02x};");
            }
            Some(Colour::Named(n)) => {
                let _ = write!(classes, " b{n}");
            }
            None => {}
        }
        let switches = [
            (self.bold, " a1"),
            (self.dim, " a2"),
            (self.italic, " a3"),
            (self.underline, " a4"),
            (is_plain_inverse, " a7"),
            (self.struck, " a9"),
        ];
        for (_, class) in switches.iter().filter(|(set, _)| *set) {
            classes.push_str(class);
        }
        let words = escaped(words);
        if classes.is_empty() && style.is_empty() {
            line.push_str(&words);
            return;
        }
        line.push_str("<span");
        for (name, value) in [("class", classes.trim_start()), ("style", style.as_str())] {
            if !value.is_empty() {
                let _ = write!(line, " {name}=\"{value}\"");
            }
        }
        let _ = write!(line, ">{words}</span>");
    }
}

fn named(number: u16) -> Option<Colour> {
    u8::try_from(number).ok().map(Colour::Named)
}

/// A number of several parts, as `38:2::R:G:B` or `4:3`, as the numbers that mean the same.
fn without_parts(number: &str) -> Cow<'_, str> {
    match number.split(':').collect::<Vec<_>>()[..] {
        [_] => number.into(),
        ["4", "0"] => "24".into(),
        ["4", _] => "4".into(),
        [what, "2", _, r, g, b] => format!("{what};2;{r};{g};{b}").into(),
        _ => number.replace(':', ";").into(),
    }
}

/// `5;N` of the 256 colours, or `2;R;G;B`.
fn palette(numbers: &mut impl Iterator<Item = u16>) -> Option<Colour> {
    let mut next = || numbers.next().and_then(|number| u8::try_from(number).ok());
    match next()? {
        5 => match next()? {
            n @ 0..16 => Some(Colour::Named(n)),
            n @ 16..232 => {
                let step = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
                let n = n - 16;
                Some(Colour::Exact(step(n / 36), step(n / 6 % 6), step(n % 6)))
            }
            n => Some(Colour::Exact(8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232))),
        },
        2 => Some(Colour::Exact(next()?, next()?, next()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(to_html(text), expected, "{text:?}");
    }

    #[test]
    fn colours_become_spans_and_the_rest_goes() {
        check("plain & <b>", "plain &amp; &lt;b&gt;");
        check("\u{1b}[31mred\u{1b}[0m on", "<span class=\"f1\">red</span> on");
        check(
            "\u{1b}[1;32mok\u{1b}[22m ok\u{1b}[m",
            "<span class=\"f2 a1\">ok</span><span class=\"f2\"> ok</span>",
        );
        check("\u{1b}[91;44mx", "<span class=\"f9 b4\">x</span>");
        check("\u{1b}[91;44;7mx", "<span class=\"f4 b9\">x</span>");
        check("\u{1b}[31;7mx\u{1b}[39mx", "<span class=\"b1\">x</span><span class=\"a7\">x</span>");
        check("\u{1b}[1Gline\u{1b}(B", "line");
        check("\u{1b}]0;title\u{7}text", "text");
        check("cut \u{1b}[3", "cut ");
        check("\u{1b}[>4;2mkeys", "keys");
        check("\u{1b}]0;title\nnext line", "\nnext line");
    }

    #[test]
    fn larger_palettes_keep_their_colours() {
        check("\u{1b}[38;5;1mx", "<span class=\"f1\">x</span>");
        check("\u{1b}[38;5;196mx", "<span style=\"color:light-dark(#df0000,#ff0000);\">x</span>");
        check("\u{1b}[38;5;232mx", "<span style=\"color:light-dark(#080808,#838383);\">x</span>");
        check("\u{1b}[48;2;1;2;3mx", "<span style=\"color:#ffffff;background:#010203;\">x</span>");
        check(
            "\u{1b}[38:2::1:2:3mx",
            "<span style=\"color:light-dark(#010203,#808081);\">x</span>",
        );
        check("\u{1b}[48:2:1:2:3mx", "<span style=\"color:#ffffff;background:#010203;\">x</span>");
        check("\u{1b}[4:3;58;2;0;0;0mx\u{1b}[4:0my", "<span class=\"a4\">x</span>y");
        check("\u{1b}[38;5;999mx\u{1b}[38mx\u{1b}[38;9my", "xxy");
    }

    #[test]
    fn a_line_that_was_written_over_shows_its_last_state() {
        check("10%\r20%\r100%\nnext\r\n", "100%\nnext\n");
        check("kept\r", "kept");
        check("a\u{1b}[2Kb", "b");
        check("\u{1b}[32mone\rtwo", "<span class=\"f2\">two</span>");
        check("\u{1b}[32mone\ntwo", "<span class=\"f2\">one</span>\n<span class=\"f2\">two</span>");
    }

    proptest::proptest! {
        #[test]
        fn no_markup_comes_through(text in "[<>&\"'a\u{1b}\\[\\];m0-9\n\r\u{7}]{0,80}") {
            let html = to_html(&text);
            let mut rest = html.replace("</span>", "");
            while let Some(at) = rest.find("<span") {
                let end = at + rest[at..].find('>').unwrap();
                let attributes = rest[at + 5..end].replace("light-dark(#", "#").replace(",#", "#").replace(");", ";");
                proptest::prop_assert!(attributes.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" =\"#:;".contains(&byte)));
                rest.replace_range(at..=end, "");
            }
            proptest::prop_assert!(!rest.contains(['<', '>', '"']));
            proptest::prop_assert_eq!(html.matches("<span").count(), html.matches("</span>").count());
        }
    }
}
