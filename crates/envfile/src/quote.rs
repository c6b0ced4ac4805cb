//! How a value is written so that the most readers agree on it.

use secret::Secret;

/// Writes a value in the form that most readers take alike, for the strict dialect.
///
/// Bare, where every character is read alike unquoted; else in double quotes, where none of its
/// characters means anything in them (the only form in which `fly secrets import` keeps a `#`);
/// else in single quotes; else in double quotes with escapes. A line break stays a line break:
/// more readers keep one than turn `\n` into one. [`crate::differences`] says who disagrees.
pub(crate) fn canonical(value: &Secret) -> Secret {
    let bytes = value.expose();
    let mut written = Vec::with_capacity(2 * bytes.len() + 2);
    if is_bare(bytes) {
        written.extend_from_slice(bytes);
    } else if bytes.contains(&b'#') && is_plain_in_double(bytes) || !is_single(bytes) {
        written.push(b'"');
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' | b'\\' | b'$' => written.extend([b'\\', *byte]),
                // Before a line break it would be taken for half of one.
                b'\r' => written.extend(b"\\r"),
                b'\n' if is_hidden_break(bytes, index) => written.extend(b"\\n"),
                byte => written.push(*byte),
            }
        }
        written.push(b'"');
    } else {
        written.push(b'\'');
        written.extend_from_slice(bytes);
        written.push(b'\'');
    }
    Secret::new(written)
}

/// [`canonical`] where no reader runs or changes a part of the value, or nothing.
///
/// A backtick or `$` that cannot stand in single quotes, because a single quote, a line break or a
/// backslash at the end is in the way, would have to be escaped in double quotes. The strict dialect and
/// several readers keep the backslash before a backtick, some keep it before a `$`, and a shell runs
/// what follows where it is left out.
pub fn portable(value: &Secret) -> Option<Secret> {
    let bytes = value.expose();
    let is_meant_otherwise = bytes.iter().any(|byte| matches!(byte, b'`' | b'$'));
    (!is_meant_otherwise || is_single(bytes)).then(|| canonical(value))
}

/// Whether a byte is read alike unquoted by every reader of [`crate::Dialect::ALL`], inside a
/// value that does not begin with `~`.
const fn is_portable_bare(byte: u8) -> bool {
    matches!(byte,
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9'
        | b'%' | b'*' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?' | b'@'
        | b'[' | b']' | b'^' | b'_' | b'{' | b'}' | b'!')
}

/// Whether all bytes are read alike unquoted.
pub(crate) fn is_bare(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| IS_PORTABLE_BARE[usize::from(*byte)])
}

const IS_PORTABLE_BARE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x80 {
        table[byte as usize] = is_portable_bare(byte);
        byte += 1;
    }
    table
};

fn is_plain_in_double(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| matches!(byte, b'"' | b'$' | b'\\' | b'`' | b'\r' | b'\n'))
}

fn is_single(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| matches!(byte, b'\'' | b'\r' | b'\n')) && bytes.last() != Some(&b'\\')
}

/// A break at either end of the value is easily lost by an editor, and by some readers.
fn is_hidden_break(bytes: &[u8], index: usize) -> bool {
    index == 0 || index + 1 == bytes.len()
}
