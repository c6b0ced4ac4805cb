//! Writing one entry: gather what it cites, judge what it claims, and put it into the log whole or not at all.

mod aside;
mod closers;
mod editor;
mod gate;
mod parts;
mod read_back;
mod write;

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use report::{Exit, Format, Invocation, Streams};

use crate::args::{AppendArgs, Args};
use crate::cite;
use crate::draft::{self, Draft};
use crate::error::Error;
use crate::json;
use crate::leak;
use crate::repo::{self, Repo};
use crate::stamp;
use crate::target::Target;
use write::Written;

/// The log that is named by its path.
pub(crate) fn named(append: &AppendArgs, invocation: &Invocation) -> Vec<PathBuf> {
    append.file.iter().map(|file| repo::plain(&invocation.cwd.join(file))).collect()
}

/// Writes the entry that the command line describes, and answers where it is.
pub(crate) fn run(
    args: &Args,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let started = Instant::now();
    let append = &args.append;
    let file = named(append, invocation);
    let repo = Repo::around(args.common.ops.as_deref(), &file, invocation)?;
    let target = Target::of(&repo, append.role.as_deref(), file.first())?;
    target.make_sure_it_is_a_log(&repo)?;
    target.allow(&repo, append.writer.as_deref())?;
    let cited = cite::gather(&append.evidence, &repo, &invocation.cwd)?;
    let draft =
        parts::draft(append, invocation, streams, &cited, target.role.map(|(name, _)| name))?;
    let put = |stderr: &mut dyn Write| {
        gate::claims(&draft, append.status.is_some(), &cited)?;
        gate::one_status(&draft)?;
        let secrets = repo.secrets()?;
        for gap in &secrets.gaps {
            writeln!(stderr, "warning: {}: {}", gap.path, gap.message)?;
        }
        gate::leaks(&draft, secrets.set.as_ref())?;
        for warning in read_back::check(&draft, &cited, &repo, &target, invocation)? {
            writeln!(stderr, "warning: {warning}")?;
        }
        write::write(&repo, &target, &draft, append.id.is_some(), invocation, started)
    };
    let written = match put(streams.stderr) {
        Ok(written) => written,
        Err(refused) => {
            if (append.message.is_none() || append.editor)
                && invocation.stdin_is_terminal
                && !draft.body.is_empty()
            {
                let secrets = repo.secrets().ok().and_then(|secrets| secrets.set);
                let kept = editor::keep(&leak::mask(&draft.body, secrets.as_ref()), invocation)?;
                writeln!(streams.stderr, "the text is kept in {}", kept.display())?;
            }
            return Err(refused);
        }
    };
    let untold = |source| Error::Untold { path: written.path.clone(), line: written.line, source };
    answer(append, &draft, &written, streams)
        .and_then(|()| streams.stdout.flush())
        .map_err(untold)?;
    warn(&target, &written, streams)?;
    Ok(Exit::OK)
}

fn answer(
    append: &AppendArgs,
    draft: &Draft,
    written: &Written,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let mut anchor = draft::anchor(written.at, &draft.title);
    if written.n_namesakes > 0 {
        anchor = format!("{anchor}-{}", written.n_namesakes);
    }
    let at = stamp::write(written.at);
    if append.answer.format == Format::Json {
        let answer = json::Appended {
            schema: json::APPEND,
            is_new: written.is_new,
            path: &written.path,
            line: written.line,
            anchor: &anchor,
            id: &draft.id,
            at: &at,
            happened: draft.happened.as_ref().map(|(happened, _)| stamp::write(*happened)),
            at_reason: draft.happened.as_ref().map(|(_, reason)| reason.as_str()),
            title: &draft.title,
            status: draft.status.as_deref(),
        };
        return report::json(streams.stdout, &answer);
    }
    let verb = if written.is_new { "appended to" } else { "already in" };
    let status = draft.status.as_ref().map_or(String::new(), |status| format!(" [{status}]"));
    writeln!(streams.stdout, "{verb} {}:{}{status}", written.path, written.line)?;
    writeln!(streams.stdout, "{}#{anchor}", written.path)?;
    Ok(())
}

/// A log above this many lines is hard to read; older entries belong into the archive.
const LONG: u64 = 5_000;

fn warn(target: &Target<'_>, written: &Written, streams: &mut Streams<'_>) -> Result<(), Error> {
    if written.line > LONG {
        writeln!(
            streams.stderr,
            "warning: {} has more than {LONG} lines; `feedback-append archive` moves old entries",
            target.shown
        )?;
    }
    for warning in &written.warnings {
        writeln!(streams.stderr, "warning: {}: {warning}", target.shown)?;
    }
    Ok(())
}
