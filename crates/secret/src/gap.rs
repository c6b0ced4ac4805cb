//! What may stand between two bytes of a value where a line was wrapped in it: white space, line breaks that are written
//! out, what says that a line goes on, and what comments, quoted mail, diffs and lists put before each line.

/// White space longer than this ends a value: no terminal and no YAML writer indents so far.
pub(crate) const LONGEST_GAP: usize = 128;

/// The end of the gap that begins at `at`, if there is one: white space that is not too long, or a line break that is
/// written out, as in a string of JSON. A line that goes on may end in a backslash (YAML, shells) or in `=` (mail),
/// and where the next begins with a blank of the value itself YAML writes a backslash before it. A mark before a line,
/// with the blanks behind it, is a gap of its own, so that it is none where it is a byte of the value.
pub(crate) fn gap_after(text: &[u8], at: usize) -> Option<usize> {
    if let Some(end) = mark_after(text, at) {
        return Some(end);
    }
    if let Some(len) = written_break(&text[at..]) {
        return Some(at + len);
    }
    let is_joint = matches!(text.get(at), Some(b'\\' | b'='));
    let start = at + usize::from(is_joint);
    if is_joint && !matches!(text.get(start), None | Some(b'\n' | b'\r')) {
        return None;
    }
    let mut end = start + n_white(&text[start..]);
    if has_line_break(&text[start..end]) && text.get(end) == Some(&b'\\') {
        match text.get(end + 1) {
            None => end += 1,
            Some(b' ' | b'\t') => end += 1 + n_white(&text[end + 1..]),
            Some(_) => {}
        }
    }
    (1..=LONGEST_GAP).contains(&(end - at)).then_some(end)
}

/// What stands before each line of a comment, of quoted mail, of a diff or of a list; `/` stands twice.
pub(crate) const MARKS: &[u8] = b"#>|+-*/";

/// No line has more marks before it, blanks between them counted.
const LONGEST_PREFIX: usize = 16;

/// The end of the mark at `at` and of the blanks behind it, if it stands before a line; all of the text where it may yet
/// become one.
fn mark_after(text: &[u8], at: usize) -> Option<usize> {
    let mark = text.get(at).filter(|mark| MARKS.contains(mark))?;
    let line = line_of_prefix(text, at)?;
    let end = match (mark, text.get(at + 1)) {
        // The first of the value's bytes may have been taken for one of these.
        (b'/', _) if memchr::memchr(b'/', &text[line..at]).is_some() => at + 1,
        (b'/', None) => return Some(text.len()),
        (b'/', Some(b'/')) => at + 2,
        (b'/', Some(_)) => return None,
        _ => at + 1,
    };
    Some(end + text[end..].iter().take(LONGEST_PREFIX).take_while(|byte| is_blank(**byte)).count())
}

/// Where the line begins of which only marks and blanks stand before `at`, if there are not too many.
fn line_of_prefix(text: &[u8], at: usize) -> Option<usize> {
    let before = text[..at].iter().rev().take(LONGEST_PREFIX);
    let n_before = before.take_while(|byte| is_blank(**byte) || MARKS.contains(byte)).count();
    let line = at - n_before;
    let goes_on = text[..at].ends_with(b"/") && text[at..].starts_with(b"/");
    let mut runs = text[line..at + usize::from(goes_on)].chunk_by(|one, next| one == next);
    let has_lone_slash = runs.any(|run| run == b"/");
    (text[..line].ends_with(b"\n") && !has_lone_slash).then_some(line)
}

