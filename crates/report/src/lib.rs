//! What every tool answers: a verdict with its findings, in four renderings, or an error, and the exit code.
//!
//! Reading order: an [`Invocation`] and its [`Streams`] enter in `main`; [`dispatch`] parses the
//! command line and runs the tool; the tool answers with a [`Report`] of [`Finding`]s, or with any
//! other JSON value, or fails with a [`Failure`]; all of it ends in one [`Exit`].

mod answer;
mod command_line;
mod deferred;
mod dispatch;
mod exit;
mod failure;
mod finding;
mod git;
mod invocation;
mod palette;
mod render;
mod rule;
mod streams;
mod terminal;

pub use answer::{Report, Tool};
pub use command_line::{AnswerFormat, ColorWhen, CommandLine, Common, FindingsFormat, Format};
pub use deferred::Deferred;
pub use dispatch::{dispatch, main, main_or};
pub use exit::Exit;
pub use failure::{Failure, describe};
pub use finding::{Finding, Level, Subject};
pub use git::{GIT_SETTINGS, GIT_VARIABLES};
pub use invocation::{Invocation, Variables};
pub use palette::Palette;
pub use render::json;
pub use rule::{Rule, explain};
pub use streams::Streams;
pub use terminal::{in_line, is_unseen, printable, quoted};
