//! Development only: hermetic runs of a tool, the CANARY guard, and the stand-in for Fly's API.
//!
//! A CLI test makes a [`Bed`], fills it, and runs the real program in it:
//!
//! ```text
//! let bed = testbed::Bed::new();
//! bed.copy_fixture("chatwoot");
//! let output = bed.command(testbed::bin!("vault-check")).args(["check"]).run();
//! insta::assert_snapshot!(output, @"…");
//! ```
//!
//! Every run is followed by two checks that no test has to ask for: no secret of the bed's vault lies in
//! what the run printed or wrote, and every JSON answer fits its schema in `docs/schemas/`.

#[cfg(feature = "harness")]
pub mod archive;
pub mod fly;

#[cfg(feature = "harness")]
mod bed;
#[cfg(feature = "harness")]
mod canary;
#[cfg(feature = "harness")]
mod expected;
#[cfg(feature = "harness")]
mod not_run;
#[cfg(feature = "harness")]
mod output;
#[cfg(feature = "harness")]
mod placeholder;
#[cfg(feature = "harness")]
mod run;
#[cfg(feature = "harness")]
mod sarif;
#[cfg(feature = "harness")]
mod schema;

pub use fly::FakeFly;

#[cfg(feature = "harness")]
pub use bed::Bed;
#[cfg(feature = "harness")]
pub use expected::check_fixtures;
#[cfg(feature = "harness")]
pub use not_run::not_run;
#[cfg(feature = "harness")]
pub use output::Output;
#[cfg(feature = "harness")]
pub use run::{Command, Running};

/// The path of a program of the calling package, as built for this test.
#[macro_export]
macro_rules! bin {
    ($name:literal) => {
        ::core::env!(::core::concat!("CARGO_BIN_EXE_", $name))
    };
}
