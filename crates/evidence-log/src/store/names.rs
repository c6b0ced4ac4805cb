//! How the addresses of a store's host are found.

use std::time::Duration;

use object_store::client::{DnsFuture, DnsResolver};
use resolver::look_up;

/// As long as `getaddrinfo` takes by default: two name servers, twice, 5 s each (resolv.conf(5)).
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the system, as the other tools do.
#[derive(Debug)]
pub(super) struct Names;

impl DnsResolver for Names {
    fn resolve(&self, host: &str) -> DnsFuture {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || look_up(&host, 0, PATIENCE)).await??;
            Ok(found.into_iter().map(|address| address.ip()).collect())
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
        let found = runtime.block_on(Names.resolve("localhost")).unwrap();
        assert!(!found.is_empty() && found.iter().all(std::net::IpAddr::is_loopback), "{found:?}");
        let failed = runtime.block_on(Names.resolve(&"a".repeat(64))).unwrap_err();
        assert_eq!(failed.to_string(), "the host name cannot be resolved");
    }
}
