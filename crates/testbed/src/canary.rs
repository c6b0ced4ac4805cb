//! The CANARY guard: no secret of the bed, raw or encoded, in what a run printed or wrote.
#![expect(clippy::panic, reason = "a leak is a failed test")]

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use walkdir::WalkDir;

use crate::bed::Bed;

/// The word that every secret of a test contains, plainly or encoded.
const WORD: &[u8] = b"CANARY";

/// What a bed looked like before a run, so that what the run wrote can be told from what lay there.
pub(crate) struct Guard {
    before: HashMap<PathBuf, Trace>,
}

/// What changes whenever a file's content does; ctime cannot be set back.
#[derive(PartialEq, Eq)]
struct Trace {
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Guard {
    /// Remembers the files of the bed.
    pub(crate) fn before(bed: &Bed) -> Self {
        Self { before: traces(bed).collect() }
    }

    /// Fails the test where a stream, or a file that is new or changed, holds a secret of the bed.
    pub(crate) fn after(&self, bed: &Bed, streams: &[(&str, &[u8])]) {
        let search = Search::new(bed);
        for (name, bytes) in streams {
            if let Some(offset) = search.find(bytes) {
                panic!("a secret lies in {name} at byte {offset}");
            }
        }
        for (path, trace) in traces(bed) {
            if self.before.get(&path) == Some(&trace) {
                continue;
            }
            // A file that cannot be read any more was removed or is closed to us on purpose.
            let Ok(bytes) = fs::read(&path) else { continue };
            if let Some(offset) = search.find(&bytes) {
                panic!("a secret lies in the file {} at byte {offset}", path.display());
            }
        }
    }
}

/// Every file of the bed but those that are meant to hold secrets.
fn traces(bed: &Bed) -> impl Iterator<Item = (PathBuf, Trace)> {
    let top = bed.root().parent().unwrap_or(bed.root());
    WalkDir::new(top)
        .into_iter()
        .filter_entry(|entry| !bed.is_secret_path(entry.path()))
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let data = entry.metadata().ok()?;
            let trace = Trace {
                inode: data.ino(),
                length: data.len(),
                modified: (data.mtime(), data.mtime_nsec()),
                changed: (data.ctime(), data.ctime_nsec()),
            };
            Some((entry.into_path(), trace))
        })
}

/// All forms of all secrets of a bed, looked for at once.
struct Search {
    needles: AhoCorasick,
}

impl Search {
    fn new(bed: &Bed) -> Self {
        let word = Self::of(&encodings(WORD));
        let mut forms = encodings(WORD);
        for path in bed.secret_paths() {
            for entry in WalkDir::new(path).into_iter().filter_map(Result::ok) {
                if entry.file_type().is_file()
                    && let Ok(bytes) = fs::read(entry.path())
                {
                    for value in values(&bytes).filter(|value| word.find(value).is_some()) {
                        forms.extend(encodings(value));
                    }
                }
            }
        }
        Self::of(&forms)
    }

    fn of(forms: &[Vec<u8>]) -> Self {
        let needles = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            // The quickest to build: it searches a few kilobytes, once.
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(forms)
            .unwrap_or_else(|error| panic!("building the search: {error}"));
        Self { needles }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        self.needles.find(bytes).map(|found| found.start())
    }
}

/// What stands after the first `=` of each line, without quotes; lines without one whole.
fn values(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(|line| {
        let value = match line.iter().position(|&byte| byte == b'=') {
            Some(at) => line.get(at + 1..).unwrap_or_default(),
            None => line,
        };
        let value = value.trim_ascii();
        let unquoted = [b'"', b'\'']
            .iter()
            .find_map(|quote| value.strip_prefix(&[*quote])?.strip_suffix(&[*quote]));
        unquoted.unwrap_or(value)
    })
}

/// The forms in which these bytes would give themselves away inside other text.
fn encodings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![
        bytes.to_vec(),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
        percent(bytes, |_| true, HEX_UPPER),
        percent(bytes, |_| true, HEX_LOWER),
        percent(bytes, needs_percent, HEX_UPPER),
        percent(bytes, needs_percent, HEX_LOWER),
        utf16(bytes),
    ];
    for offset in 0..3 {
        let mut shifted = vec![0; offset];
        shifted.extend_from_slice(bytes);
        for base64 in [&BASE64_NOPAD, &BASE64URL_NOPAD] {
            // Only the characters that these bytes alone determine, whatever stands before and after.
            let text = base64.encode(&shifted).into_bytes();
            let first = (offset * 8).div_ceil(6);
            let end = shifted.len() * 8 / 6;
            forms.push(text.get(first..end).unwrap_or_default().to_vec());
        }
    }
    forms.retain(|form| form.len() >= WORD.len());
    forms.sort_unstable();
    forms.dedup();
    forms
}

