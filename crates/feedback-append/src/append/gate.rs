//! What keeps an entry out of a log: a claim that its evidence contradicts, and a credential in its text.

use chrono::DateTime;
use secret::SecretSet;

use crate::cite::Cited;
use crate::claim::{self, Standing};
use crate::draft::Draft;
use crate::error::Error;
use crate::leak;
use crate::text::LineIndex;

/// Refuses a claim of success over a run that failed, timed out or is suspect.
///
/// An honest status (`failed`, `blocked`, …) that the writer gave covers the words of the text, which may tell
/// of parts that went well, but not those of the title, which people read alone.
pub(super) fn claims(draft: &Draft, is_status_given: bool, cited: &Cited) -> Result<(), Error> {
    if cited.short.is_empty() {
        return Ok(());
    }
    let status = draft.status.as_deref().unwrap_or_default();
    let standing = claim::standing(status);
    let word = |text: &str| claim::success(text).map(|range| text[range].to_owned());
    let is_covered = is_status_given && standing == Standing::Short;
    let claim = if standing == Standing::Success {
        Some(format!("the status says \"{status}\""))
    } else if let Some(word) =
        claim::success_in_title(&draft.title).map(|range| &draft.title[range])
    {
        Some(format!("the title says \"{word}\""))
    } else if is_covered {
        None
    } else {
        let texts = draft.fields.iter().chain([&draft.body]);
        texts
            .into_iter()
            .find_map(|text| word(text))
            .map(|word| format!("the text says \"{word}\""))
    };
    let Some(claim) = claim else { return Ok(()) };
    let runs = cited.short.iter().map(|(_, run)| run.clone()).collect();
    let honest = cited.status().unwrap_or("failed");
    let instead = format!(
        "write `--status {honest}` and a title that says what is missing, or run it again until it succeeds and cite that"
    );
    Err(Error::Contradicted { claim, runs, instead })
}

/// Refuses a credential anywhere in the entry; says where, never what.
pub(super) fn leaks(draft: &Draft, secrets: Option<&SecretSet>) -> Result<(), Error> {
    let mut places = Vec::new();
    let mut look = |part: &str, text: &str, has_lines: bool| {
        let index = LineIndex::new(text);
        for found in leak::find(text, secrets) {
            let (line, column) = index.position(found.range.start);
            let place = if has_lines {
                format!("line {line}, column {column}")
            } else {
                format!("column {column}")
            };
            places.push(format!("{part}, {place}: {}", found.describe()));
        }
    };
    look("title", &draft.title, false);
    look("status", draft.status.as_deref().unwrap_or_default(), false);
    look("id", &draft.id, false);
    if let Some((_, reason)) = &draft.happened {
        look("--at-reason", reason, false);
    }
    draft.fields.iter().for_each(|text| look("field", text, false));
    look("text", &draft.body, true);
    draft.commands.iter().for_each(|text| look("command", text, false));
    draft.runs.iter().for_each(|run| look("recorded command", &run.command, false));
    draft.blocked_by.iter().for_each(|text| look("blocked by", text, false));
    draft.next.iter().for_each(|text| look("next", text, false));
    draft.runs.iter().for_each(|run| {
        look("path of a recorded command", run.path.as_deref().unwrap_or_default(), false);
        look("outcome of a recorded command", &run.outcome, false);
    });
    draft.evidence.iter().for_each(|whole| look("path of the evidence", &whole.path, false));
    if places.is_empty() {
        // What stands in no part alone may stand in the whole.
        let mut look = |text: &str| {
            let index = LineIndex::new(text);
            for found in leak::find(text, secrets) {
                let (line, column) = index.position(found.range.start);
                places.push(format!("entry, line {line}, column {column}: {}", found.describe()));
            }
        };
        look(&draft.render(DateTime::UNIX_EPOCH));
    }
    if places.is_empty() { Ok(()) } else { Err(Error::Leak { places }) }
}
