//! A bundle as it lies on disk: its records, its runs, and whether it is sealed.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use crate::chain::{Chain, RECORDS};
use crate::digest::Digest;
use crate::error::Error;
use crate::listing;
use crate::manifest::{MANIFEST, SIGNATURE};
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::record::{Begin, Body, End, FileEntry, Open, Record, Recovered, Seal, Suspect};

/// A bundle's records and the digest of its manifest. Its other files are not read: [`crate::verify`] does that.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    folder: PathBuf,
    chain: Chain,
    manifest: Option<Digest>,
    signed: bool,
}

/// One command of a bundle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run<'a> {
    /// What was recorded before it started.
    pub begin: &'a Begin,
    /// What was recorded when it had ended; none when it runs still, or when its recorder was killed.
    pub end: Option<&'a End>,
    /// What it left in the bundle, where its end is not known and somebody recorded it as cut short.
    pub left: &'a [FileEntry],
    /// The index of the `end` record, else of the `begin`: what `DIR#SEQ` cites.
    pub index: u64,
}

impl Bundle {
    /// Reads `evidence.jsonl` and hashes the manifest. Fails when the folder is not a bundle or cannot be read;
    /// records that do not hold together are in [`Bundle::problems`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let bytes = read_records(folder)?;
        let manifest_path = folder.join(MANIFEST);
        let manifest = match listing::read_file(&manifest_path) {
            Ok(bytes) => Some(Digest::of(&bytes)),
            Err(absent) if absent.kind() == io::ErrorKind::NotFound => None,
            Err(failed) => return Err(Error::read(&manifest_path)(failed)),
        };
        Ok(Self::of(folder, &bytes, manifest))
    }

    /// As [`Bundle::open`], for who says what is wrong with it: where a manifest stands, records that are gone or are
    /// no file count as none, and a manifest that is no file counts as none.
    pub fn inspect(folder: &Path) -> Result<Self, Error> {
        let manifest_path = folder.join(MANIFEST);
        let manifest = match listing::read_file(&manifest_path) {
            Ok(bytes) => Some(Digest::of(&bytes)),
            Err(odd) if listing::is_irregular(&odd) => None,
            Err(_) => return Self::open(folder),
        };
        let bytes = match read_records(folder) {
            Err(Error::NotABundle { .. }) => Vec::new(),
            Err(Error::Read { source, .. }) if listing::is_irregular(&source) => Vec::new(),
            read => read?,
        };
        Ok(Self::of(folder, &bytes, manifest))
    }

    fn of(folder: &Path, records: &[u8], manifest: Option<Digest>) -> Self {
        let signature = folder.join(SIGNATURE).symlink_metadata();
        let signed = manifest.is_some() && signature.is_ok_and(|found| found.is_file());
        Self { folder: folder.to_path_buf(), chain: Chain::read(records), manifest, signed }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was recorded when it was opened.
    pub fn opened(&self) -> Option<&Open> {
        self.records().iter().find_map(|record| match &record.body {
            Body::Open(open) => Some(open),
            _ => None,
        })
    }

    /// Its records, in order.
    pub fn records(&self) -> &[Record] {
        &self.chain.records
    }

    /// Where its records do not hold together; empty for an intact bundle.
    pub fn problems(&self) -> &[Problem] {
        &self.chain.problems
    }

    /// The digest of the last record's line.
    pub fn head(&self) -> Option<Digest> {
        self.chain.head
    }

    /// Its commands, in the order in which they were begun.
    pub fn runs(&self) -> Vec<Run<'_>> {
        runs(self.records())
    }

    /// One command by its number.
    pub fn run(&self, number: u32) -> Option<Run<'_>> {
        self.runs().into_iter().find(|run| run.begin.run == number)
    }

    /// The command whose `begin` or `end` record has this index, as a citation `DIR#SEQ` names it.
    pub fn run_at(&self, index: u64) -> Option<Run<'_>> {
        let record = self.records().iter().find(|record| record.index == index)?;
        match &record.body {
            Body::Begin(begin) => self.run(begin.run),
            Body::End(end) => self.run(end.run),
            _ => None,
        }
    }

    /// The record and the entry of the file with this path in the bundle, if a record has its digest.
    pub fn file(&self, path: &str) -> Option<(&Record, &FileEntry)> {
        self.records().iter().find_map(|record| {
            record.body.files().iter().find(|file| file.path == path).map(|file| (record, file))
        })
    }

    /// The closing record, when it is the last.
    pub fn seal(&self) -> Option<&Seal> {
        match self.records().last().map(|record| &record.body) {
            Some(Body::Seal(seal)) => Some(seal),
            _ => None,
        }
    }

    /// Whether it has a closing record and a manifest.
    pub fn is_sealed(&self) -> bool {
        self.seal().is_some() && self.manifest.is_some()
    }

    /// Whether a signature lies beside the manifest. Whether it holds, [`crate::verify`] says.
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// The digest of `manifest.sha256`, by which the whole bundle is cited.
    pub fn manifest_hash(&self) -> Option<Digest> {
        self.manifest
    }
}

impl<'a> Run<'a> {
    /// Its number in the bundle, from 1.
    pub fn number(&self) -> u32 {
        self.begin.run
    }

