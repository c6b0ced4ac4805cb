//! The front door of the repo.

fn main() {}
