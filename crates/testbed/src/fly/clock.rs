//! The stand-in's own clock, which a test may set wrong on purpose.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// The time that the service believes it is.
pub(super) fn now(offset_seconds: i64) -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "a service has its own clock")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since_epoch.as_micros()).unwrap_or_default();
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
        + TimeDelta::try_seconds(offset_seconds).unwrap_or_default()
}

/// RFC 3339 in UTC with microseconds, as the real service writes it.
pub(super) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
