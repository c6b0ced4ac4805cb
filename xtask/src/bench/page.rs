//! docs/bench.md, and the same rows for the terminal.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use duct::cmd;

use super::measure::{Figure, Goal, Measured, Row};

/// One row for the terminal.
pub(super) fn line(row: &Row, outcome: &Result<Measured, String>) -> String {
    match outcome {
        Ok(measured) => {
            let ratio = ratio(row.goal, measured);
            format!(
                "{}: {}: {ratio:.2} of {} (goal {:.2}), {:.1} MiB",
                row.tool,
                row.work,
                row.peer.as_ref().map_or("", |peer| peer.name.as_str()),
                row.goal.ratio,
                measured.ours.memory_mib,
            )
        }
        Err(reason) => format!("{}: {}: not measured: {reason}", row.tool, row.work),
    }
}

/// The whole page.
pub(super) fn render(
    rows: &[(Row, Result<Measured, String>)],
    sizes: &str,
    n_rounds: usize,
    now: DateTime<Utc>,
) -> String {
    let mut page = format!(
        "# Speeds and sizes\n\n\
         Written by `cargo xtask bench` on {}.\n\
         Ours and the peer ran in turn on the same warm files, {n_rounds} counted rounds after one warm-up.\n\
         Our programs were copied from where they were built, as `cargo install` does; the peers are installed too.\n\
         Figures are medians; a ratio is the median of the ratios pair by pair.\n\
         Memory is the peak of the command and never less than {:.1} MiB, which whoever starts it has already.\n\
         Machine: {}.\n\n\
         | tool | work | peer | ratio | goal | met | wall ours / peer (ms) | CPU ours / peer (ms) | memory ours / peer (MiB) |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        now.format("%Y-%m-%d"),
        rows.iter()
            .filter_map(|(_, outcome)| outcome.as_ref().ok())
            .fold(f64::MAX, |least, measured| {
                least.min(measured.ours.memory_mib).min(measured.peer.memory_mib)
            }),
        machine(),
    );
    for (row, outcome) in rows {
        match outcome {
            Ok(measured) => measured_row(&mut page, row, measured),
            Err(reason) => {
                let _ = writeln!(
                    page,
                    "| {} | {} | not measured: {reason} | | | | | | |",
                    row.tool, row.work
                );
            }
        }
    }
    let _ = write!(
        page,
        "\n## Sizes\n\nThe programs as `cargo build --release` leaves them. `cargo xtask bench build` measures a clean build, for which the goal is 4 minutes.\n\n{sizes}"
    );
    page.push_str("\n## Commands\n\n");
    for (row, _) in rows {
        let _ = writeln!(page, "- {}, {}:", row.tool, row.work);
        let _ = writeln!(page, "  - ours: {}", row.ours.name);
        match &row.peer {
            Ok(peer) => {
                let _ = writeln!(page, "  - peer: {}", peer.name);
            }
            Err(reason) => {
                let _ = writeln!(page, "  - peer: missing, {reason}");
            }
        }
    }
    page
}

fn measured_row(page: &mut String, row: &Row, measured: &Measured) {
    let Goal { figure, ratio: goal, memory_mib } = row.goal;
    let ratio = ratio(row.goal, measured);
    let memory_met = memory_mib.is_none_or(|limit| measured.ours.memory_mib <= limit);
    let met = if ratio <= goal && memory_met { "yes" } else { "no" };
    let kind = if figure == Figure::Wall { "wall" } else { "CPU" };
    let memory_goal = memory_mib.map(|limit| format!(", {limit} MiB")).unwrap_or_default();
    let Measured { ours, peer, .. } = measured;
    let _ = writeln!(
        page,
        "| {} | {} | {} | {ratio:.2} {kind} | {goal:.2}{memory_goal} | {met} | {:.2} / {:.2} | {:.2} / {:.2} | {:.1} / {:.1} |",
        row.tool,
        row.work,
        row.peer.as_ref().map_or("", |peer| peer.name.as_str()).replace('|', "\\|"),
        ours.wall * 1e3,
        peer.wall * 1e3,
        ours.cpu * 1e3,
        peer.cpu * 1e3,
        ours.memory_mib,
        peer.memory_mib,
    );
}

fn ratio(goal: Goal, measured: &Measured) -> f64 {
    match goal.figure {
        Figure::Wall => measured.wall_ratio,
        Figure::Cpu => measured.cpu_ratio,
    }
}

fn machine() -> String {
    let read = |program: &str, args: &[&str]| {
        cmd(program, args).read().unwrap_or_else(|_| format!("no {program}"))
    };
    let lscpu = read("lscpu", &[]);
    let model = lscpu
        .lines()
        .find_map(|line| line.strip_prefix("Model name:"))
        .map_or("unknown processor", str::trim);
    format!(
        "{model}, {} cores, Linux {}, {}, {}",
        read("nproc", &[]),
        read("uname", &["-r"]),
        read("rustc", &["--version"]),
        read("git", &["--version"]),
    )
}
