//! A command that lives on though its recorder was killed: waited for, and ended where its time is up.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use evidence::Bundle;
use rustix::process::{Pid, Signal, kill_process};

use super::plan::PlannedStep;
use super::resume::{last_run, still_runs};
use super::stop::Stop;
use super::work::{Ctx, Event};
use crate::error::Error;

/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(50);
/// How long a command that was asked to end may take before it is killed, and then to be gone.
const GRACE: Duration = Duration::from_secs(5);

/// Waits until nothing of the step's last run lives any more, if its end is not recorded.
pub(super) fn wait(
    at: usize,
    step: &PlannedStep,
    ctx: &Ctx<'_>,
    started: Instant,
    signals: &Stop,
    events: &SyncSender<Event>,
) -> Result<(), Error> {
    let mut is_said = false;
    let mut asked: Option<Instant> = None;
    while let Some(mark) = lives(ctx, step) {
        let holders = holders(&mark);
        if !is_said {
            let processes = named(&holders);
            let said =
                format!("  {}: its recorder was killed; waits for its command{processes}", step.id);
            drop(events.send(Event::Line(at, said)));
            is_said = true;
        }
        let is_over = step.timeout.is_some_and(|timeout| started.elapsed() >= timeout);
        match asked {
            None if is_over || signals.is_set() => {
                asked = Some(Instant::now());
                end(&holders, Signal::TERM);
            }
            Some(since) if since.elapsed() >= GRACE * 2 => {
                return Err(Error::Setting {
                    what: format!("the step `{}` of {} still runs", step.id, ctx.bundle),
                    hint: format!("end its command{}; then resume", named(&holders)),
                });
            }
            Some(since) if since.elapsed() >= GRACE => end(&holders, Signal::KILL),
            _ => {}
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// The file that the step's command holds, if its end is not recorded and it lives.
fn lives(ctx: &Ctx<'_>, step: &PlannedStep) -> Option<PathBuf> {
    let bundle = Bundle::open(&ctx.bundle_folder()).ok()?;
    let run = last_run(&bundle, &step.id).filter(|run| run.end.is_none())?;
    let running = still_runs(&bundle).ok().flatten()?;
    let name = format!("{:03}-{}.timing", run.number(), step.id);
    (running == step.id).then(|| bundle.folder().join(name))
}

/// The processes that hold a file open.
pub(super) fn holders(file: &Path) -> Vec<Pid> {
    let Ok(file) = file.canonicalize() else { return Vec::new() };
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let holds = |process: &Path| {
        let Ok(open) = fs::read_dir(process.join("fd")) else { return false };
        open.flatten().any(|open| fs::read_link(open.path()).is_ok_and(|held| held == file))
    };
    let found = processes.flatten().filter_map(|process| {
        let number = process.file_name().to_str()?.parse().ok()?;
        Pid::from_raw(number).filter(|_| holds(&process.path()))
    });
    found.collect()
}

/// `, process 17`, for a sentence that ends there.
pub(super) fn named(holders: &[Pid]) -> String {
    let numbers: Vec<String> = holders.iter().map(ToString::to_string).collect();
    match numbers.len() {
        0 => String::new(),
        1 => format!(", process {}", numbers.concat()),
        _ => format!(", processes {}", numbers.join(", ")),
    }
}

fn end(holders: &[Pid], signal: Signal) {
    for pid in holders {
        // One that has ended meanwhile is no concern.
        let _ = kill_process(*pid, signal);
    }
}
