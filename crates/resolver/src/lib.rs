//! Which addresses a host name has, as the system resolves it.
//!
//! The tools are linked statically, so that they start quickly, and the C library of such a program
//! cannot load what `nsswitch.conf` names beside files and DNS: multicast DNS, systemd-resolved, LDAP.
//! So `getent` is asked, which belongs to the C library that the system itself uses. Where it is missing,
//! the C library inside reads `/etc/hosts` and asks the name servers.

mod http;
mod lookup;

pub use http::SystemResolver;
pub use lookup::{Unresolved, look_up};
