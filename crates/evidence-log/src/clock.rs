//! The clock of records: a run ends later than the invocation began, so its time is read afresh.

use chrono::{DateTime, Local, NaiveDateTime, TimeZone as _, Utc};

/// The wall clock now. No flag or variable overrides it: a clock that can be set would be a forging tool.
#[expect(
    clippy::disallowed_methods,
    reason = "records of one invocation are written at different times"
)]
pub(crate) fn now() -> DateTime<Utc> {
    // The time of a clock that stands before 1970 too.
    std::time::SystemTime::now().into()
}

/// The moment that a time without a zone is on this machine, as ssh-keygen(1) takes it; none for one that its clocks
/// never show.
pub(crate) fn of_this_zone(time: NaiveDateTime) -> Option<DateTime<Utc>> {
    Local.from_local_datetime(&time).earliest().map(|time| time.to_utc())
}
