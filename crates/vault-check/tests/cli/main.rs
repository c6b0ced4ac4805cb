//! Tests of the real `vault-check` program.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod check;
mod check_more;
mod commands;
mod corners;
mod expected;
mod hostile;
mod leaks;
mod leaks_by_form;
mod leaks_found;
mod leaks_git;
mod leaks_more;
mod leaks_packed;
mod operator;
mod packaged;
mod passed_over;
mod planted;
mod progress;
mod scenarios;
