//! Keeps a process that holds secrets out of core dumps and other processes' reach.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Sets `RLIMIT_CORE` to 0 and clears the dumpable flag, so that no value is written to a core
/// file and no other process of the same user can read our memory or environment.
///
/// Call it first in `main`. A system that refuses either call leaves the process as it was:
/// both are a second line of defence, and no tool should stop working for the lack of one.
pub fn harden_process() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn leaves_no_core_and_no_window() {
        harden_process();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
