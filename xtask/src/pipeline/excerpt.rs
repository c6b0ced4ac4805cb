//! What a failed step printed, as its entry quotes it: the last lines, each short, in a code block that ends.

/// The most lines of one step.
const MOST: usize = 20;
/// The most lines of all failed steps together, and the fewest of one where many failed.
const ALL: usize = 60;
const FEWEST: usize = 3;
/// The most bytes of one line.
const LONGEST: usize = 300;

/// How many lines each of so many failed steps may have, so that an entry stays one that a log takes.
pub(super) fn share(n_failed: usize) -> usize {
    (ALL / n_failed.max(1)).clamp(FEWEST, MOST)
}

/// The last lines, at most so many, without what would be no text: control characters can be seen, long lines are cut.
pub(super) fn last(printed: &[String], most: usize) -> Vec<String> {
    let first = printed.len().saturating_sub(most);
    printed[first..].iter().map(|line| shown(line)).collect()
}

fn shown(line: &str) -> String {
    let mut shown = String::new();
    for letter in line.chars() {
        if shown.len() + letter.len_utf8() > LONGEST {
            shown.push('…');
            break;
        }
        // What colours a terminal is left out by whoever keeps the log.
        shown.push(match letter {
            '\t' | '\u{1b}' => letter,
            '\0'..='\u{1f}' => {
                char::from_u32(0x2400 + u32::from(letter)).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            '\u{7f}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
            letter => letter,
        });
    }
    shown
}

/// The lines as a block of code, whose fence is longer than any that they hold, and where none is a heading.
pub(super) fn block(lines: &[String]) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|other| other != '`')).map(str::len);
    let fence = "`".repeat(longest.max().unwrap_or(0).max(2) + 1);
    let lines: Vec<String> = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("{fence}text\n{}{fence}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        assert_eq!(last(&["before".to_owned(), line.to_owned()], 1), [expected]);
    }

    #[test]
    fn what_is_no_text_can_be_seen_and_long_lines_are_cut() {
        check("as it is\tindeed", "as it is\tindeed");
        check("a\0b\u{7}", "a␀b␇");
        check(&"x".repeat(400), &format!("{}…", "x".repeat(300)));
        check(&"ü".repeat(400), &format!("{}…", "ü".repeat(150)));
    }

    #[test]
    fn many_failures_share_the_lines() {
        assert_eq!([0, 1, 3, 6, 100].map(share), [20, 20, 20, 10, 3]);
    }

    #[test]
    fn a_fence_in_the_output_does_not_end_the_block() {
        let block = block(&["x".to_owned(), "```".to_owned()]);
        insta::assert_snapshot!(block, @r"
        ````text
            x
            ```
        ````
        ");
    }
}
