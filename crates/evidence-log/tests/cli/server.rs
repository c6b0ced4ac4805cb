//! A server of somebody else's, on this machine, for as long as a test takes.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use testbed::{Command, Running};

/// A running server; ended with the test.
pub(crate) struct Server<'bed> {
    _running: Running<'bed>,
    pub(crate) endpoint: String,
}

impl<'bed> Server<'bed> {
    /// Starts it at a free port, and waits until it listens.
    pub(crate) fn start(command: impl FnOnce(&str) -> Command<'bed>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let running = command(&port.to_string()).unguarded().start();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_mins(1) && !running.has_ended(),
                "the server did not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { _running: running, endpoint: format!("http://127.0.0.1:{port}") }
    }
}
