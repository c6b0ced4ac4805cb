//! What is recorded when a command has ended: its files, an envelope over them, and the `end` record.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use evidence::{
    Body, Context, Digest, End, Envelope, Expectation, FileEntry, Program, Signer, Text,
    record_time, statement,
};

use super::begin::Begun;
use super::capture::Captured;
use super::git::Asked;
use super::program::Hashing;
use super::stream::Sink;
use super::{Plan, expect, suspect};
use crate::error::Error;
use crate::redaction::Cleaner;
use crate::{TOOL, clock, open};

/// What was learnt beside the output.
pub(super) struct Facts {
    pub(super) clock_start: DateTime<Utc>,
    pub(super) program: Option<(PathBuf, Hashing)>,
    pub(super) git: Option<Asked>,
}

/// What the operator is to be told.
pub(super) struct Ended {
    /// What was expected of the output and is not there.
    pub(super) unmet: Vec<Expectation>,
    /// How many bytes of the output were kept and not shown.
    pub(super) not_shown: u64,
}

/// Makes the output durable, signs a statement about it, and records the end.
pub(super) fn end(
    plan: &Plan<'_>,
    mut begun: Begun<'_>,
    captured: Captured,
    facts: Facts,
    cleaner: &mut Cleaner<'_>,
    signer: Option<&dyn Signer>,
) -> Result<Ended, Error> {
    let (mut files, mut truncated) = (Vec::new(), Vec::new());
    let (mut terminal_closed, mut not_shown) = (false, 0);
    for sink in &mut begun.streams {
        let path = plan.folder.join(sink.name());
        let (file, cut) = sink.entry().map_err(|source| Error::Output { path, source })?;
        files.push(file);
        truncated.extend(cut);
        terminal_closed |= sink.terminal.is_closed();
        not_shown += sink.terminal.not_shown();
    }
    let printed =
        begun.streams.first().map(|sink| plan.folder.join(sink.name())).unwrap_or_default();
    let timing = begun.timing.entry();
    files.push(timing.map_err(|source| Error::Write { what: "the order of the output", source })?);
    let head = |n: usize| begun.streams.get(n).map_or(&[][..], |sink| sink.head.as_slice());
    let program = facts.program.map(|(path, hashing)| Program {
        path: Text::from_bytes(cleaner.clean(path.as_os_str().as_encoded_bytes())),
        sha256: hashing.finish().map(|digest| digest.hex()),
    });
    let git = facts.git.and_then(|asked| asked.answer(cleaner));
    let counts: Vec<_> = begun.streams.iter().map(Sink::counts).collect();
    let (clock_end, took) = captured.ended;
    let mut end = End {
        run: begun.begin.run,
        suspect: suspect::reasons(&begun.begin.command, &captured.outcome, head(0), head(1)),
        unmet: expect::unmet(&begun.begin.expect_output, &printed, &captured.outcome),
        outcome: captured.outcome,
        started: record_time(facts.clock_start),
        ended: record_time(clock_end),
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        mode: plan.mode,
        files,
        truncated,
        redactions: cleaner.counts(&counts),
        program,
        git,
        env: begun.begin.env.clone(),
        still_open: captured.still_open,
        terminal_closed,
        not_shown,
        forwarded: captured.forwarded,
        received: captured.received,
    };
    let envelope = write_envelope(plan, &begun, &end, signer)?;
    end.files.push(envelope);
    let unmet = end.unmet.clone();
    // It is dated when it is written, which others in the bundle may have done since the command ended.
    evidence::append(&plan.folder, clock::now(), |_| vec![Body::End(Box::new(end))])?;
    Ok(Ended { unmet, not_shown })
}

fn write_envelope(
    plan: &Plan<'_>,
    begun: &Begun<'_>,
    end: &End,
    signer: Option<&dyn Signer>,
) -> Result<FileEntry, Error> {
    let bundle = plan.folder.file_name().unwrap_or_default().to_string_lossy();
    let host = open::host();
    let context = Context {
        bundle: &bundle,
        begin_index: begun.index,
        begin_digest: begun.digest,
        tool: TOOL,
        host: &host,
    };
    let payload = statement(&begun.begin, end, &context);
    // An envelope that could not be signed has no signature; `verify` says so, and the run counts all the same.
    let (envelope, _) = Envelope::seal(&payload, signer);
    let bytes = envelope.to_bytes();
    let path = format!("{:03}-{}.intoto.json", begun.begin.run, plan.label);
    durable::write_new(&plan.folder.join(&path), &bytes, 0o644)?;
    Ok(FileEntry {
        path,
        role: "envelope".into(),
        bytes: bytes.len() as u64,
        sha256: Digest::of(&bytes),
    })
}
