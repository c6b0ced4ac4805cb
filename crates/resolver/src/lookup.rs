//! One lookup, bounded in time.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use duct::cmd;

/// What `getent` exits with where the name has no address (getent(1)).
const NOT_FOUND: i32 = 2;

/// What `getent` is told of our environment, in which credentials may stand: what looking up a name hangs on
/// (resolv.conf(5), hostname(7)).
const VARIABLES: [&str; 5] =
    ["PATH", "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "LD_LIBRARY_PATH"];

/// Nobody waits longer, whatever the caller allows.
const LONGEST: Duration = Duration::from_mins(10);

/// Why a host name led to no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unresolved {
    /// It has no address, or no name server could be asked.
    NoAddress,
    /// There was no answer in time.
    Timeout,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "the host name cannot be resolved",
            Self::Timeout => "the host name could not be resolved in time",
        })
    }
}

impl Error for Unresolved {}

/// The IPv4 and IPv6 addresses of a host, each once, in the order in which they are to be tried.
///
/// Both families are asked for, whatever this machine can reach. An address is its own answer, in brackets or not.
///
/// # Errors
/// Fails where the name has no address, and where there is no answer within `timeout`.
pub fn look_up(host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, Unresolved> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let has_zone =
        bare.split_once('%').is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok());
    let begun = Instant::now();
    let timeout = timeout.min(LONGEST);
    let found = if has_zone {
        // An address all the same: the C library turns the zone into a number, and asks nobody.
        from_within(bare, port, timeout)?
    } else if bare.is_empty() || bare.contains(is_in_no_name) {
        Vec::new()
    } else {
        match from_system(bare, port, timeout)? {
            Some(found) => found,
            None => from_within(bare, port, timeout.saturating_sub(begun.elapsed()))?,
        }
    };
    let mut addresses = Vec::with_capacity(found.len());
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Unresolved::NoAddress) } else { Ok(addresses) }
}

/// No host has such a name; what does may hold a piece of a password, which name servers must not see.
fn is_in_no_name(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "@/:?#%[]".contains(c)
}

/// What `getent` says; `None` where there is none, or one that knows no such question.
fn from_system(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<Option<Vec<SocketAddr>>, Unresolved> {
    let Some(program) = program() else { return Ok(None) };
    let known = VARIABLES.into_iter().filter_map(|name| Some((name.into(), variable(name)?)));
    // As getaddrinfo(3) answers with no flags: no family left out, no name rewritten.
    let question = cmd!(program, "--no-addrconfig", "--no-idn", "ahosts", "--", host)
        .full_env(known.collect::<HashMap<OsString, OsString>>())
        .stdin_null()
        .stdout_capture()
        .stderr_null()
        .unchecked();
    let Ok(handle) = question.start().map(Arc::new) else { return Ok(None) };
    // Waited for beside us: a wait with a limit would have us told of each child by a signal, which interrupts
    // whatever other threads read from the network within a limit of their own (signal(7)).
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::clone(&handle);
    thread::spawn(move || {
        let _ = sender.send(waiting.wait().cloned());
    });
    let Ok(ended) = receiver.recv_timeout(timeout) else {
        let _ = handle.kill();
        return Err(Unresolved::Timeout);
    };
    let Ok(output) = ended else { return Ok(None) };
    Ok(match output.status.code() {
        Some(0) => {
            let found = addresses_in(&output.stdout).into_iter();
            Some(found.map(|address| SocketAddr::new(address, port)).collect())
        }
        Some(NOT_FOUND) => Some(Vec::new()),
        _ => None,
    })
}

/// `getent` as it is installed: not one that lies in the working directory, as `.` or nothing in `PATH` would have it.
fn program() -> Option<PathBuf> {
    let path = variable("PATH")?;
    let mut folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.find_map(|folder| Some(folder.join("getent")).filter(|program| program.is_file()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "what it says of the resolver is for the resolver alone"
)]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// The addresses in what `getent ahosts` prints: one a line, then the type of socket, then the name.
///
/// An address is printed once for each type. One with a zone is of use on one network alone, and is left out.
fn addresses_in(printed: &[u8]) -> Vec<IpAddr> {
    String::from_utf8_lossy(printed)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let address = words.next()?;
            (words.next()? == "STREAM").then(|| address.parse().ok())?
        })
        .collect()
}

/// The resolver of the C library inside. It knows no deadline, so it runs beside us and is left behind when it
/// takes too long.
fn from_within(host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, Unresolved> {
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    thread::spawn(move || {
        let _ = sender.send((name.as_str(), port).to_socket_addrs());
    });
    match receiver.recv_timeout(timeout) {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(_)) => Err(Unresolved::NoAddress),
        Err(_) => Err(Unresolved::Timeout),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn each_address_is_told_once_and_in_order() {
        let printed = "\
2001:db8::7     STREAM a.example
2001:db8::7     DGRAM
2001:db8::7     RAW
192.0.2.7       STREAM
192.0.2.7       DGRAM
192.0.2.7       RAW
fe80::1%eth0    STREAM
";
        let expected: Vec<IpAddr> =
            vec!["2001:db8::7".parse().unwrap(), "192.0.2.7".parse().unwrap()];
        assert_eq!(addresses_in(printed.as_bytes()), expected);
    }

    #[test]
    fn the_system_and_the_library_inside_know_this_machine() {
        let answers = [
            from_system("localhost", 7, PATIENCE),
            from_within("localhost", 7, PATIENCE).map(Some),
        ];
        for found in answers {
            let found = found.unwrap().unwrap();
            let is_here = |address: &SocketAddr| address.ip().is_loopback() && address.port() == 7;
            assert!(!found.is_empty() && found.iter().all(is_here), "{found:?}");
        }
    }

    #[test]
    fn an_address_is_its_own_answer() {
        for (host, expected) in [
            ("::1", "[::1]:7"),
            ("[::1]", "[::1]:7"),
            ("192.0.2.1", "192.0.2.1:7"),
            ("fe80::1%1", "[fe80::1%1]:7"),
        ] {
            assert_eq!(
                look_up(host, 7, Duration::from_secs(9)).unwrap(),
                [expected.parse().unwrap()],
                "{host}"
            );
        }
    }

    #[test]
    fn what_is_no_name_is_not_looked_up() {
        let long = "a".repeat(64);
        for host in [&long, "", "CANARY@h.example", "u:CANARY", "a/b", "a b", "[h]x", "nul\0byte"] {
            assert_eq!(look_up(host, 7, PATIENCE), Err(Unresolved::NoAddress), "{host:?}");
        }
    }

    #[test]
    fn a_name_that_begins_with_a_dash_is_no_option() {
        // As an option it would end well.
        assert_eq!(from_system("--version", 7, PATIENCE), Ok(Some(Vec::new())));
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_read(printed in prop::collection::vec(any::<u8>(), 0..200)) {
            addresses_in(&printed);
        }
    }
}
