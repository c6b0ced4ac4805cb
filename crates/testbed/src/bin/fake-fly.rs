//! A stand-in for the Fly.io API.

fn main() {}
