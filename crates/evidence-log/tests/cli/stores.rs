//! `push` and `pull` where the store is none of S3.

use std::io::ErrorKind;
use std::net::TcpListener;

use crate::fake_s3::{FakeS3, Fault};
use crate::ops::unsigned;
use crate::push::{is_same, name};
use crate::{faults, sealed, tool};

#[test]
fn google_and_azure_are_written_to_and_probed_as_s3_is() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::None);
    // Whose key this is everybody knows: it is that of Azure's own emulator.
    let key =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    let at = || {
        tool(&bed)
            .env("STORAGE_EMULATOR_HOST", store.endpoint())
            .env("AZURE_STORAGE_ACCOUNT_NAME", "devstoreaccount1")
            .env("AZURE_STORAGE_ACCOUNT_KEY", key)
            .env("AZURE_STORAGE_ENDPOINT", format!("{}/devstoreaccount1", store.endpoint()))
    };
    for (url, back) in [("gs://evidence/team", "from-gs"), ("az://evidence/team", "from-az")] {
        store.set(Fault::None);
        let pushed = at().args(["push", &bundle, url, "--require-atomic"]).run();
        assert_eq!(pushed.code(), 0, "{pushed}");
        let again = at().args(["push", &bundle, url, "--format", "json"]).run().json();
        assert_eq!(again["written"], 0, "{again}");
        let verify = ["verify", &bundle, "--remote", url, "--remote-full"];
        let verified = at().args(verify).run();
        assert_eq!(verified.code(), 0, "{verified}");
        assert!(verified.stdout().contains("origin log"), "{verified}");
        let pulled = at().args(["pull", pushed.stdout().trim(), back]).run();
        assert_eq!(pulled.code(), 0, "{pulled}");
        assert!(is_same(&bed, &bundle, back));
        store.set(Fault::IgnoresConditions);
        let refused = at().args(["push", &bundle, url]).run();
        assert!(refused.stderr().contains("cannot be trusted"), "{refused}");
        store.set(Fault::DeniesAfter(3));
        let other = url.replace("team", "resumed");
        assert_eq!(at().args(["push", &bundle, &other]).run().code(), 2);
        let head = at().args(["pull", &format!("{other}/bundles/{}", name(&bundle)), "half"]).run();
        assert_eq!(head.code(), 2, "no manifest without its files: {head}");
        store.set(Fault::None);
        assert_eq!(at().args(["push", &bundle, &other]).run().code(), 0);
    }
}

#[test]
fn a_store_on_this_machine_is_reached_past_every_proxy() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::None);
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    for (endpoint, url) in [
        ("AWS_ENDPOINT_URL", "s3://evidence/s3"),
        ("STORAGE_EMULATOR_HOST", "gs://evidence/gs"),
        ("AZURE_STORAGE_ENDPOINT", "az://evidence/az"),
    ] {
        let pushed = tool(&bed)
            .env(endpoint, store.endpoint())
            .env("AWS_ACCESS_KEY_ID", "id-CANARY")
            .env("AWS_SECRET_ACCESS_KEY", "key-CANARY")
            .env("AZURE_STORAGE_ACCOUNT_NAME", "evidence")
            .env("AZURE_STORAGE_TOKEN", "token-CANARY")
            .env("HTTP_PROXY", &address)
            .env("ALL_PROXY", &address)
            .args(["push", &bundle, url])
            .run();
        assert_eq!(pushed.code(), 0, "{url}: {pushed}");
    }
    // Whether Azure's emulator runs or not.
    let pushed = tool(&bed)
        .env("AZURE_STORAGE_USE_EMULATOR", "true")
        .env("HTTP_PROXY", &address)
        .args(["push", &bundle, "az://evidence/emulated"])
        .run();
    assert!(matches!(pushed.code(), 0 | 2), "{pushed}");
    assert_eq!(proxy.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn a_pipe_in_a_folder_store_is_not_waited_for() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    bed.write("store/.keep", "");
    assert_eq!(tool(&bed).args(["push", &bundle, "store"]).run().code(), 0);
    let hex = evidence::Digest::of(b"hello\n").hex();
    let blob = format!("store/blobs/sha256/{}/{hex}", &hex[..2]);
    bed.remove(&blob);
    assert_eq!(bed.command("mkfifo").arg(blob.as_str()).run().code(), 0);
    let url = format!("store/bundles/{}", name(&bundle));
    for words in [
        &["pull", &url, "back"][..],
        &["push", &bundle, "store"],
        &["verify", &bundle, "--remote", "store", "--remote-full"],
    ] {
        let refused = tool(&bed).args(words).run();
        assert_ne!(refused.code(), 0, "{refused}");
        let said = format!("{}{}", refused.stdout(), refused.stderr());
        assert!(said.contains("no regular file"), "{refused}");
    }
}

