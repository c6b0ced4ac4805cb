//! Text as it may stand in a page.

/// Text as it may stand anywhere in a page, in an attribute too. Control characters have no place there, nor have those
/// that would turn the direction of what stands beside them.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(letter),
            '\r' => {}
            other if report::is_unseen(other) || is_no_character(other) => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

/// Whether Unicode keeps this for itself; a page that has one is not valid.
fn is_no_character(letter: char) -> bool {
    matches!(letter, '\u{fdd0}'..='\u{fdef}') || u32::from(letter) & 0xfffe == 0xfffe
}

/// A number of bytes as a person reads it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return if bytes == 1 { "1 byte".into() } else { format!("{bytes} bytes") };
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1000, unit + 1);
    }
    let unit = UNITS[unit];
    if tenths < 100 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 KB"),
            (9_999, "9.9 KB"),
            (10_000, "10 KB"),
            (999_999, "999 KB"),
            (1_000_000, "1.0 MB"),
            (3_000_000_000, "3.0 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn what_has_a_meaning_in_a_page_is_escaped() {
        assert_eq!(
            escaped("<a href='x'>&\"\u{1b}\r\n\u{202e}\u{1fffe}"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{fffd}\n\u{fffd}\u{fffd}"
        );
    }
}
