//! A line that is longer than anybody writes: what decides how blocks begin and end is kept of it, and no more.

use crate::commonmark::ENDS;

/// Of a longer line the middle is left out, in bytes.
pub(super) const LONGEST: usize = 1024 * 1024;

/// The end of the line that is kept as it is, so that what a piece cuts off is seen whole with the next.
const END: usize = 16;

/// Leaves out what stands behind the first `longest` bytes, but for the first of each text that may end a block, of the
/// backticks that make inline code of a fence, and for the last bytes. A line with carriage returns is several lines for
/// viewers, and is left as it is. `longest` is no less than [`END`].
pub(super) fn squeeze(line: &mut Vec<u8>, longest: usize) {
    let end = line.len().saturating_sub(END);
    if end <= longest || memchr::memchr(b'\r', &line[longest..end]).is_some() {
        return;
    }
    let mut kept = Vec::new();
    let mut unseen: Vec<&[u8]> = ENDS.iter().map(|end| end.text().as_bytes()).collect();
    for at in memchr::memchr_iter(b'>', &line[longest..]) {
        let here = &line[..=longest + at];
        unseen.retain(|text| {
            let found = here[here.len() - text.len()..].eq_ignore_ascii_case(text);
            if found {
                kept.push(b' ');
                kept.extend_from_slice(text);
            }
            !found
        });
    }
    if memchr::memchr(b'`', &line[longest..]).is_some() {
        kept.extend_from_slice(b" `");
    }
    line.splice(longest..end, kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Ending;
    use proptest::prelude::*;

    #[test]
    fn what_may_end_a_block_is_kept() {
        let mut line =
            [b"<!-- ", "x".repeat(90).as_bytes(), b"-->", "y".repeat(90).as_bytes()].concat();
        squeeze(&mut line, 20);
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line, format!("<!-- {} --> >{}", "x".repeat(15), "y".repeat(END)));
    }

    proptest! {
        #[test]
        fn a_line_in_part_ends_what_the_whole_one_does(
            before in "(```\n|<!-- a\n|<PRE>\n|<style>\n|<\\?\n|<!A\n|<!\\[CDATA\\[\n|<div>\n|- a\n|\n)?",
            first in "(```|~~~|<!--|<pre>|<\\?|<!B|- |\\[a\\]: |> |# )?x{20}",
            pieces in proptest::collection::vec("x{0,30}|--|-->|\\?>|>|</Pre>|</style|</textarea>|\\]\\]|`|é", 0..20),
            cut in 1_usize..40,
        ) {
            let line = format!("{first}{}", pieces.concat());
            let mut in_part = Vec::new();
            for piece in line.as_bytes().chunks(cut) {
                in_part.extend_from_slice(piece);
                squeeze(&mut in_part, 20);
            }
            prop_assert!(in_part.len() <= 20 + END + cut + 80);
            let ending = |line: &[u8]| {
                let mut ending = Ending::default();
                before.split_inclusive('\n').for_each(|line| ending.feed(line.as_bytes()));
                ending.feed(&[line, b"\n"].concat());
                format!("{:?} {}", ending.open(), ending.is_doubtful())
            };
            prop_assert_eq!(ending(&in_part), ending(line.as_bytes()), "{}", String::from_utf8_lossy(&in_part));
        }
    }
}
