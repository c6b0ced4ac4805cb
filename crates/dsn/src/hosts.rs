//! The hosts of a connection string one by one, as libpq makes them of its comma lists.

use crate::{Dsn, Fields};

/// A copy of the string for each of its hosts, with the address and the port that go with it.
///
/// One port is for all hosts, as in `pqConnectOptions2` of `fe-connect.c`; where there are addresses they
/// are counted, and the hosts otherwise.
pub fn each_host(dsn: &Dsn) -> impl ExactSizeIterator<Item = Dsn> {
    let lists = LISTS.map(|name| -> (&str, Vec<&[u8]>) {
        let list = dsn.fields().get(name).unwrap_or_default();
        (name, list.split(|&byte| byte == b',').collect())
    });
    let [(_, hosts), (_, addresses), _] = &lists;
    let n_hosts = hosts.len().max(addresses.len());
    let shared = without_lists(dsn.fields());
    (0..n_hosts).map(move |index| {
        let mut fields = shared.duplicate();
        for (name, list) in &lists {
            if fields.get(name).is_none() {
                continue;
            }
            let item = if list.len() == 1 { list.first() } else { list.get(index) };
            fields.set(*name, item.copied().unwrap_or_default());
        }
        Dsn::from_fields(dsn.kind(), fields)
    })
}

/// What is a list where there are several hosts.
const LISTS: [&str; 3] = ["host", "hostaddr", "port"];

/// The fields with nothing in the lists: a copy of these for each host would be large where the lists are long.
fn without_lists(fields: &Fields) -> Fields {
    let mut shared = Fields::new();
    for (name, value) in fields.iter() {
        // Into fields again, which are secrets too.
        let value = if LISTS.contains(&name) { b"" } else { value.expose() };
        shared.set(name.to_owned(), value);
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[[&str; 3]]) {
        let dsn = Dsn::parse(text.as_bytes()).unwrap();
        let text = |dsn: &Dsn, name: &str| {
            String::from_utf8_lossy(dsn.fields().get(name).unwrap_or(b"-")).into_owned()
        };
        let hosts: Vec<[String; 3]> =
            each_host(&dsn).map(|dsn| LISTS.map(|name| text(&dsn, name))).collect();
        assert_eq!(hosts, expected);
    }

    #[test]
    fn each_host_has_its_own_port_or_the_one_for_all() {
        check("host=a,b", &[["a", "-", "-"], ["b", "-", "-"]]);
        check("host=a,b port=5433", &[["a", "-", "5433"], ["b", "-", "5433"]]);
        check("postgresql://a:1,b,c:3/", &[["a", "-", "1"], ["b", "-", ""], ["c", "-", "3"]]);
        check("hostaddr=1.1.1.1,2.2.2.2", &[["-", "1.1.1.1", "-"], ["-", "2.2.2.2", "-"]]);
        check("port=1", &[["-", "-", "1"]]);
    }
}
