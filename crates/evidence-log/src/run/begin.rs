//! What is on disk before the command starts: the bundle, its `begin` record, and the files for its output.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;

use evidence::{Appended, Begin, Body, Digest, Tail, Text};

use super::kept::Kept;
use super::stream::{Sink, Timing};
use super::terminal::Terminal;
use super::{Plan, arguments};
use crate::error::Error;
use crate::redaction::{Cleaner, fitting_names};
use crate::{clock, open};

/// A run that has begun.
pub(super) struct Begun<'set> {
    /// What was recorded.
    pub(super) begin: Begin,
    /// The index of that record.
    pub(super) index: u64,
    /// The digest of its line.
    pub(super) digest: Digest,
    /// Where the streams go: stdout and stderr, or one for both.
    pub(super) streams: Vec<Sink<'set>>,
    /// Where the order of reads goes.
    pub(super) timing: Timing,
    /// Locked as long as we or the command live, which inherits it.
    #[expect(dead_code, reason = "it is held, and nobody reads it")]
    pub(super) mark: File,
}

/// Arguments beyond this many bytes are counted and not listed, so that the line keeps its limit.
const ARGUMENTS_LIMIT: usize = 40_000;

/// Records that the command is about to start. Its files are then made, and the first is locked, before anybody else
/// can add to the bundle: who finds a `begin` without an `end` can tell by that lock whether it is still recorded.
pub(super) fn begin<'set>(
    plan: &Plan<'set>,
    cleaner: &mut Cleaner<'set>,
) -> Result<Begun<'set>, Error> {
    let described = describe(plan, cleaner);
    let decide = |tail: &Tail| {
        let begin = Begin { run: tail.last_run.saturating_add(1), ..described };
        let area = plan.args.area.as_deref();
        let first = plan.fresh.as_ref().map(|name| open::first_record(name, area));
        first.into_iter().chain([Body::Begin(begin)]).collect()
    };
    let (mut appended, made) =
        evidence::append_then(&plan.folder, clock::now(), decide, |appended| {
            let begin = appended.last().and_then(begin_of);
            make_files(plan, begin.map_or(0, |begin| begin.run))
        })?;
    let (streams, timing, mark) =
        made.map_err(|source| Error::Write { what: "the files for the output", source })?;
    let last = appended.pop().ok_or_else(|| Error::NoBundle { path: plan.folder.clone() })?;
    match last.record.body {
        Body::Begin(begin) => {
            let (index, digest) = (last.record.index, last.digest);
            Ok(Begun { begin, index, digest, streams, timing, mark })
        }
        _ => Err(Error::NoBundle { path: plan.folder.clone() }),
    }
}

fn begin_of(appended: &Appended) -> Option<&Begin> {
    match &appended.record.body {
        Body::Begin(begin) => Some(begin),
        _ => None,
    }
}

fn describe(plan: &Plan<'_>, cleaner: &mut Cleaner<'_>) -> Begin {
    let (mut command, mut length) = (Vec::new(), 0);
    let words: Vec<&[u8]> = plan.args.command.iter().map(|word| word.as_encoded_bytes()).collect();
    for (argument, secrets) in words.iter().zip(arguments::secret_parts(&words)) {
        let clean = Text::from_bytes(cleaner.clean_parts(argument, &secrets));
        length += written_length(&clean);
        if length > ARGUMENTS_LIMIT {
            break;
        }
        command.push(clean);
    }
    let more = plan.args.command.len() - command.len();
    let cwd = plan.setting.shown(&plan.invocation.cwd);
    Begin {
        run: 0,
        label: plan.label.clone(),
        command,
        more_arguments: u32::try_from(more).unwrap_or(u32::MAX),
        cwd: Text::from_bytes(cleaner.clean(cwd.as_bytes())),
        mode: plan.mode,
        stdin: stdin_kind().to_owned(),
        env: fitting_names(
            plan.given.variables.iter().map(|(name, _)| cleaner.words(name)).collect(),
        ),
        unredacted: plan.given.unredacted(),
        timeout_ms: plan
            .args
            .timeout
            .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        expect_exit: plan.args.expect_exit.clone(),
        expect_output: plan.args.expect_output(),
        max_bytes: plan.args.max_bytes,
        boot: boot(),
    }
}

/// The id of the machine's present boot; empty where there is none.
fn boot() -> String {
    let mut id = [0; 64];
    let read =
        File::open("/proc/sys/kernel/random/boot_id").and_then(|mut file| file.read(&mut id));
    String::from_utf8_lossy(&id[..read.unwrap_or(0)]).trim().to_owned()
}

/// How many bytes an argument takes in a record.
fn written_length(argument: &Text) -> usize {
    let written =
        serde_json::to_vec(argument).map_or(argument.as_bytes().len() * 6, |json| json.len());
    written + 1
}

/// The files of the run. One is locked once more through a descriptor that the command inherits and can only read:
/// where we are killed and the command is not, it still runs for everybody who looks.
fn make_files<'set>(plan: &Plan<'set>, run: u32) -> io::Result<(Vec<Sink<'set>>, Timing, File)> {
    let stem = format!("{run:03}-{}", plan.label);
    let make = |extension: &str| {
        let name = format!("{stem}.{extension}");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(plan.folder.join(&name))?;
        Ok::<_, io::Error>((file, name))
    };
    let mut streams = Vec::new();
    let kinds: &[(u8, &str, &str)] = match plan.mode {
        evidence::Mode::Pipe => &[(1, "out", "stdout"), (2, "err", "stderr")],
        evidence::Mode::Merged => &[(1, "out", "stdout")],
        evidence::Mode::Pty => &[(1, "tty", "tty")],
    };
    for &(fd, extension, role) in kinds {
        let (file, name) = make(extension)?;
        if streams.is_empty() {
            file.try_lock()?;
        }
        let kept = Kept::new(file, name, plan.args.max_bytes);
        let terminal = Terminal::of(fd, plan.args.no_stall);
        streams.push(Sink::new(fd, role, kept, plan.set, terminal));
    }
    let (file, name) = make("timing")?;
    let mark = File::open(plan.folder.join(&name))?;
    // A file system without locks has no such mark, and that is no reason not to run.
    drop(mark.try_lock_shared());
    rustix::io::fcntl_setfd(&mark, rustix::io::FdFlags::empty())?;
    Ok((streams, Timing::new(file, name), mark))
}

fn stdin_kind() -> &'static str {
    use rustix::fs::FileType;
    let stdin = rustix::stdio::stdin();
    if rustix::termios::isatty(stdin) {
        return "terminal";
    }
    match rustix::fs::fstat(stdin)
        .map(|found| (FileType::from_raw_mode(found.st_mode), found.st_rdev))
    {
        Ok((FileType::CharacterDevice, device)) if device == rustix::fs::makedev(1, 3) => "null",
        Ok((FileType::Fifo | FileType::Socket, _)) => "pipe",
        _ => "file",
    }
}
