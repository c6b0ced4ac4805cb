//! The same lookup for HTTP requests, and which way they go.

use std::net::IpAddr;

use ureq::config::{Config, ConfigBuilder};
use ureq::http::Uri;
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, Proxy};

use crate::{Unresolved, look_up};

/// As many addresses as one answer can hold (`ureq::unversioned::resolver::ResolvedSocketAddrs`).
const MOST: usize = 16;

/// Where a proxy may be named, in the order of ureq's `Proxy::try_from_env`.
const PROXIES: [&str; 6] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// What makes requests, with names resolved as [`look_up`] does. What is for this machine goes through no proxy, whatever
/// the environment names: it may be in the clear only because it stays here. Go's `http.ProxyFromEnvironment`, and so
/// flyctl, has the same exception.
pub struct Agents {
    here: Agent,
    there: Agent,
}

impl Agents {
    /// Agents with this configuration, which is asked for twice.
    pub fn new(config: impl Fn() -> ConfigBuilder<AgentScope>) -> Self {
        let agent = |config: ConfigBuilder<AgentScope>| {
            Agent::with_parts(config.build(), DefaultConnector::new(), SystemResolver)
        };
        Self { here: agent(config().proxy(None)), there: agent(config()) }
    }

    /// The one for requests to this address.
    pub fn to(&self, url: &str) -> &Agent {
        if is_on_this_machine(url) { &self.here } else { &self.there }
    }
}

/// The variable of the environment whose proxy a request of [`Agents`] to this address goes through.
#[expect(clippy::disallowed_methods, reason = "ureq reads it too, and does not say where it was")]
pub fn proxy_variable(url: &str) -> Option<&'static str> {
    let uri: Uri = url.parse().ok()?;
    let is_passed_by = Proxy::try_from_env()?.is_no_proxy(&uri) || is_on_this_machine(url);
    let is_proxy = |name: &&str| std::env::var(name).is_ok_and(|value| Proxy::new(&value).is_ok());
    PROXIES.into_iter().find(is_proxy).filter(|_| !is_passed_by)
}

/// Whether what is sent to an address is encrypted, or stays on this machine.
pub fn is_private(url: &str) -> bool {
    let host = url.strip_prefix("https://").and_then(|_| host(url));
    host.is_some() || (url.starts_with("http://") && is_on_this_machine(url))
}

/// Whether an address is one of this machine, where nobody listens on the way.
pub fn is_on_this_machine(url: &str) -> bool {
    host(url).is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
    })
}

/// The host of an address, without its port. One with a user's name has none: what looks like the host may be that name.
pub fn host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    Some(authority.host().to_owned()).filter(|host| !host.is_empty())
}

/// Resolves the names in addresses of requests as [`look_up`] does.
#[derive(Debug, Clone, Copy, Default)]
struct SystemResolver;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: (bool, bool)) {
        assert_eq!((is_private(url), is_on_this_machine(url)), expected, "{url}");
    }

    #[test]
    fn private_is_what_is_encrypted_or_stays_here() {
        for here in ["127.0.0.1:4280", "localhost", "LOCALHOST:1/x", "[::1]:4280/", "127.8.8.8?q"] {
            check(&format!("http://{here}"), (true, true));
            check(&format!("https://{here}"), (true, true));
        }
        for there in ["api.machines.dev", "127.0.0.1.example", "localhost.example/", "10.0.0.1:80"]
        {
            check(&format!("http://{there}"), (false, false));
            check(&format!("https://{there}"), (true, false));
        }
        for not_said in
            ["127.0.0.1@elsewhere.example", "user@localhost", "user:pass@[::1]", "", "/"]
        {
            check(&format!("http://{not_said}"), (false, false));
            check(&format!("https://{not_said}"), (false, false));
        }
        check("ftp://127.0.0.1", (false, true));
        check("127.0.0.1", (false, true));
        check("api.machines.dev", (false, false));
    }
}