/// Where the first mark stands before a line whose own text begins at `at`.
fn first_mark(text: &[u8], at: usize) -> Option<usize> {
    let line = line_of_prefix(text, at)?;
    Some(line + text[line..at].iter().position(|byte| MARKS.contains(byte))?)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// More backslashes than this before the letter of a line break are none of a string in a string.
const MOST_BACKSLASHES: usize = 4;

/// How long the `\n` or `\r\n` is that a text begins with, as strings write a line break; or all of a text that may
/// yet become one.
fn written_break(text: &[u8]) -> Option<usize> {
    let letter = |from: usize| {
        let rest = &text[from..];
        let n_backslashes =
            rest.iter().take(MOST_BACKSLASHES + 1).take_while(|byte| **byte == b'\\').count();
        let is_right = (1..=MOST_BACKSLASHES).contains(&n_backslashes);
        (is_right || rest.is_empty()).then(|| (from + n_backslashes, rest.get(n_backslashes)))
    };
    let (mut at, mut byte) = letter(0).filter(|(at, _)| *at > 0)?;
    if byte == Some(&b'r') {
        (at, byte) = letter(at + 1)?;
    }
    match byte {
        Some(b'n') => Some(at + 1),
        None => Some(text.len()),
        Some(_) => None,
    }
}

/// Where the line break that is written out begins that ends at `at`, if there is one.
fn written_break_before(text: &[u8], at: usize) -> Option<usize> {
    let backslashes = |end: usize| {
        let before = text[..end].iter().rev().take(MOST_BACKSLASHES + 1);
        let n = before.take_while(|byte| **byte == b'\\').count();
        (1..=MOST_BACKSLASHES).contains(&n).then(|| end - n)
    };
    let start = backslashes(at.checked_sub(1).filter(|letter| text[*letter] == b'n')?)?;
    let carriage = start.checked_sub(1).filter(|letter| text[*letter] == b'r');
    Some(carriage.and_then(backslashes).unwrap_or(start))
}

/// The beginning of the gap that ends at `at`, if there is one, as [`gap_after`] has it.
pub(crate) fn gap_before(text: &[u8], at: usize) -> Option<usize> {
    if let Some(start) = written_break_before(text, at) {
        return Some(start);
    }
    let at = first_mark(text, at).unwrap_or(at);
    let n_before = |end: usize| {
        let before = text[..end].iter().rev().take(LONGEST_GAP + 1);
        before.take_while(|byte| byte.is_ascii_whitespace()).count()
    };
    let mut start = at - n_before(at);
    if start < at && text[..start].ends_with(b"\\") && !has_line_break(&text[start..at]) {
        // The backslash before a blank of the value, if it stands where a line begins.
        let line = start - 1 - n_before(start - 1);
        if has_line_break(&text[line..start - 1]) {
            start = line;
        }
    }
    let is_joint = text[..start].ends_with(b"\\") || text[..start].ends_with(b"=");
    if is_joint && matches!(text.get(start), Some(b'\n' | b'\r')) {
        start -= 1;
    }
    (1..=LONGEST_GAP).contains(&(at - start)).then_some(start)
}

/// Whether a byte that is no white space belongs to a gap.
pub(crate) fn is_in_gap(text: &[u8], at: usize) -> bool {
    let next = text.get(at + 1);
    match text[at] {
        b'=' => matches!(next, Some(b'\n' | b'\r')),
        b'\\' if matches!(next, Some(b' ' | b'\t')) => {
            gap_before(text, at).is_some_and(|gap| has_line_break(&text[gap..at]))
        }
        b'\\' => matches!(next, Some(b'\n' | b'\r')),
        _ => false,
    }
}

/// How many bytes of white space a text begins with, up to one more than a gap may have.
fn n_white(text: &[u8]) -> usize {
    text.iter().take(LONGEST_GAP + 1).take_while(|byte| byte.is_ascii_whitespace()).count()
}

pub(crate) fn has_line_break(gap: &[u8]) -> bool {
    gap.iter().any(|byte| matches!(byte, b'\n' | b'\r')) || gap.ends_with(b"\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `input` has the gap between `«` and `»`.
    fn check(input: &str, may_go_on: bool) {
        let (before, rest) = input.split_once('«').unwrap();
        let (gap, behind) = rest.split_once('»').unwrap();
        let text = [before, gap, behind].concat();
        let (start, end) = (before.len(), before.len() + gap.len());
        let mut at = start;
        while at < end {
            at = gap_after(text.as_bytes(), at).unwrap_or(usize::MAX);
        }
        assert_eq!(at == end, may_go_on, "{input:?}");
        assert_eq!(gap_before(text.as_bytes(), end) == Some(start), may_go_on, "{input:?}");
    }

    #[test]
    fn lines_go_on_behind_what_stands_before_each() {
        for prefix in
            ["# ", "#", "> ", ">> ", "> > ", "| ", "+", "-", "- ", "// ", "///", " * ", "+\t# "]
        {
            check(&format!("CAN«\n{prefix}»ARY"), true);
            check(&format!("CAN«\r\n{prefix}»ARY"), true);
            check(&format!("CAN«\\\n{prefix}»ARY"), true);
        }
        for prefix in ["x ", "/ ", "1: ", "> x > ", "#################### "] {
            check(&format!("CAN«\n{prefix}»ARY"), false);
        }
        check("CAN«# »ARY", false);
        check("CAN« # »ARY", false);
    }
}
