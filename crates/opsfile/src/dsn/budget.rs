//! `[dsn.budget]`: how many connections a pooler or server lends, and how many the processes take.

use crate::error::Error;
use crate::grammar::{Key, Kind, Section};
use crate::node::Node;

/// The most machines, processes, threads or connections that are believed.
const MOST: u32 = 100_000;

/// Connections as they are planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The line of ops.toml on which it begins.
    pub line: usize,
    /// How many connections the pooler or server lends.
    pub limit: u32,
    /// How many are kept free for people, migrations and the release command.
    pub reserve: u32,
    /// How many sets of machines run side by side during a deploy.
    pub overlap: u32,
    /// Who takes connections.
    pub process: Vec<Process>,
}

/// One kind of process and the connections it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// What it is called.
    pub name: String,
    /// How many machines run it.
    pub machines: u32,
    /// How many processes a machine runs, as `WEB_CONCURRENCY` says.
    pub processes: u32,
    /// How many connections a process takes, as `RAILS_MAX_THREADS` or `SIDEKIQ_CONCURRENCY` says.
    pub threads: u32,
}

impl Process {
    /// The connections that all machines of this kind take together.
    pub fn connections(&self) -> u64 {
        [self.processes, self.threads]
            .into_iter()
            .fold(u64::from(self.machines), |product, factor| product.saturating_mul(factor.into()))
    }
}

impl Budget {
    /// The connections that are taken while a deploy runs old and new machines side by side.
    pub fn connections(&self) -> u64 {
        let once = self.process.iter().map(Process::connections).fold(0, u64::saturating_add);
        once.saturating_mul(self.overlap.into()).saturating_add(self.reserve.into())
    }
}

pub(super) const SECTION: Section = Section {
    about: "How many connections there may be, and who takes them.",
    keys: &[
        Key::required(
            "limit",
            Kind::Number(1, MOST),
            "How many connections the pooler or server lends, as its settings page says.",
        ),
        Key::default(
            "reserve",
            Kind::Number(0, MOST),
            "0",
            "Connections kept free for people, migrations and the release command.",
        ),
        Key::default(
            "overlap",
            Kind::Number(1, 10),
            "1",
            "How many sets of machines run side by side; 2 where deploys are rolling or bluegreen.",
        ),
        Key::required("process", Kind::List(&Kind::Table(&PROCESS), 1), "Who takes connections."),
    ],
    choices: &[],
};

const PROCESS: Section = Section {
    about: "One kind of process and the connections it takes.",
    keys: &[
        Key::required("name", Kind::Name, "What findings call it."),
        Key::default("machines", Kind::Number(0, MOST), "1", "How many machines run it."),
        Key::default(
            "processes",
            Kind::Number(1, MOST),
            "1",
            "How many processes a machine runs, as `WEB_CONCURRENCY` says.",
        ),
        Key::required(
            "threads",
            Kind::Number(1, MOST),
            "How many connections a process takes, as `RAILS_MAX_THREADS` or `SIDEKIQ_CONCURRENCY` says.",
        ),
    ],
    choices: &[],
};

/// Reads the section.
pub(super) fn read(node: &Node<'_>) -> Result<Budget, Error> {
    let table = node.table(&SECTION)?;
    let mut process = Vec::new();
    for item in table.some_items("process")? {
        let table = item.table(&PROCESS)?;
        let or = |key: &str, least: u32, default: u32| {
            table.get(key).map_or(Ok(default), |node| node.number(least, MOST))
        };
        process.push(Process {
            name: table.need("name")?.name()?.to_owned(),
            machines: or("machines", 0, 1)?,
            processes: or("processes", 1, 1)?,
            threads: table.need("threads")?.number(1, MOST)?,
        });
    }
    let reserve = table.get("reserve").map_or(Ok(0), |node| node.number(0, MOST))?;
    let overlap = table.get("overlap").map_or(Ok(1), |node| node.number(1, 10))?;
    Ok(Budget {
        line: node.line(),
        limit: table.need("limit")?.number(1, MOST)?,
        reserve,
        overlap,
        process,
    })
}
