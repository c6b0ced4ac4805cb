//! How the addresses of a store's host are found.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use object_store::client::{DnsFuture, DnsResolver};
use resolver::look_up;

/// As long as `getaddrinfo` takes by default: two name servers, twice, 5 s each (resolv.conf(5)).
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer is used again for so long: a store that closes its connections is connected to for each file.
const FRESH: Duration = Duration::from_secs(10);

/// Asks the system, as the other tools do.
#[derive(Debug, Default)]
pub(super) struct Names {
    answers: Arc<Mutex<HashMap<String, Answer>>>,
}

#[derive(Debug)]
struct Answer {
    asked: Instant,
    addresses: Vec<IpAddr>,
}

impl Names {
    fn known(&self, host: &str) -> Option<Vec<IpAddr>> {
        let answers = self.answers.lock().ok()?;
        let answer = answers.get(host).filter(|answer| answer.asked.elapsed() < FRESH)?;
        Some(answer.addresses.clone())
    }
}

impl DnsResolver for Names {
    fn resolve(&self, host: &str) -> DnsFuture {
        if let Some(addresses) = self.known(host) {
            return Box::pin(async move { Ok(addresses) });
        }
        let (host, answers) = (host.to_owned(), Arc::clone(&self.answers));
        Box::pin(async move {
            let asked = Instant::now();
            let name = host.clone();
            let found = tokio::task::spawn_blocking(move || look_up(&name, 0, PATIENCE)).await??;
            let addresses: Vec<IpAddr> = found.into_iter().map(|address| address.ip()).collect();
            if let Ok(mut answers) = answers.lock() {
                answers.insert(host, Answer { asked, addresses: addresses.clone() });
            }
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn this_machine_is_found_and_what_is_no_name_is_not() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let names = Names::default();
        assert_eq!(names.known("localhost"), None);
        let found = runtime.block_on(names.resolve("localhost")).unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
        assert_eq!(names.known("localhost"), Some(found));
        let failed = runtime.block_on(names.resolve(&"a".repeat(64))).unwrap_err();
        assert_eq!(failed.to_string(), "the host name cannot be resolved");
    }
}
