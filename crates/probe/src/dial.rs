//! Resolving a name and opening a connection to it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Cause, Failure};

/// Resolves a host name; says how many addresses of each kind there are.
///
/// The system's resolver knows no deadline, so it runs beside us and is left behind when it takes too long.
pub(crate) fn resolve(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<(Vec<SocketAddr>, String), Failure> {
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    thread::spawn(move || {
        let found =
            (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
        let _ = sender.send(found);
    });
    let addresses = match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) if !addresses.is_empty() => addresses,
        Ok(_) => return Err(Failure::new(Cause::Name)),
        Err(_) => return Err(Failure::new(Cause::Timeout)),
    };
    let mut unique: Vec<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
    unique.sort();
    unique.dedup();
    let old = unique.iter().filter(|address| address.is_ipv4()).count();
    let said = format!("{old} IPv4, {} IPv6", unique.len() - old);
    Ok((addresses, said))
}

/// Connects to the first address that answers, within `timeout` for all of them.
pub(crate) fn connect(
    addresses: &[SocketAddr],
    timeout: Duration,
) -> Result<(TcpStream, String), Failure> {
    let begun = Instant::now();
    let mut last = Failure::new(Cause::Unreachable);
    for address in addresses {
        let left = timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(Failure::new(Cause::Timeout));
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(stream) => {
                stream.set_read_timeout(Some(timeout)).map_err(|error| io_failure(&error))?;
                stream.set_write_timeout(Some(timeout)).map_err(|error| io_failure(&error))?;
                let _ = stream.set_nodelay(true);
                let kind = if address.is_ipv4() { "IPv4" } else { "IPv6" };
                return Ok((stream, format!("over {kind}")));
            }
            Err(error) => last = io_failure(&error),
        }
    }
    let has_only_new = addresses.iter().all(SocketAddr::is_ipv6);
    if has_only_new && matches!(last.cause, Cause::Unreachable) {
        return Err(Failure::new(Cause::Ipv6Only));
    }
    Err(last)
}

/// Opens a Unix socket.
pub(crate) fn open_socket(path: &Path, timeout: Duration) -> Result<(UnixStream, String), Failure> {
    let stream = UnixStream::connect(path).map_err(|error| io_failure(&error))?;
    stream.set_read_timeout(Some(timeout)).map_err(|error| io_failure(&error))?;
    stream.set_write_timeout(Some(timeout)).map_err(|error| io_failure(&error))?;
    Ok((stream, "over a Unix socket".to_owned()))
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
