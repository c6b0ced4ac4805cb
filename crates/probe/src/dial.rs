//! Resolving a name and opening a connection to it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use resolver::{Unresolved, look_up};

use crate::failure::{Cause, Failure};
use crate::step::Deadline;

/// Resolves a host name; says which IPv4 (A) and IPv6 (AAAA) addresses there are.
pub(crate) fn resolve(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<(Vec<SocketAddr>, String), Failure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok((
            vec![SocketAddr::new(address, port)],
            "an address, nothing to look up".to_owned(),
        ));
    }
    let addresses = look_up(host, port, timeout).map_err(|unresolved| {
        Failure::new(match unresolved {
            Unresolved::NoAddress => Cause::Name,
            Unresolved::Timeout => Cause::Timeout,
        })
    })?;
    let listed = |is_wanted: fn(&IpAddr) -> bool| {
        let listed: Vec<String> = addresses
            .iter()
            .map(SocketAddr::ip)
            .filter(is_wanted)
            .map(|address| address.to_string())
            .collect();
        if listed.is_empty() { "none".to_owned() } else { listed.join(" ") }
    };
    let said = format!("A {}, AAAA {}", listed(IpAddr::is_ipv4), listed(IpAddr::is_ipv6));
    Ok((addresses, said))
}

/// Connects to the first address that answers, within `timeout` for all of them.
pub(crate) fn connect(
    addresses: &[SocketAddr],
    timeout: Duration,
    deadline: Deadline,
) -> Result<(Timed<TcpStream>, String), Failure> {
    let begun = Instant::now();
    let mut last = Failure::new(Cause::Unreachable);
    let mut tried = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        // What is left is shared by the addresses that are left, so that one that never answers hides no other.
        let left = timeout.saturating_sub(begun.elapsed());
        let n_left = u32::try_from(addresses.len() - index).unwrap_or(1);
        let share = left / n_left.max(1);
        if share.is_zero() {
            return Err(Failure::new(Cause::Timeout));
        }
        let kind = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                let said = if tried.is_empty() {
                    format!("over {kind}")
                } else {
                    format!("over {kind}, after {}", tried.join(", "))
                };
                return Ok((Timed { stream, deadline }, said));
            }
            Err(error) => {
                last = io_failure(&error);
                tried.push(format!("{kind} failed: {}", last.meaning()));
            }
        }
    }
    let has_only_new = addresses.iter().all(SocketAddr::is_ipv6);
    if has_only_new && matches!(last.cause, Cause::Unreachable) {
        return Err(Failure::new(Cause::Ipv6Only));
    }
    Err(last)
}

/// Opens a Unix socket.
pub(crate) fn open_socket(
    path: &Path,
    deadline: Deadline,
) -> Result<(Timed<UnixStream>, String), Failure> {
    let stream = UnixStream::connect(path).map_err(|error| io_failure(&error))?;
    Ok((Timed { stream, deadline }, "over a Unix socket".to_owned()))
}

/// A connection on which no read or write goes on after the deadline, however slowly the peer answers.
pub(crate) struct Timed<S> {
    stream: S,
    deadline: Deadline,
}

impl Timed<TcpStream> {
    /// The same connection once more, for TLS that begins on it later.
    pub(crate) fn again(&self) -> io::Result<Self> {
        Ok(Self { stream: self.stream.try_clone()?, deadline: self.deadline.clone() })
    }

    /// Whether the peer is this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback())
    }
}

/// A connection whose reads and writes can be given a limit.
pub(crate) trait Limit {
    fn limit(&self, left: Duration) -> io::Result<()>;
}

impl Limit for TcpStream {
    fn limit(&self, left: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(left))?;
        self.set_write_timeout(Some(left))
    }
}

impl Limit for UnixStream {
    fn limit(&self, left: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(left))?;
        self.set_write_timeout(Some(left))
    }
}

impl<S: Read + Limit> Read for Timed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stream.limit(self.deadline.left()?)?;
            // A signal interrupts a read that has a limit (signal(7)); the deadline decides.
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

impl<S: Write + Limit> Write for Timed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.stream.limit(self.deadline.left()?)?;
            match self.stream.write(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

pub(crate) fn io_failure(error: &io::Error) -> Failure {
    Failure::new(match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => Cause::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Cause::Timeout,
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::BrokenPipe
        | ErrorKind::ConnectionAborted => Cause::Closed,
        ErrorKind::InvalidData | ErrorKind::InvalidInput => Cause::Protocol,
        _ => Cause::Unreachable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_not_looked_up() {
        for host in ["CANARY@h.example", "u:CANARY", "a/b", "a b", "[h]"] {
            let found = resolve(host, 1, Duration::from_secs(5));
            assert_eq!(found.unwrap_err(), Failure::new(Cause::Name), "{host}");
        }
        let (addresses, said) = resolve("::1", 1, Duration::from_secs(5)).unwrap();
        assert_eq!((addresses.len(), said.as_str()), (1, "an address, nothing to look up"));
    }
}
