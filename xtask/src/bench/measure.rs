//! Running two commands in turn, and what the kernel says each used.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::launch;

/// One comparison.
pub(super) struct Row {
    /// Whose goal it is.
    pub(super) tool: &'static str,
    /// What is done.
    pub(super) work: &'static str,
    /// Our command.
    pub(super) ours: Side,
    /// The peer's command, or why there is none.
    pub(super) peer: Result<Side, String>,
    /// The ratio to reach, and of what.
    pub(super) goal: Goal,
    /// The most rounds that are counted, for work that takes long.
    pub(super) max_rounds: usize,
}

/// A command to time.
#[derive(Clone)]
pub(super) struct Side {
    /// How it is called in the page.
    pub(super) name: String,
    /// The program and its arguments.
    pub(super) words: Vec<OsString>,
    /// The folder it runs in.
    pub(super) folder: PathBuf,
    /// What it reads on stdin; nothing where there is none.
    pub(super) input: Option<PathBuf>,
    /// Where its stdout goes; nowhere where there is none.
    pub(super) output: Option<PathBuf>,
    /// Exit codes that count as having done the work.
    pub(super) accepts: &'static [i32],
    /// What is removed after each run, so that none pays for the room that others took: a folder, and how the names
    /// of the files in it end.
    pub(super) leaves: Option<(PathBuf, &'static str)>,
}

impl Side {
    /// A command with no input, whose output is thrown away and whose success is 0.
    pub(super) fn new(name: &str, words: Vec<OsString>, folder: &Path) -> Self {
        Self {
            name: format!("`{name}`"),
            words,
            folder: folder.to_path_buf(),
            input: None,
            output: None,
            accepts: &[0],
            leaves: None,
        }
    }

    /// Runs it once and removes what it leaves.
    fn run(&self) -> Result<Usage, String> {
        let usage = launch::run(self)?;
        if let Some((folder, ending)) = &self.leaves {
            let failed = |error: io::Error| format!("{}: {error}", folder.display());
            for entry in fs::read_dir(folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                if entry.file_name().as_encoded_bytes().ends_with(ending.as_bytes()) {
                    fs::remove_file(entry.path()).map_err(failed)?;
                }
            }
        }
        Ok(usage)
    }
}

/// The ratio to reach, and how much memory may be used.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    /// Which figure is compared.
    pub(super) figure: Figure,
    /// The highest ratio of ours to the peer's.
    pub(super) ratio: f64,
    /// The highest peak memory of ours, in MiB.
    pub(super) memory_mib: Option<f64>,
}

/// A figure of a finished command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// Elapsed seconds.
    Wall,
    /// User and system seconds.
    Cpu,
}

/// What one finished command used.
#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) wall: f64,
    pub(super) cpu: f64,
    pub(super) memory_mib: f64,
}

/// The medians of both sides, and of the ratios pair by pair.
pub(super) struct Measured {
    pub(super) ours: Usage,
    pub(super) peer: Usage,
    pub(super) wall_ratio: f64,
    pub(super) cpu_ratio: f64,
}

/// Runs ours and the peer in turn after one uncounted pair, or says why that could not be done.
pub(super) fn compare(row: &Row, n_rounds: usize) -> Result<Measured, String> {
    let peer = row.peer.as_ref().map_err(Clone::clone)?;
    let (mut ours_used, mut peer_used) = (Vec::new(), Vec::new());
    for round in 0..=n_rounds.min(row.max_rounds) {
        let (ours, theirs) = (row.ours.run()?, peer.run()?);
        if round > 0 {
            ours_used.push(ours);
            peer_used.push(theirs);
        } else {
            // What was made for the row would be written to the disk while it is measured.
            rustix::fs::sync();
        }
    }
    let ratios = |figure: fn(&Usage) -> f64| {
        median(
            ours_used
                .iter()
                .zip(&peer_used)
                .map(|(ours, peer)| figure(ours) / figure(peer).max(1e-9))
                .collect(),
        )
    };
    let with_peak = |usage: Usage, side: &Side| Usage {
        memory_mib: launch::peak_mib(side).unwrap_or(usage.memory_mib),
        ..usage
    };
    Ok(Measured {
        wall_ratio: ratios(|usage| usage.wall),
        cpu_ratio: ratios(|usage| usage.cpu),
        ours: with_peak(medians(&ours_used), &row.ours),
        peer: with_peak(medians(&peer_used), peer),
    })
}

fn medians(usages: &[Usage]) -> Usage {
    let of = |figure: fn(&Usage) -> f64| median(usages.iter().map(figure).collect());
    Usage {
        wall: of(|usage| usage.wall),
        cpu: of(|usage| usage.cpu),
        memory_mib: of(|usage| usage.memory_mib),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_missing_peer_is_an_answer() {
        let side = Side::new("true", vec!["true".into()], Path::new("/"));
        let goal = Goal { figure: Figure::Wall, ratio: 1.0, memory_mib: None };
        let peer = Err("not installed".to_owned());
        let row = Row { tool: "t", work: "w", ours: side, peer, goal, max_rounds: 1 };
        assert_eq!(compare(&row, 1).err().unwrap(), "not installed");
    }
}
