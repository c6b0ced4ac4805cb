//! Which signals our caller has us ignore, as `nohup` and a shell's `&` do; what we start inherits it.

/// The mask of ignored signals.
pub(crate) struct Ignored(u64);

impl Ignored {
    /// As `/proc` has it; none where there is no `/proc`.
    pub(crate) fn by_caller() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
        Self(u64::from_str_radix(mask.trim(), 16).unwrap_or(0))
    }

    /// Whether a signal is ignored.
    pub(crate) fn has(&self, signal: i32) -> bool {
        self.0 & (1 << (signal - 1)) != 0
    }
}
