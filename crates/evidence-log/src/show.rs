//! `show`: what happened in a bundle, as a timeline.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use evidence::{Attach, Body, Bundle, End, FileEntry, Gate, Git, Outcome, Record, Run, Truncated};
use report::{Common, Exit, Format, Invocation, Palette, Streams};
use serde_json::{Value, json};

use crate::args;
use crate::count::counted;
use crate::error::{self, Error};
use crate::setting::Setting;

/// Shows a bundle's records; nothing is verified here but the links between them.
pub(crate) fn show(
    args: &args::Show,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle(&args.bundle)?;
    let bundle = Bundle::open(&folder)?;
    let shown = setting.shown(&folder);
    if args.answer.format == Format::Json {
        report::json(streams.stdout, &as_json(&bundle, &shown)).map_err(error::answer)?;
    } else {
        let palette = Palette::for_stdout(common.color, invocation);
        streams
            .stdout
            .write_all(timeline(&bundle, &shown, palette).as_bytes())
            .map_err(error::answer)?;
    }
    Ok(Exit::OK)
}

fn timeline(bundle: &Bundle, shown: &str, palette: Palette) -> String {
    let mut text = String::new();
    let sealed = match (bundle.is_sealed(), bundle.is_signed()) {
        (true, true) => "sealed and signed",
        (true, false) => "sealed, UNSIGNED",
        (false, _) => "not sealed",
    };
    let _ = writeln!(text, "{} ({sealed})", palette.bold(&visible(shown)));
    for problem in bundle.problems() {
        let _ = writeln!(text, "  {} {}", palette.error("!"), visible(&problem.to_string()));
    }
    let mut runs = bundle.runs().into_iter();
    for record in bundle.records() {
        let time = time(record.time);
        match &record.body {
            Body::Begin(_) => {
                if let Some(run) = runs.next() {
                    show_run(&mut text, &time, &run, palette);
                }
            }
            Body::End(_) => {}
            other => {
                let line = visible(&one_line(other, record));
                let _ = writeln!(text, "  {} {line}", palette.dim(&time));
            }
        }
    }
    text
}

fn show_run(text: &mut String, time: &str, run: &Run<'_>, palette: Palette) {
    let outcome = match run.ending() {
        Some(ending) if run.is_proof_of_success() => palette.ok(&visible(&ending)),
        Some(ending) => palette.error(&visible(&ending)),
        None => palette.error("its end is not recorded"),
    };
    let took = run.end.map_or_else(String::new, |end| format!(", {}", duration(end.duration_us)));
    let _ = writeln!(
        text,
        "  {} {:03} {} ({outcome}{took})",
        palette.dim(time),
        run.number(),
        palette.bold(&visible(&run.begin.label))
    );
    let _ = writeln!(text, "      $ {}", visible(&run.command_line(report::quoted)));
    for (file, _) in run.outputs().filter(|(file, _)| file.bytes > 0) {
        let _ = writeln!(text, "      {} {} bytes", visible(&file.path), file.bytes);
    }
    for remark in run_remarks(run) {
        let _ = writeln!(text, "      {} {}", palette.hint("·"), visible(&remark));
    }
}

/// Words of a bundle as a terminal may have them: whoever wrote them moves no cursor, and begins no line that could be
/// taken for one of ours.
fn visible(words: &str) -> String {
    report::printable(words).replace('\n', "\n        ")
}

/// What is said behind a commit about the files.
pub(crate) fn changes(git: &Git) -> &'static str {
    match git.dirty {
        Some(true) => ", with changes",
        Some(false) => "",
        None => "; whether files had changed before the command is not known",
    }
}

/// What is worth knowing of a run, in words.
pub(crate) fn run_remarks(run: &Run<'_>) -> Vec<String> {
    match (run.end, run.begin.max_bytes) {
        (Some(end), _) => remarks(end),
        (None, Some(most)) => {
            vec![format!("of each stream {most} bytes were to be kept: its beginning and its end")]
        }
        (None, None) => Vec::new(),
    }
}

fn remarks(end: &End) -> Vec<String> {
    let mut remarks: Vec<String> =
        end.suspect.iter().map(|reason| format!("suspect: {}", reason.word())).collect();
    remarks.extend(end.unmet.iter().map(|unmet| format!("its output has not {unmet}")));
    if !end.redactions.is_empty() {
        let rules: Vec<_> = end
            .redactions
            .iter()
            .map(|found| format!("{} × {}", found.count, found.rule))
            .collect();
        remarks.push(format!("redacted: {}", rules.join(", ")));
    }
    if end.still_open {
        remarks.push("something it started still held its output when it ended".into());
    }
    for Truncated { path, head, tail, of } in &end.truncated {
        remarks.push(format!("{path} has the first {head} and the last {tail} of {of} bytes"));
    }
    if end.not_shown > 0 {
        remarks.push(format!("{} bytes were kept and not shown", end.not_shown));
    }
    if end.terminal_closed {
        remarks.push("its output was not read to the end where it was shown".into());
    }
    if !end.forwarded.is_empty() {
        remarks.push(format!("signals passed on: {}", end.forwarded.join(", ")));
    }
    if !end.received.is_empty() {
        remarks.push(format!("interrupted meanwhile: {}", end.received.join(", ")));
    }
    if let Some(git) = &end.git {
        let commit = git
            .commit
            .as_deref()
            .map_or("no commit yet", |commit| commit.get(..12).unwrap_or(commit));
        remarks.push(format!("git {commit}{}", changes(git)));
    }
    remarks
}

