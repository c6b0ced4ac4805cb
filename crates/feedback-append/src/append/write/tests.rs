//! Appending to any document: every old byte stays, but for three values of the front matter, and one entry is added.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::commonmark::Structure;
use crate::commonmark::tests::{LINES, is_heading};

/// Lines as they stand in front matter; `doc_hash` and `expires` may be there, twice, or not.
const HEAD: &str = "(---\n((epoch: 2025\\.10\\.E1|doc: 'a b'|doc_hash: TBD # why|doc_hash:|last_reviewed:   2025-10-11|expires: \"2025-10-18\"|# kept|tags: \\[a,\n  b\\]|owner: é)\n){0,6}---\n)?";

/// Pieces of bodies in every dialect, with what may hide or break them.
const BODY: &str = "((## 2025-10-1[0-9]T0[0-9]:1[0-9]:07Z — T|## 2025-10-11 01:12 UTC - T|### Timestamp: 2025-10-11T01:12Z|## 🚀 T \\(2025-10-11\\)|```|~~~|<!-- c -->|---|doc_hash: no|- a|\\*\\*Status:\\*\\* done|é|)\n){0,12}";

/// The lines of a front matter with the values of these keys left out, and what follows it.
fn kept(document: &str) -> (Vec<String>, &str) {
    let end = front_matter::read(document).map_or(0, |block| block.range.end);
    let keys = ["doc_hash:", "last_reviewed:", "expires:"];
    let line = |line: &str| {
        let comment = line.find(" #").map_or("", |at| &line[at..]);
        let key = keys.iter().find(|key| line.starts_with(**key));
        key.map_or(line.to_owned(), |key| format!("{key}{comment}"))
    };
    (document[..end].lines().map(line).collect(), &document[end..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_entry_changes_nothing_but_its_own_fields(
        head in HEAD,
        body in prop_oneof![BODY, LINES],
        last in "(no line break)?",
        crlf in any::<bool>(),
    ) {
        let before = format!("{head}{body}{last}");
        let before = if crlf { before.replace('\n', "\r\n") } else { before };
        // In memory where that is possible: each entry is synced to disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.unwrap();
        let path = folder.path().join("log.md");
        fs::write(&path, &before).unwrap();
        let repo = Repo { folder: folder.path().to_path_buf(), ops: None };
        let target = Target { path: path.clone(), shown: "log.md".to_owned(), role: None };
        let draft = Draft { title: "New".to_owned(), body: "text".to_owned(), id: "key".to_owned(), ..Draft::default() };
        let now = DateTime::from_timestamp(1_795_366_991, 0).unwrap();
        let invocation = Invocation::new(Vec::new(), folder.path().to_path_buf(), now, Box::new(|_| None));
        let written = match write(&repo, &target, &draft, true, &invocation, Instant::now()) {
            Ok(written) => written,
            // Entries are hidden in a block that never ends, and only people know where it should.
            Err(Error::OpenLog { open, .. }) => {
                prop_assert_eq!(open, Structure::behind(&before).open());
                prop_assert_eq!(fs::read_to_string(&path).unwrap(), before);
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert!(written.is_new);
        let after = fs::read_to_string(&path).unwrap();

        let ((head_before, body_before), (head_after, body_after)) = (kept(&before), kept(&after));
        prop_assert_eq!(head_before, head_after);
        let Some(added) = body_after.strip_prefix(body_before) else {
            return Err(TestCaseError::fail("the old body is not there byte by byte"));
        };
        let added = added.replace('\r', "");
        let choices = closers::candidates(body_before, Structure::behind(body_before).open());
        let is_by_letter = choices.last().is_some_and(Vec::is_empty) && choices.len() > 1;
        let added = choices.iter().rev().find_map(|lines| {
            let lines: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            let behind = added.trim_start_matches('\n').strip_prefix(&lines)?.trim_start_matches('\n');
            behind.starts_with("## ").then(|| behind.to_owned())
        }).unwrap_or_default();
        let is_entry = added.starts_with("## 2026-11-22T") && added.ends_with("\n<!-- entry key -->\n");
        prop_assert!(is_entry, "{}", added);
        // What only some viewers take for open stays so where entries stand in it.
        let is_shown = is_heading(body_after, body_after.rfind("## 2026-11-22T").unwrap());
        prop_assert!(is_shown || is_by_letter, "{}", body_after);
        if let Some(block) = front_matter::read(&after).filter(|block| block.field("doc_hash").is_some()) {
            let hash = Digest::of(body_after.as_bytes()).hex();
            let n_fields = block.fields.iter().filter(|field| field.key == "doc_hash").count();
            // A value of several lines is left as it is, with a warning.
            let continues = block.field("doc_hash").is_some_and(|field| field.continues);
            if n_fields == 1 && !continues {
                let told = format!("sha256:{hash}");
                prop_assert_eq!(block.value(&after, "doc_hash"), Some(told.into()));
            }
        }
        // Every entry is there, and one more.
        let old = entry::read(&before, before.len() - body_before.len(), None);
        let new = entry::read(&after, after.len() - body_after.len(), None);
        prop_assert_eq!(new.entries.len(), old.entries.len() + 1);
        prop_assert_eq!(new.entries.last().and_then(|entry| entry.id.as_deref()), Some("key"));
        let line = text::LineIndex::new(&after).line(new.entries[old.entries.len()].heading.start);
        prop_assert_eq!(u64::from(line), written.line);
        // The same again is the same.
        let again = write(&repo, &target, &draft, true, &invocation, Instant::now()).unwrap();
        prop_assert!(!again.is_new && again.line == written.line);
        prop_assert_eq!(fs::read_to_string(&path).unwrap(), after);
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

proptest! {
    #[test]
    fn an_entry_behind_closed_blocks_hides_none(
        old in "((#{1,4} |- |> | {0,4})?([a-z ]{0,9}|2025-10-11|2025-10-11T01:12:13Z — a|12:30|`{3,4}[a-z]?|~~~|<!-- ?|<!-- x -->|-->|<pre>|</pre>|---|Timestamp: 2025-10-11)\r?\n){0,12}",
        is_cut: bool,
        body in "(([a-z ]{0,9}|`{3,4}|~~~|<!--|-->|<pre>|</pre>)\n){0,6}",
    ) {
        let draft = Draft { title: "T".to_owned(), body: draft::tidy(&body), id: "k".to_owned(), ..Draft::default() };
        let rendered = draft.render(DateTime::from_timestamp(1_795_366_991, 0).unwrap());
        // What spoils the entry is refused before the log is looked at.
        let is_sound = draft.check(&rendered).is_ok();
        let old = if is_cut { old.trim_end() } else { old.as_str() };
        let found = survey::tests::check(old, None);
        let closing: Vec<String> = found.open.iter().map(|open| open.kind.closing_line()).collect();
        let tail = format!("{}{rendered}", gap(&found, &closing));
        let start = found.block.as_ref().map_or(0, |block| block.range.end);
        let shown = is_heading(&format!("{old}{tail}"), old.len() + tail.len() - rendered.len());
        prop_assert!(shown || start > 0, "{}{}", old, tail);
        prop_assert!(!is_sound || found.open.is_some() || found.is_doubtful || !hides(old, start, &tail, &draft), "{}{}", old, tail);
    }
}
