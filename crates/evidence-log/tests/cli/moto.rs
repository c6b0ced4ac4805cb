//! `push` and `pull` against moto, which speaks S3.

use testbed::{Bed, Running};

use crate::ops::unsigned;
use crate::push::{at, is_same, name};
use crate::server::Server;
use crate::{open, tool};

/// moto with one request at a time: `moto_server` has a thread for each, and there two of eight writers of one key may
/// both find that it is not there yet.
const SERVE_MOTO: &str = "import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
app = DomainDispatcherApplication(create_backend_app)
run_simple('127.0.0.1', int(sys.argv[1]), app)";

fn moto<'bed>(bed: &'bed Bed, test: &str) -> Option<Server<'bed>> {
    if !crate::ops::is_there("moto_server") {
        testbed::not_run(test, "moto_server is not installed");
        return None;
    }
    Some(Server::start(|port| bed.command("python3").args(["-c", SERVE_MOTO, port])))
}

#[test]
fn moto_takes_bundles_and_eight_racing_writers() {
    let test = "moto_takes_bundles_and_eight_racing_writers";
    let outside = Bed::new();
    let Some(moto) = moto(&outside, test) else { return };
    let bed = unsigned();
    bed.write("big", "x".repeat(9 * 1024 * 1024));
    let bundle = open(&bed);
    assert_eq!(tool(&bed).args(["attach", &bundle, "big"]).run().code(), 0);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let push =
        || at(&bed, &moto.endpoint).args(["push", &bundle, "s3://bucket/team", "--require-atomic"]);
    let missing = push().run();
    assert!(
        missing.code() == 2 && missing.stderr().contains("there is no bucket s3://bucket"),
        "{missing}"
    );
    let new_bucket =
        "import sys,urllib.request as u; u.urlopen(u.Request(sys.argv[1]+'/bucket', method='PUT'))";
    let made = bed.command("python3").args(["-c", new_bucket, &moto.endpoint]).unguarded().run();
    assert_eq!(made.code(), 0, "{made}");
    let all: Vec<Running<'_>> = (0..3).map(|_| push().start()).collect();
    for pushed in all {
        let pushed = pushed.wait();
        assert_eq!(pushed.code(), 0, "{pushed}");
    }
    let url = format!("s3://bucket/team/bundles/{}", name(&bundle));
    let pulled = at(&bed, &moto.endpoint).args(["pull", &url, "fetched"]).run();
    assert_eq!(pulled.code(), 0, "{pulled}");
    assert!(is_same(&bed, &bundle, "fetched"));
    let verified =
        at(&bed, &moto.endpoint).args(["verify", &bundle, "--remote", "s3://bucket/team"]).run();
    assert_eq!(verified.code(), 0, "{verified}");
    let gone = at(&bed, &moto.endpoint).args(["pull", &format!("{url}x"), "other"]).run();
    assert_eq!(gone.code(), 2, "{gone}");
}
