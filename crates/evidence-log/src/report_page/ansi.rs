//! A terminal's colours as HTML; every other control sequence is left out.

use super::escaped;

/// What is set at one place of the text.
#[expect(clippy::struct_excessive_bools, reason = "a terminal has these switches")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    colour: Option<u8>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

/// The text, escaped, with spans where its colour, weight or slant changes.
pub(super) fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut look = Look::default();
    for (n, part) in text.split('\u{1b}').enumerate() {
        let plain = if n == 0 { part } else { after_sequence(part, &mut look) };
        if plain.is_empty() {
            continue;
        }
        let classes = look.classes();
        if classes.is_empty() {
            html.push_str(&escaped(plain));
        } else {
            for piece in ["<span class=\"", &classes, "\">", &escaped(plain), "</span>"] {
                html.push_str(piece);
            }
        }
    }
    html
}

/// Reads the control sequence that begins here, and answers what follows it.
fn after_sequence<'a>(text: &'a str, look: &mut Look) -> &'a str {
    if let Some(body) = text.strip_prefix('[') {
        let Some(end) = body.find(|letter: char| ('\u{40}'..='\u{7e}').contains(&letter)) else {
            return "";
        };
        if body[end..].starts_with('m') {
            look.set(&body[..end]);
        }
        return &body[end + 1..];
    }
    if let Some(body) = text.strip_prefix(']') {
        // A title or link ends with BEL; one that ends with ESC \ has been cut there already.
        return body.split_once('\u{7}').map_or("", |(_, rest)| rest);
    }
    let mut letters = text.chars();
    if let Some('(' | ')') = letters.next() {
        letters.next();
    }
    letters.as_str()
}

impl Look {
    fn set(&mut self, numbers: &str) {
        let mut numbers =
            numbers.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                30..=37 => self.colour = u8::try_from(number - 30).ok(),
                90..=97 => self.colour = u8::try_from(number - 90).ok(),
                39 => self.colour = None,
                // Of the larger palettes only the first eight colours are known here.
                38 | 48 => {
                    let skipped =
                        if numbers.next() == Some(5) { numbers.next() } else { numbers.nth(2) };
                    if number == 38 {
                        self.colour = skipped.filter(|&n| n < 8).and_then(|n| u8::try_from(n).ok());
                    }
                }
                _ => {}
            }
        }
    }

    fn classes(self) -> String {
        let mut classes: Vec<String> =
            self.colour.map(|colour| format!("f{colour}")).into_iter().collect();
        for (set, class) in
            [(self.bold, "a1"), (self.dim, "a2"), (self.italic, "a3"), (self.underline, "a4")]
        {
            if set {
                classes.push(class.to_owned());
            }
        }
        classes.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_spans_and_the_rest_goes() {
        for (text, expected) in [
            ("plain & <b>", "plain &amp; &lt;b&gt;"),
            ("\u{1b}[31mred\u{1b}[0m on", "<span class=\"f1\">red</span> on"),
            (
                "\u{1b}[1;32mok\u{1b}[22m ok\u{1b}[m",
                "<span class=\"f2 a1\">ok</span><span class=\"f2\"> ok</span>",
            ),
            ("\u{1b}[2K\u{1b}[1Gline\u{1b}(B", "line"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}[38;5;200mx\u{1b}[48;2;1;2;3my", "xy"),
            ("cut \u{1b}[3", "cut "),
        ] {
            assert_eq!(to_html(text), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_markup_comes_through(text in "[<>&\"'a\u{1b}\\[\\];m0-9\n\u{7}]{0,60}") {
            let html = to_html(&text).replace("</span>", "");
            for piece in html.split("<span class=\"").skip(1) {
                let (classes, _) = piece.split_once("\">").unwrap();
                proptest::prop_assert!(classes.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' '));
            }
            proptest::prop_assert_eq!(html.matches('<').count(), html.matches("<span class=\"").count());
        }
    }
}
