//! The comparisons of the goals, one file a group.

mod check;
mod dsn;
mod evidence;
mod feedback;
mod fly;
mod history;
mod leaks;
mod material;
mod origin_log;
mod pipeline;
mod start_up;

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::Path;

use duct::cmd;

use super::measure::{Figure, Goal, Row, Side};
use crate::demo::fake_fly::FakeFly;
use crate::error::Error;
use crate::tool::Binaries;

/// Rounds of work that takes a second or more.
const FEW: usize = 5;

/// Where a group finds the tools, and makes its files.
struct Ctx<'a> {
    binaries: &'a Binaries,
    scratch: &'a Path,
    /// Stand-ins that rows need while they are measured.
    servers: RefCell<Vec<FakeFly>>,
}

type Group = fn(&Ctx<'_>) -> Result<Vec<Row>, Error>;

/// Each group with the names by which it is asked for, in the order of the page.
const GROUPS: [(&[&str], Group); 10] = [
    (&["start"], start_up::rows),
    (&["vault-check", "leaks"], leaks::rows),
    (&["vault-check", "history"], history::rows),
    (&["vault-check", "check"], check::rows),
    (&["dsn-align"], dsn::rows),
    (&["evidence-log"], evidence::rows),
    (&["evidence-log", "origin-log"], origin_log::rows),
    (&["feedback-append"], feedback::rows),
    (&["fly-secrets"], fly::rows),
    (&["pipeline"], pipeline::rows),
];

/// The names of all groups, each once.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let names = GROUPS.iter().flat_map(|(names, _)| names.iter().copied());
    names.collect::<std::collections::BTreeSet<_>>().into_iter()
}

/// The rows to measure.
pub(super) struct Chosen {
    /// In the order of the page.
    pub(super) rows: Vec<Row>,
    /// What must go on running until they are measured.
    pub(super) servers: Vec<FakeFly>,
}

/// Every row of the tools asked for (of all, where none is), in the order of the page.
pub(super) fn chosen(
    tools: &[String],
    binaries: &Binaries,
    scratch: &Path,
) -> Result<Chosen, Error> {
    let ctx = Ctx { binaries, scratch, servers: RefCell::default() };
    let mut rows = Vec::new();
    for (names, group) in GROUPS {
        if tools.is_empty() || tools.iter().any(|tool| names.contains(&tool.as_str())) {
            rows.extend(group(&ctx)?);
        }
    }
    Ok(Chosen { rows, servers: ctx.servers.into_inner() })
}

impl Ctx<'_> {
    /// A command of ours.
    fn ours(&self, tool: &str, args: &[&str], folder: &Path) -> Side {
        let mut words = vec![OsString::from(self.binaries.path(tool))];
        words.extend(args.iter().map(OsString::from));
        Side::new(&[&[tool], args].concat().join(" "), words, folder)
    }

    /// Runs a command of ours while preparing, and returns what it prints.
    fn prepare(&self, tool: &str, args: &[&str], folder: &Path) -> Result<String, Error> {
        cmd(self.binaries.path(tool), args).dir(folder).stderr_null().read().map_err(|source| {
            Error::Start { program: format!("{tool} {}", args.first().unwrap_or(&"")), source }
        })
    }
}

/// Somebody else's command.
fn peer(words: &[&str], folder: &Path) -> Side {
    Side::new(&words.join(" "), words.iter().map(OsString::from).collect(), folder)
}

/// Somebody else's command that may not be there.
fn installed(words: &[&str], folder: &Path) -> Result<Side, String> {
    let program = words.first().copied().unwrap_or_default();
    match cmd!("which", program).stdout_null().stderr_null().unchecked().run() {
        Ok(output) if output.status.success() => Ok(peer(words, folder)),
        _ => Err(format!("{program} is not installed")),
    }
}

fn wall(ratio: f64, memory_mib: Option<f64>) -> Goal {
    Goal { figure: Figure::Wall, ratio, memory_mib }
}

fn cpu(ratio: f64, memory_mib: Option<f64>) -> Goal {
    Goal { figure: Figure::Cpu, ratio, memory_mib }
}
