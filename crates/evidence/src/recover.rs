//! What a recorder that was killed left behind: half a line, and beginnings without an end. An end is never made up.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::bundle;
use crate::chain::{Chain, RECORDS};
use crate::error::Error;
use crate::listing;
use crate::record::{Body, FileEntry, Recovered};
use crate::write::append_after_all;

/// What was found and recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The file that keeps what was left of a line, if one was cut short.
    pub torn: Option<FileEntry>,
    /// The runs whose recorder is gone, and which are recorded as cut short now.
    pub cut_short: Vec<u32>,
    /// The runs that are still being recorded; nothing was done about them.
    pub running: Vec<u32>,
}

/// Puts a torn line aside and records each run whose recorder is gone as cut short. The bundle stays open. A second
/// call finds nothing more to do.
pub fn recover(folder: &Path, now: DateTime<Utc>) -> Result<Recovery, Error> {
    let paths = listing::files(folder)?;
    let mut recovery = Recovery::default();
    let appended = append_after_all(folder, now, |chain| {
        let unfinished = Unfinished::of(folder, chain);
        (recovery.cut_short, recovery.running) = (unfinished.cut_short, unfinished.running);
        let cut_short = recovery.cut_short.iter().map(|&run| recovered_run(folder, run, &paths));
        kept_aside(folder, chain, &paths).into_iter().chain(cut_short).collect()
    })?;
    recovery.torn = appended.into_iter().find_map(|appended| match appended.record.body {
        Body::Recovered(part) => part.torn,
        _ => None,
    });
    Ok(recovery)
}

/// The runs without an end that no record speaks of yet.
#[derive(Default)]
pub(crate) struct Unfinished {
    /// Their recorder is gone.
    pub(crate) cut_short: Vec<u32>,
    /// Their recorder is at work.
    pub(crate) running: Vec<u32>,
}

impl Unfinished {
    pub(crate) fn of(folder: &Path, chain: &Chain) -> Self {
        let is_recovered = |run: u32| {
            chain.records.iter().any(
                |record| matches!(&record.body, Body::Recovered(part) if part.run == Some(run)),
            )
        };
        let abandoned = abandoned(folder, chain);
        let mut unfinished = Self::default();
        for run in bundle::runs(&chain.records) {
            let number = run.begin.run;
            if run.end.is_some() || is_recovered(number) {
                continue;
            }
            if abandoned.contains(&number) {
                unfinished.cut_short.push(number);
            } else {
                unfinished.running.push(number);
            }
        }
        unfinished
    }
}

/// The runs that were begun, have no end, and whose recorder is gone: their output file is not locked any more.
pub fn abandoned(folder: &Path, chain: &Chain) -> Vec<u32> {
    bundle::runs(&chain.records)
        .iter()
        .filter(|run| run.end.is_none() && !is_being_written(folder, run.begin.run))
        .map(|run| run.begin.run)
        .collect()
}

/// Whether a recorder holds the lock on one of the run's files.
fn is_being_written(folder: &Path, run: u32) -> bool {
    let prefix = format!("{run:03}-");
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).any(
        |entry| {
            listing::open_file(&entry.path())
                .is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
        },
    )
}

/// Records for the torn lines that were put aside and of which no record speaks: whoever did it was killed too.
pub(crate) fn kept_aside(folder: &Path, chain: &Chain, paths: &[String]) -> Vec<Body> {
    let is_known = |path: &str| {
        chain.records.iter().any(|record| {
            matches!(&record.body, Body::Recovered(Recovered { torn: Some(torn), .. }) if torn.path == path)
        })
    };
    paths
        .iter()
        .filter(|path| is_torn(path) && !is_known(path))
        .filter_map(|path| listing::entry(folder, &folder.join(path), "torn").ok())
        .map(torn_record)
        .collect()
}

/// Whether a file keeps a line that was never finished.
pub(crate) fn is_torn(path: &str) -> bool {
    path.strip_prefix(RECORDS).is_some_and(|rest| rest.starts_with(".torn-"))
}

/// The record of a torn line that is kept in this file.
pub(crate) fn torn_record(torn: FileEntry) -> Body {
    Body::Recovered(Recovered { torn: Some(torn), run: None, files: Vec::new() })
}

/// The record that stands for the end which nobody saw.
pub fn recovered_run(folder: &Path, run: u32, paths: &[String]) -> Body {
    let prefix = format!("{run:03}-");
    let files: Vec<FileEntry> = paths
        .iter()
        .filter(|path| path.starts_with(&prefix))
        .filter_map(|path| listing::entry(folder, &folder.join(path), "left").ok())
        .collect();
    Body::Recovered(Recovered { torn: None, run: Some(run), files })
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::record::{Begin, Mode, Open};
    use crate::{Bundle, Rule, Trust};

    fn bundle() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let open = Body::Open(Open {
            name: "n".into(),
            area: String::new(),
            tool: "t".into(),
            host: String::new(),
        });
        let begin = Body::Begin(Begin {
            run: 1,
            label: "x".into(),
            command: vec!["true".into()],
            more_arguments: 0,
            cwd: ".".into(),
            mode: Mode::Pipe,
            stdin: "null".into(),
            env: Vec::new(),
            timeout_ms: None,
            expect_exit: Vec::new(),
            expect_output: Vec::new(),
            max_bytes: None,
            boot: String::new(),
            unredacted: Vec::new(),
        });
        crate::append(folder.path(), DateTime::UNIX_EPOCH, |_| vec![open, begin]).unwrap();
        std::fs::write(folder.path().join("001-x.out"), "so far\n").unwrap();
        folder
    }

    #[test]
    fn what_was_cut_short_is_recorded_once_and_no_end_is_made_up() {
        let folder = bundle();
        let path = folder.path().join("evidence.jsonl");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], b"{\"v\":1,\"i\":2"].concat()).unwrap();

        let found = recover(folder.path(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!((found.cut_short, found.running), (vec![1], vec![]));
        assert_eq!(found.torn.map(|torn| torn.bytes), Some(12));
        let again = recover(folder.path(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(again, Recovery::default());

        let bundle = Bundle::open(folder.path()).unwrap();
        assert!(bundle.runs()[0].end.is_none() && !bundle.is_sealed());
        let rules: Vec<Rule> = crate::verify(folder.path(), &Trust::default())
            .unwrap()
            .problems
            .iter()
            .map(|problem| problem.rule)
            .filter(|rule| !matches!(rule, Rule::Recovered | Rule::Unsigned))
            .collect();
        assert_eq!(rules, [Rule::Incomplete, Rule::Unsealed]);
    }

    #[test]
    fn a_run_that_is_being_recorded_is_left_alone() {
        let folder = bundle();
        let file = File::open(folder.path().join("001-x.out")).unwrap();
        file.lock().unwrap();
        let found = recover(folder.path(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!((found.cut_short, found.running), (vec![], vec![1]));
    }
}
