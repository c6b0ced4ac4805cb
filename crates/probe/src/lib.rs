//! Reaching a service once and saying what it is.