fn one_line(body: &Body, record: &Record) -> String {
    match body {
        Body::Open(open) => format!("opened by {} on {}", open.tool, open.host),
        Body::Note(note) => format!("note: {}", note.text),
        Body::Attach(attach) => {
            let names: Vec<_> = attach.files.iter().map(|file| file.path.as_str()).collect();
            let how = if attach.unrecorded().next().is_some() { "found" } else { "attached" };
            let mut text = format!("{how} {}", names.join(", "));
            for name in names {
                for remark in attach.remarks(name) {
                    let _ = write!(text, "\n{name}: {remark}");
                }
            }
            text
        }
        Body::Gate(gate) => gate_line(gate),
        Body::Recovered(part) => match part.run {
            Some(run) => format!("run {run} was found cut short"),
            None => "a record was found cut short".into(),
        },
        Body::Seal(seal) => {
            format!(
                "sealed with {} and {}",
                counted(&seal.runs, "run"),
                counted(&seal.files, "file")
            )
        }
        other => format!("{} (record {})", other.kind(), record.index),
    }
}

/// Which step waited, what the answer was, who gave it and how.
pub(crate) fn gate_line(gate: &Gate) -> String {
    let verdict = if gate.approved { "approved" } else { "refused" };
    let who = if gate.who.is_empty() { "somebody" } else { &gate.who };
    let by = if gate.by.is_empty() { String::new() } else { format!(" ({})", gate.by) };
    format!("{} {verdict} by {who}{by}", gate.step)
}

pub(crate) fn as_json(bundle: &Bundle, shown: &str) -> Value {
    let runs: Vec<Value> = bundle.runs().iter().map(run_json).collect();
    let attached = bundle.records().iter().filter_map(|record| match &record.body {
        Body::Attach(attach) => Some(attachments_json(attach)),
        _ => None,
    });
    let attachments: Vec<Value> = attached.flatten().collect();
    json!({
        "schema": "evidence-log/show/1",
        "bundle": shown,
        "name": bundle.opened().map(|open| open.name.clone()),
        "area": bundle.opened().map(|open| open.area.clone()),
        "opened": bundle.records().first().map(|record| record.time.to_rfc3339_opts(SecondsFormat::Micros, true)),
        "sealed": bundle.is_sealed(),
        "signed": bundle.is_signed(),
        "manifest": bundle.manifest_hash().map(|digest| digest.to_string()),
        "intact_links": bundle.problems().is_empty(),
        "runs": runs,
        "attachments": attachments,
    })
}

fn attachments_json(attach: &Attach) -> Vec<Value> {
    let entry = |file: &FileEntry| {
        let suspect = attach.suspect.iter().filter(|found| found.path == file.path);
        let reasons: Vec<_> =
            suspect.flat_map(|found| &found.reasons).map(|reason| reason.word()).collect();
        let unsearched = attach.unsearched.iter().find(|found| found.path == file.path);
        json!({
            "path": file.path,
            "role": file.role,
            "bytes": file.bytes,
            "sha256": file.sha256.hex(),
            "suspect": reasons,
            "unsearched": unsearched.map(|found| found.why.clone()),
        })
    };
    attach.files.iter().map(entry).collect()
}

fn run_json(run: &Run<'_>) -> Value {
    let files: Vec<Value> = run
        .files()
        .iter()
        .chain(run.left)
        .map(|file| json!({ "path": file.path, "role": file.role, "bytes": file.bytes, "sha256": file.sha256.hex() }))
        .collect();
    let how = run.outcome().map(|outcome| match outcome {
        Outcome::Exited { .. } => "exited",
        Outcome::Signaled { .. } => "signaled",
        Outcome::TimedOut { .. } => "timed-out",
        Outcome::NotStarted { .. } => "not-started",
    });
    json!({
        "run": run.number(),
        "label": run.begin.label,
        "more_arguments": run.begin.more_arguments,
        "command": run.begin.command.iter().map(|word| word.lossy().into_owned()).collect::<Vec<_>>(),
        "outcome": how,
        "exit": run.exit_code(),
        "expect_exit": run.begin.expect_exit,
        "succeeded": run.succeeded(),
        "started": run.end.map(|end| end.started.clone()),
        "duration_us": run.end.map(|end| end.duration_us),
        "suspect": run.suspect().iter().map(|reason| reason.word()).collect::<Vec<_>>(),
        "truncated": run.end.map(|end| &*end.truncated).unwrap_or_default(),
        "files": files,
    })
}

pub(crate) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A duration in the unit that a person would use.
pub(crate) fn duration(microseconds: u64) -> String {
    let milliseconds = microseconds / 1000;
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1000),
    }
}
