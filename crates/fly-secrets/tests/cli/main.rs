//! `fly-secrets` as its users run it: the real program against the stand-in for Fly's API.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod apply;
mod bench;
mod faults;
mod flyctl;
mod other;
mod plan;
mod process;
mod real_flyctl;
mod scenarios;

use testbed::fly::{FakeFly, State};
use testbed::{Bed, Output};

pub(crate) const APP: &str = "hotdash-chatwoot";

/// The sample operator's repo, and a stand-in that has its app.
pub(crate) fn chatwoot() -> (Bed, FakeFly) {
    let bed = Bed::new();
    bed.copy_fixture("chatwoot");
    (bed, FakeFly::start(State::default().with_app(APP)).unwrap())
}

/// Runs `fly-secrets` against the stand-in.
pub(crate) fn run<const N: usize>(bed: &Bed, fly: &FakeFly, args: [&str; N]) -> Output {
    command(bed, fly, args).run()
}

pub(crate) fn command<'bed, const N: usize>(
    bed: &'bed Bed,
    fly: &FakeFly,
    args: [&str; N],
) -> testbed::Command<'bed> {
    let mut command = bed.command(testbed::bin!("fly-secrets")).args(args);
    for (name, value) in fly.variables() {
        command = command.env(name, value);
    }
    command
}

/// The output with the stand-in's port and today's date left out.
pub(crate) fn shown(output: &Output, fly: &FakeFly) -> String {
    let text = output.to_string().replace(&fly.url(), "[FLY]");
    let mut parts = text.split(" on 20");
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        shown.push_str(" on [DATE]");
        shown.push_str(&part[8..]);
    }
    shown
}

/// The same without the names that are treated as their neighbours are.
pub(crate) fn brief(output: &Output, fly: &FakeFly) -> String {
    let text = shown(output, fly);
    let mut hides_hint = false;
    let lines = text.lines().filter(|line| {
        hides_hint = line.contains("POSTGRES_") || hides_hint && line.starts_with("  hint:");
        !hides_hint
    });
    lines.collect::<Vec<_>>().join("\n")
}
