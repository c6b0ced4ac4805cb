//! Tests of the real `feedback-append` program.
