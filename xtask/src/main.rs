//! The front door: the operator's pipelines, and the chores of this repo.

mod admin;
mod args;
mod bench;
mod ci;
mod command_line;
mod demo;
mod dispatch;
mod dist;
mod docs;
mod error;
mod fuzz;
mod ignored;
mod matrix;
mod pipeline;
mod probe_command;
mod repo;
mod test;
mod tidy;
mod tool;
mod toolchain;

use std::process::ExitCode;

fn main() -> ExitCode {
    match bench::launched() {
        Some(code) => code,
        None => report::main(dispatch::run),
    }
}
