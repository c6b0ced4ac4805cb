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
    let is_covered = is_status_given && standing == Standing::Short;
    let is_success = |(_, status): &(usize, &str)| claim::standing(status) == Standing::Success;
    let honest = cited.status().unwrap_or("failed");
    let mut instead = format!(
        "write `--status {honest}` and a title that says what is missing, or run it again until it succeeds and cite that"
    );
    let claim = if standing == Standing::Success {
        Some(format!("the status says \"{status}\""))
    } else if let Some(word) =
        claim::of_title(&draft.title, standing).map(|range| &draft.title[range])
    {
        if is_covered {
            instead = format!(
                "leave \"{word}\" out of the title, or let it say what failed; or run it again until it succeeds and cite that"
            );
        }
        Some(format!("the title says \"{word}\""))
    } else if let Some((_, status)) = claim::statuses(&draft.body).find(is_success) {
        instead = String::from("take that line out of the text, or put it into a code block");
        Some(format!("a status in the text says \"{status}\""))
    } else if is_covered {
        None
    } else {
        let texts = draft.fields.iter().chain([&draft.body]);
        texts
            .filter_map(|text| Some(&text[claim::success(text)?]))
            .map(|word| format!("the text says \"{word}\""))
            .next()
    };
    let Some(claim) = claim else { return Ok(()) };
    let runs = cited.short.iter().map(|(_, run)| run.clone()).collect();
    Err(Error::Contradicted { claim, runs, instead })
}

/// Refuses a text with a status of its own that contradicts the entry's: one says success, and the other does not.
pub(super) fn one_status(draft: &Draft) -> Result<(), Error> {
    let Some(own) = draft.status.as_deref() else { return Ok(()) };
    let is_other = |(_, status): &(usize, &str)| {
        matches!(
            (claim::standing(own), claim::standing(status)),
            (Standing::Success, Standing::Short)
                | (Standing::Short | Standing::Neither, Standing::Success)
        )
    };
    let Some((_, other)) = claim::statuses(&draft.body).find(is_other) else { return Ok(()) };
    let why = format!(
        "has a line with the status \"{other}\", and the entry's is \"{own}\"; give one with `--status`, or put the line into a code block"
    );
    Err(Error::option("the text", why))
}

/// Refuses a credential anywhere in the entry; says where, never what.
pub(super) fn leaks(draft: &Draft, secrets: Option<&SecretSet>) -> Result<(), Error> {
    let look = |(part, text, has_lines): (&str, &str, bool)| {
        let index = LineIndex::new(text);
        let found = leak::find(text, secrets).into_iter().map(|found| {
            let (line, column) = index.position(text, found.range.start);
            let line = if has_lines { format!("line {line}, ") } else { String::new() };
            format!("{part}, {line}column {column}: {}", found.describe())
        });
        found.collect::<Vec<_>>()
    };
    let mut parts = vec![
        ("title", draft.title.as_str(), false),
        ("status", draft.status.as_deref().unwrap_or_default(), false),
        ("id", &draft.id, false),
    ];
    parts.extend(draft.happened.iter().map(|(_, why)| ("--at-reason", why.as_str(), false)));
    parts.extend(draft.fields.iter().map(|text| ("field", text.as_str(), false)));
    parts.push(("text", &draft.body, true));
    parts.extend(draft.commands.iter().map(|text| ("command", text.as_str(), false)));
    parts.extend(draft.runs.iter().map(|run| ("recorded command", run.command.as_str(), false)));
    parts.extend(draft.blocked_by.iter().map(|text| ("blocked by", text.as_str(), false)));
    parts.extend(draft.next.iter().map(|text| ("next", text.as_str(), false)));
    for run in &draft.runs {
        let path = run.path.as_deref().unwrap_or_default();
        parts.push(("path of a recorded command", path, false));
        parts.push(("outcome of a recorded command", &run.outcome, false));
    }
    let wholes = draft.evidence.iter();
    parts.extend(wholes.map(|whole| ("path of the evidence", whole.path.as_str(), false)));
    let mut places: Vec<String> = parts.into_iter().flat_map(look).collect();
    if places.is_empty() {
        // What stands in no part alone may stand in the whole.
        places = look(("entry", &draft.render(DateTime::UNIX_EPOCH), true));
    }
    if places.is_empty() { Ok(()) } else { Err(Error::Leak { is_archived: false, places }) }
}
