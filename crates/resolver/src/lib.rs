//! Which addresses a host name has, as the system resolves it, and which way requests to it go.
//!
//! The tools are linked statically, so that they start quickly, and the C library of such a program
//! cannot load what `nsswitch.conf` names beside files and DNS: multicast DNS, systemd-resolved, LDAP.
//! So `getent` is asked, which belongs to the C library that the system itself uses. Where it is missing,
//! the C library inside reads `/etc/hosts` and asks the name servers.

mod http;
mod lookup;

pub use http::{Agents, host, is_on_this_machine, is_private, proxy_variable};
pub use lookup::{Unresolved, look_up};
