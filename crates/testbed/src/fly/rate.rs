//! The documented rate: one request a second for each action and app, three at once.

use std::collections::HashMap;
use std::time::Instant;

const BURST: f64 = 3.0;
const PER_SECOND: f64 = 1.0;

/// A bucket for each action and app.
#[derive(Default)]
pub(super) struct Rates {
    buckets: HashMap<String, (f64, Instant)>,
}

impl Rates {
    /// Whether a call may pass now.
    pub(super) fn allows(&mut self, action: String, now: Instant) -> bool {
        let (tokens, last) = self.buckets.entry(action).or_insert((BURST, now));
        *tokens = (*tokens + now.duration_since(*last).as_secs_f64() * PER_SECOND).min(BURST);
        *last = now;
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn three_at_once_then_one_a_second() {
        let (mut rates, start) = (Rates::default(), Instant::now());
        let mut at = |milliseconds| {
            rates.allows("GET secrets a".to_owned(), start + Duration::from_millis(milliseconds))
        };
        let allowed = [at(0), at(0), at(0), at(0), at(900), at(1100), at(1200)];
        assert_eq!(allowed, [true, true, true, false, false, true, false]);
    }
}
