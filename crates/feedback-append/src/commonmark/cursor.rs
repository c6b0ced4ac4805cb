//! A place in a line, in columns: a tab reaches to the next multiple of four, and may be used up in parts.

/// A place in a line without its line break.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
    column: usize,
    /// The columns that are left of a tab that was used in part.
    left: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { line, at: 0, column: 0, left: 0 }
    }

    /// The columns of blanks before the text.
    pub(super) fn indent(&self) -> usize {
        let mut column = self.column + self.left;
        let start = self.at + usize::from(self.left > 0);
        for byte in &self.line[start..] {
            match byte {
                b' ' => column += 1,
                b'\t' => column += 4 - column % 4,
                _ => break,
            }
        }
        column - self.column
    }

    /// What is left of the line, without the blanks before it.
    pub(super) fn text(&self) -> &'a [u8] {
        let rest = &self.line[self.at..];
        &rest[rest.iter().take_while(|byte| is_blank(**byte)).count()..]
    }

    /// What is left of the line.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text().is_empty()
    }

    /// Goes on by so many columns of blanks, or as far as there are any.
    pub(super) fn skip_columns(&mut self, columns: usize) {
        let end = self.column + columns;
        while self.column < end && self.line.get(self.at).is_some_and(|byte| is_blank(*byte)) {
            let width = match self.left {
                0 if self.line[self.at] == b'\t' => 4 - self.column % 4,
                0 => 1,
                left => left,
            };
            let used = width.min(end - self.column);
            self.column += used;
            self.left = width - used;
            if self.left == 0 {
                self.at += 1;
            }
        }
    }

    fn skip_to_text(&mut self) {
        self.skip_columns(self.indent());
    }

    fn skip_bytes(&mut self, bytes: usize) {
        self.at += bytes;
        self.column += bytes;
    }

    /// Goes behind a `>` and the blank that belongs to it.
    pub(super) fn skip_quote_mark(&mut self) {
        self.skip_to_text();
        self.skip_bytes(1);
        self.skip_columns(1);
    }

    /// Goes behind the mark of a list item, if there is one, and answers by how much its content is indented.
    pub(super) fn list_item(&mut self, in_paragraph: bool) -> Option<usize> {
        let text = self.text();
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length = match (digits, text.get(digits)?) {
            (0, b'-' | b'+' | b'*') => 1,
            (1..=9, b'.' | b')') => digits + 1,
            _ => return None,
        };
        let behind = text.get(length);
        if behind.is_some_and(|byte| !is_blank(*byte)) {
            return None;
        }
        let is_empty = text[length..].iter().all(|byte| is_blank(*byte));
        let zeros = text[..digits].strip_suffix(b"1");
        let is_one = digits == 0 || zeros.is_some_and(|zeros| zeros.iter().all(|at| *at == b'0'));
        if in_paragraph && (is_empty || !is_one) {
            return None;
        }
        let indent = self.indent();
        self.skip_to_text();
        self.skip_bytes(length);
        let blanks = self.indent();
        let blanks = if is_empty || !(1..=4).contains(&blanks) { 1 } else { blanks };
        self.skip_columns(blanks);
        Some(indent + length + blanks)
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