const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";
const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";

fn percent(bytes: &[u8], is_encoded: fn(u8) -> bool, hex: &[u8; 16]) -> Vec<u8> {
    let mut text = Vec::new();
    for &byte in bytes {
        if is_encoded(byte) {
            text.push(b'%');
            text.push(hex[usize::from(byte >> 4)]);
            text.push(hex[usize::from(byte & 15)]);
        } else {
            text.push(byte);
        }
    }
    text
}

fn needs_percent(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte)
}

/// The part that both byte orders of UTF-16 share: each byte with a NUL between.
fn utf16(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for (index, &byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push(0);
        }
        text.push(byte);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn bed() -> Bed {
        let bed = Bed::new();
        bed.write("vault/a.env", "TOKEN='tok-CANARY-p/w!d'\nCOUNT=3\n");
        // The word is in the value as hex only, as in a real 32-digit token.
        bed.write("vault/b.env", "HEXED=0043414e4152590011\n");
        bed
    }

    /// The message with which a run that printed `text` fails.
    fn complaint(bed: &Bed, text: &[u8]) -> Option<String> {
        let guard = Guard::before(bed);
        let result = catch_unwind(AssertUnwindSafe(|| guard.after(bed, &[("stdout", text)])));
        result.err().map(|panic| panic.downcast_ref::<String>().unwrap().clone())
    }

    #[test]
    fn every_encoding_is_seen_at_every_alignment() {
        let bed = bed();
        let value = "tok-CANARY-p/w!d";
        for before in ["", "x", "yz", "user:"] {
            for after in ["", "\n", "@h"] {
                let text = format!("{before}{value}{after}");
                let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
                let narrow: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                let forms = [
                    text.clone().into_bytes(),
                    data_encoding::BASE64.encode(text.as_bytes()).into_bytes(),
                    BASE64URL_NOPAD.encode(text.as_bytes()).into_bytes(),
                    HEXLOWER.encode(text.as_bytes()).into_bytes(),
                    HEXUPPER.encode(text.as_bytes()).into_bytes(),
                    percent(text.as_bytes(), |_| true, HEX_LOWER),
                    wide,
                    narrow,
                ];
                for form in forms {
                    assert!(complaint(&bed, &form).is_some(), "{}", String::from_utf8_lossy(&form));
                }
            }
        }
    }

    #[test]
    fn a_value_that_holds_the_word_encoded_is_a_secret_too() {
        let bed = bed();
        let encoded = data_encoding::BASE64.encode(b"0043414e4152590011");
        assert!(complaint(&bed, encoded.as_bytes()).is_some());
    }

    #[test]
    fn clean_text_passes() {
        let bed = bed();
        for text in ["", "TOKEN is set", "canary", "COUNT=3", "9f2c41ab"] {
            assert_eq!(complaint(&bed, text.as_bytes()), None);
        }
    }

    #[test]
    fn the_complaint_names_place_and_offset_only() {
        let message = complaint(&bed(), b"abc tok-CANARY-p/w!d").unwrap();
        assert_eq!(message, "a secret lies in stdout at byte 4");
    }

    #[test]
    fn a_file_that_lay_there_before_is_not_the_runs_doing() {
        let bed = bed();
        bed.write("docs/leak.md", "CANARY");
        assert_eq!(complaint(&bed, b""), None);
    }

    #[test]
    fn a_written_file_is_looked_at_unless_it_may_hold_secrets() {
        let mut bed = bed();
        bed.holds_secrets("derived.env");
        let guard = Guard::before(&bed);
        bed.write("vault/c.env", "A=CANARY");
        bed.write("derived.env", "A=CANARY");
        guard.after(&bed, &[]);
        bed.write("docs/leak.md", "CANARY");
        let result = catch_unwind(AssertUnwindSafe(|| guard.after(&bed, &[])));
        assert!(result.is_err());
    }
}
