//! File writes that survive a crash: locked append, replace by rename, recovery.