    /// How it ended, if that is recorded.
    pub fn outcome(&self) -> Option<&'a Outcome> {
        self.end.map(|end| &end.outcome)
    }

    /// The exit code as a shell has it: 124 timed out, 128 + n by signal n; none when no end is recorded.
    pub fn exit_code(&self) -> Option<u8> {
        self.outcome().map(Outcome::exit_code)
    }

    /// Whether its time was up.
    pub fn timed_out(&self) -> bool {
        self.outcome().is_some_and(Outcome::timed_out)
    }

    /// Whether it ended by itself with a code that its `begin` expects (0 where that names none), and printed what
    /// that expects.
    pub fn succeeded(&self) -> bool {
        let is_met = self.end.is_some_and(|end| end.unmet.is_empty());
        is_met && self.has_expected_exit()
    }

    fn has_expected_exit(&self) -> bool {
        match self.outcome() {
            Some(Outcome::Exited { code }) if !self.begin.expect_exit.is_empty() => {
                self.begin.expect_exit.contains(code)
            }
            outcome => outcome.is_some_and(Outcome::succeeded),
        }
    }

    /// How it ended, in words; where exit codes were said before it started, also whether its own is among them. None
    /// when no end is recorded.
    pub fn ending(&self) -> Option<String> {
        let outcome = self.outcome()?;
        let expected = self.begin.expect_exit.as_slice();
        Some(match outcome {
            Outcome::Exited { code } if !expected.is_empty() && !expected.contains(code) => {
                let codes: Vec<String> = expected.iter().map(u8::to_string).collect();
                format!("{outcome}, expected {}", codes.join(" or "))
            }
            Outcome::Exited { code: 1.. } if !expected.is_empty() => {
                format!("{outcome}, as expected")
            }
            _ => outcome.to_string(),
        })
    }

    /// Whether it succeeded and nothing about its output is suspect.
    pub fn is_proof_of_success(&self) -> bool {
        self.succeeded() && self.suspect().is_empty()
    }

    /// Why a success should not be believed unseen.
    pub fn suspect(&self) -> &'a [Suspect] {
        self.end.map_or(&[], |end| &end.suspect)
    }

    /// The files of a run that has ended, with their digests.
    pub fn files(&self) -> &'a [FileEntry] {
        self.end.map_or(&[], |end| &end.files)
    }

    /// What the command printed: its standard output or terminal, and its errors where that is empty.
    pub fn main_output(&self) -> Option<&'a FileEntry> {
        let of = |role: &str| self.files().iter().find(|file| file.role == role);
        let printed = |file: &&FileEntry| file.bytes > 0;
        let out = of("stdout").or_else(|| of("tty"));
        out.filter(printed).or_else(|| of("stderr").filter(printed)).or(out)
    }

    /// What it printed, as far as it was kept: each file with its role, also those of a run that was cut short.
    pub fn outputs(&self) -> impl Iterator<Item = (&'a FileEntry, &'static str)> + use<'a> {
        let role = |file: &FileEntry| match file.role.as_str() {
            "left" => file.path.rsplit_once('.').and_then(|(_, extension)| match extension {
                "out" => Some("stdout"),
                "err" => Some("stderr"),
                "tty" => Some("tty"),
                _ => None,
            }),
            role => ["stdout", "stderr", "tty"].into_iter().find(|known| *known == role),
        };
        self.files().iter().chain(self.left).filter_map(move |file| Some((file, role(file)?)))
    }

    /// Its command as a person would type it in a shell, each word as `quoted` writes it.
    pub fn command_line(&self, quoted: impl Fn(&str) -> String) -> String {
        let words: Vec<String> =
            self.begin.command.iter().map(|word| quoted(&word.lossy())).collect();
        let mut line = words.join(" ");
        match self.begin.more_arguments {
            0 => {}
            1 => line.push_str(" … (1 more argument, too long for a record)"),
            more => {
                let _ = write!(line, " … ({more} more arguments, too long for a record)");
            }
        }
        line
    }
}

fn read_records(folder: &Path) -> Result<Vec<u8>, Error> {
    let records = folder.join(RECORDS);
    listing::read_file(&records).map_err(|failed| match failed.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::NotABundle { path: folder.to_path_buf() }
        }
        _ => Error::read(&records)(failed),
    })
}

pub(crate) fn runs(records: &[Record]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for record in records {
        match &record.body {
            Body::Begin(begin) => {
                runs.push(Run { begin, end: None, left: &[], index: record.index });
            }
            Body::End(end) => {
                if let Some(run) = unfinished(&mut runs, end.run) {
                    run.end = Some(end);
                    run.index = record.index;
                }
            }
            Body::Recovered(Recovered { run: Some(number), files, .. }) => {
                if let Some(run) = unfinished(&mut runs, *number) {
                    run.left = files;
                }
            }
            _ => {}
        }
    }
    runs
}

fn unfinished<'r, 'a>(runs: &'r mut [Run<'a>], number: u32) -> Option<&'r mut Run<'a>> {
    runs.iter_mut().rfind(|run| run.begin.run == number && run.end.is_none())
}
