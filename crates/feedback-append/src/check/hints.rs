//! What to type next, for every finding that does not say so itself.

use std::path::Path;

use report::{Finding, Level, quoted};

/// Gives each finding without a hint the one of its rule. `up` leads from where the reader is to the repo's folder.
pub(super) fn fill(findings: &mut [Finding], up: &str) {
    for finding in findings {
        if finding.hint.is_none() {
            let path = finding.subject.path.as_deref().unwrap_or_default();
            let path = quoted(&format!("{up}{path}"));
            finding.hint = Some(of(finding, &path, up));
        }
    }
}

/// How the folder of the repo is written from below it.
pub(super) fn up(cwd: &Path, folder: &Path) -> String {
    let depth = cwd.strip_prefix(folder).map_or(0, |below| below.components().count());
    "../".repeat(depth)
}

fn of(finding: &Finding, path: &str, up: &str) -> String {
    let cited = finding.subject.key.as_ref().map(|cited| quoted(&format!("{up}{cited}")));
    let refresh = format!("`feedback-append refresh --write {path}` mends it");
    match finding.rule {
        "front-matter" if finding.message.contains("twice") => {
            "take one of the two lines out by hand; `check` then says whether the other holds".to_owned()
        }
        "front-matter" if finding.message.contains("YAML") => {
            "mend that line by hand: a value with `: `, `#` or a quote in it needs quotes around it".to_owned()
        }
        "front-matter" | "wrong-doc" | "unexpanded" | "doc-hash" => refresh,
        "expired" => format!("append what is true now, as `feedback-append {path} --title 'Reviewed' --message 'still true'`; that moves the day"),
        "heading" => "the tool writes `## TIME — Title`; leave this entry as it is, and write the next with `--title`".to_owned(),
        "timestamp" => "leave the entry as it is; the tool stamps its own clock into the next".to_owned(),
        "order" => "leave the entries as they are; what is told late is written with `--at TIME --at-reason WHY`".to_owned(),
        "future-time" if finding.subject.key.is_some() => refresh,
        "future-time" => format!("append what is true, as `feedback-append {path} --title 'Correction' --message 'the time of … was not read from a clock'`"),
        "citation-missing" => match cited {
            Some(cited) => format!("`git log --oneline -- {cited}` says whether it ever was there; cite what is there in a new entry, with `--evidence`"),
            None => "cite what is there in a new entry, with `--evidence`".to_owned(),
        },
        "citation-changed" => match cited {
            Some(cited) => format!("`git log -p -- {cited}` says what changed it; cite it as it is now in a new entry, with `--evidence`"),
            None => "cite it as it is now in a new entry, with `--evidence`".to_owned(),
        },
        "citation-ignored" => match cited {
            Some(cited) => format!("`git add {cited}` before the entry is committed"),
            None => "add it to git before the entry is committed".to_owned(),
        },
        "citation-glob" => "cite the bundle, or each file, in a new entry with `--evidence`".to_owned(),
        "no-evidence" => "keep the command with `evidence-log run -- CMD` and cite its bundle in a new entry, with `--evidence DIR`".to_owned(),
        "claim-contradicted" => format!("append what the record says, as `feedback-append {path} --status failed --title 'Correction' --message …`"),
        "rewritten" if finding.level == Level::Note => "`git log --follow -p` shows the older commits".to_owned(),
        "rewritten" => format!("`git log -p -- {path}` shows what it was; restore it, and append the correction"),
        "leaked-credential" if finding.level == Level::Note => {
            "mend the file, or its declaration in ops.toml; `vault-check check` says what is wrong".to_owned()
        }
        "leaked-credential" => "change the credential now; then write `***REDACTED***` in its place, and take it out of the history (`vault-check leaks --history` says where else it is)".to_owned(),
        _ => "`feedback-append check --help` says what is checked".to_owned(),
    }
}