#[test]
fn a_store_that_is_out_of_order_is_named_by_its_status() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::IsBroken);
    let push = || {
        let keys = [("AWS_ACCESS_KEY_ID", "id-CANARY"), ("AWS_SECRET_ACCESS_KEY", "key-CANARY")];
        let program = tool(&bed).env("AWS_ENDPOINT_URL", store.endpoint());
        let program = keys.into_iter().fold(program, |program, (name, key)| program.env(name, key));
        program.args(["push", &bundle, "s3://bucket"]).run()
    };
    let broken = push();
    assert_eq!(broken.code(), 2, "{broken}");
    let said = broken.stderr();
    assert!(said.contains(": status 500\n") && !said.contains("in time"), "{said}");
    assert!(said.contains("the same command goes on where this one stopped"), "{said}");
    store.set(Fault::None);
    assert_eq!(push().code(), 0);
}

#[test]
fn nothing_is_pushed_to_an_address_that_names_nothing_or_lies_in_evidence() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    for (url, why) in [
        ("", "it is empty"),
        ("s3://", "it names no bucket"),
        ("gs:///team", "it names no bucket"),
        ("s3://team bucket/x", "a bucket's name has"),
        (&bundle, "is inside of evidence"),
    ] {
        let refused = tool(&bed).args(["push", &bundle, url]).run();
        assert_eq!(refused.code(), 2, "{refused}");
        assert!(refused.to_string().contains(why), "{refused}");
    }
    assert!(!bed.path("blobs").exists() && !bed.path("bundles").exists());
    bed.write("store/.keep", "");
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    let back = format!("{bundle}/back");
    let refused = tool(&bed).args(["pull", pushed.stdout().trim(), &back]).run();
    assert_eq!(refused.code(), 2, "{refused}");
    assert_eq!(faults(&bed, &bundle), Vec::<String>::new());
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    for (name, value, url, why) in [
        ("AWS_ENDPOINT_URL", "localhost:9000", "s3://bucket", "is no address of the form"),
        ("AWS_ENDPOINT_URL", "http://minio:9000", "s3://bucket", "AWS_ALLOW_HTTP=true"),
        ("STORAGE_EMULATOR_HOST", "localhost:99999", "gs://bucket", "is no address of the form"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "a b", "az://bucket", "has a character that no address"),
        ("AWS_SESSION_TOKEN", "CANARY\nCANARY", "s3://bucket", "has a control character in it"),
        ("AWS_ALLOW_HTTP", "perhaps", "s3://bucket", "has a value that it cannot have: AWS_"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "no-file", "gs://bucket", "file of the service account"),
    ] {
        let keys = [("AWS_ACCESS_KEY_ID", "id-CANARY"), ("AWS_SECRET_ACCESS_KEY", "key-CANARY")];
        let program =
            tool(&bed).env(name, value).env(keys[0].0, keys[0].1).env(keys[1].0, keys[1].1);
        let refused = program.args(["push", &bundle, url]).run();
        assert_eq!(refused.code(), 2, "{refused}");
        assert!(refused.stderr().contains(why), "{refused}");
    }
}
