//! Each reader on inputs of its own.
