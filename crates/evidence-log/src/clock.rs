//! The clock of records: a run ends later than the invocation began, so its time is read afresh.

use chrono::{DateTime, Utc};

/// The wall clock now. No flag or variable overrides it: a clock that can be set would be a forging tool.
#[expect(
    clippy::disallowed_methods,
    reason = "records of one invocation are written at different times"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
