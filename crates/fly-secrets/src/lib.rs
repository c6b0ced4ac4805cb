//! What a Fly app holds is what the vault says, without ever reading a value back.
//!
//! ops.toml says where each secret's value comes from ([`wanted`]); the state file in the vault says what was last
//! applied ([`state`]); Fly lists names and digests ([`listing`], [`api`]). [`plan`] decides from the three.

mod adopt;
pub mod api;
mod apply;
mod args;
mod auth;
mod config;
pub mod deployed;
pub mod encode;
mod error;
pub mod fingerprint;
mod flyctl;
mod json;
pub mod listing;
mod logs;
mod look;
pub mod plan;
mod render;
mod rules;
mod setup;
pub mod state;
mod stream;
pub mod token;
mod verify;
pub mod wanted;

use report::{CommandLine, Exit, Invocation, Palette, Streams};

pub use args::Args;
pub use error::Error;

use args::Command;
use setup::Setup;

/// Runs the tool.
pub fn run(invocation: &Invocation, streams: &mut Streams<'_>) -> Exit {
    report::dispatch::<Args, Error>(invocation, streams, |args, invocation, streams| {
        let common = args.common();
        let setup = Setup::load(common.ops.as_deref(), invocation)?;
        let palette = Palette::for_stdout(common.color, invocation);
        match &args.command {
            Command::Plan(plan) => look::run(plan, &setup, palette, invocation, streams),
            Command::Apply(apply) => apply::run(apply, &setup, palette, invocation, streams),
            Command::Verify(verify) => verify::run(verify, &setup, palette, invocation, streams),
            Command::Adopt(adopt) => adopt::run(adopt, &setup, palette, invocation, streams),
            Command::Auth(auth) => auth::run(auth, &setup, palette, invocation, streams),
            Command::Config(config) => config::run(config, &setup, palette, invocation, streams),
            Command::Logs(logs) => logs::run(logs, &setup, palette, invocation, streams),
            Command::Encode(encode) => stream::run(encode, &setup, invocation, streams),
        }
    })
}
