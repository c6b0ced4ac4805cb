//! The same lookup for HTTP requests.

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::{Unresolved, look_up};

/// As many addresses as one answer can hold (`ureq::unversioned::resolver::ResolvedSocketAddrs`).
const MOST: usize = 16;

/// Resolves the names in addresses of requests as [`look_up`] does.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or(Error::HostNotFound)?;
        let named = DefaultResolver::host_and_port(scheme, authority);
        let (host, port) = named
            .as_deref()
            .and_then(|named| named.rsplit_once(':'))
            .and_then(|(host, port)| Some((host, port.parse().ok()?)))
            .ok_or(Error::HostNotFound)?;
        let found = look_up(host, port, *timeout.after).map_err(|unresolved| match unresolved {
            Unresolved::NoAddress => Error::HostNotFound,
            Unresolved::Timeout => Error::Timeout(timeout.reason),
        })?;
        let mut addresses = self.empty();
        for address in config.ip_family().keep_wanted(found.into_iter()).take(MOST) {
            addresses.push(address);
        }
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}
