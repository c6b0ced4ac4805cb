//! `push` and `pull` against Azurite, which is Azure's blob service for tests, by who runs the real one.

use testbed::Bed;

use crate::push::is_same;
use crate::server::Server;
use crate::{ops, sealed, tool};

/// Whose key this is everybody knows.
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Makes a container, with a request that is signed as the service's "Authorize with Shared Key" has it.
const MAKE_CONTAINER: &str = r"import base64, email.utils, hashlib, hmac, sys, urllib.request
account, key = sys.argv[1:]
headers = {'x-ms-date': email.utils.formatdate(usegmt=True), 'x-ms-version': '2021-08-06'}
named = ''.join(f'{name}:{value}\n' for name, value in headers.items())
signed = 'PUT' + '\n' * 12 + named + '/devstoreaccount1/devstoreaccount1/evidence\nrestype:container'
mac = hmac.digest(base64.b64decode(key), signed.encode(), 'sha256')
headers['Authorization'] = 'SharedKey devstoreaccount1:' + base64.b64encode(mac).decode()
url = account + '/evidence?restype=container'
urllib.request.urlopen(urllib.request.Request(url, method='PUT', headers=headers))";

#[test]
fn azurite_takes_bundles() {
    if !ops::is_there("azurite-blob") {
        testbed::not_run("azurite_takes_bundles", "Azurite is not installed");
        return;
    }
    let outside = Bed::new();
    let azurite = Server::start(|port| {
        let words = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--blobPort"];
        outside.command("azurite-blob").args(words).arg(port)
    });
    let account = format!("{}/devstoreaccount1", azurite.endpoint);
    let bed = ops::unsigned();
    let bundle = sealed(&bed);
    let at = || {
        tool(&bed)
            .env("AZURE_STORAGE_ACCOUNT_NAME", "devstoreaccount1")
            .env("AZURE_STORAGE_ACCOUNT_KEY", KEY)
            .env("AZURE_STORAGE_ENDPOINT", &account)
    };
    let push = || at().args(["push", &bundle, "az://evidence/team", "--require-atomic"]);
    let missing = push().run();
    assert!(missing.code() == 2 && missing.stderr().contains("az://evidence"), "{missing}");
    let made = bed.command("python3").args(["-c", MAKE_CONTAINER, &account, KEY]).unguarded().run();
    assert_eq!(made.code(), 0, "{made}");
    let all: Vec<_> = (0..3).map(|_| push().start()).collect();
    for pushed in all {
        let pushed = pushed.wait();
        assert_eq!(pushed.code(), 0, "{pushed}");
    }
    let pushed = push().run();
    assert_eq!(pushed.code(), 0, "{pushed}");
    let pulled = at().args(["pull", pushed.stdout().trim(), "fetched"]).run();
    assert_eq!(pulled.code(), 0, "{pulled}");
    assert!(is_same(&bed, &bundle, "fetched"));
    let verify = ["verify", &bundle, "--remote", "az://evidence/team", "--remote-full"];
    let verified = at().args(verify).run();
    assert_eq!(verified.code(), 0, "{verified}");
}
