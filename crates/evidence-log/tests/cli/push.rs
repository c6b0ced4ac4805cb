//! `push`, `pull` and `verify --remote`, against a folder and a store with every fault.

use testbed::{Bed, Command, Running};

use crate::fake_s3::{FakeS3, Fault};
use crate::ops::{signed, unsigned};
use crate::{faults, open, sealed, tool, wait_for_command};

pub(crate) fn at<'bed>(bed: &'bed Bed, endpoint: &str) -> Command<'bed> {
    tool(bed)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "secret-CANARY-0123456789")
        .env("AWS_REGION", "us-east-1")
}

pub(crate) fn name(bundle: &str) -> &str {
    bundle.strip_prefix("artifacts/").unwrap()
}

pub(crate) fn is_same(bed: &Bed, one: &str, other: &str) -> bool {
    bed.command("diff").args(["-r", one, other]).unguarded().run().code() == 0
}

#[test]
fn a_bundle_comes_back_from_a_folder() {
    let Some(bed) = signed("a_bundle_comes_back_from_a_folder") else { return };
    let bundle = sealed(&bed);
    let missing = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(missing.code(), 2, "{missing}");
    bed.write("store/.keep", "");
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(pushed.code(), 0, "{pushed}");
    let url = pushed.stdout().trim().to_owned();
    assert_eq!(url, format!("store/bundles/{}", name(&bundle)));
    let again = tool(&bed).args(["push", &bundle, "store", "--format", "json"]).run().json();
    assert_eq!(again["written"], 0, "{again}");
    let remote = tool(&bed).args(["verify", &bundle, "--remote", "store"]).run();
    assert!(remote.stdout().contains(&format!("known to {url}")), "{remote}");
    assert!(!remote.stdout().contains("no-anchor"), "{remote}");

    let pulled = tool(&bed).args(["pull", &url, "fetched"]).run();
    assert_eq!((pulled.code(), pulled.stdout()), (0, "fetched\n"), "{pulled}");
    assert!(pulled.stderr().contains("signed by ops@example.org"), "{pulled}");
    assert!(is_same(&bed, &bundle, "fetched"));
    let over = tool(&bed).args(["pull", &url, "fetched"]).run();
    assert_eq!(over.code(), 2, "{over}");
    let json = tool(&bed).args(["pull", &url, "other", "--format", "json"]).run().json();
    assert_eq!((&json["files"], &json["signed"]), (&5.into(), &true.into()));
}

#[test]
fn every_object_in_a_store_is_looked_at() {
    let bed = unsigned();
    bed.write("store/.keep", "");
    let bundle = open(&bed);
    let run = ["run", "--into", &bundle, "--label", "one", "--", "echo", "hello"];
    assert_eq!(tool(&bed).args(run).run().code(), 0);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(pushed.code(), 0, "{pushed}");
    let verify = |more: &[&str]| {
        let words = ["verify", &bundle, "--remote", "store", "--allow-unsigned"];
        tool(&bed).args(words).args(more).run()
    };
    let good = verify(&["--remote-full"]);
    assert_eq!(good.code(), 0, "{good}");
    assert!(good.stdout().contains("in the store: 6 objects, fetched and hashed"), "{good}");
    assert!(good.stdout().contains("is known to store as it was at 2 lines"), "{good}");
    let found = |more: &[&str]| {
        let output = verify(&[more, &["--format", "json"]].concat());
        let answer = output.json();
        let errors = answer["findings"].as_array().unwrap().iter();
        let errors = errors.filter(|finding| finding["level"] == "error").map(|finding| {
            let path = finding["subject"]["path"].as_str().unwrap();
            let path = path.rsplit('/').next().unwrap().to_owned();
            (finding["rule"].as_str().unwrap().to_owned(), path)
        });
        (output.code(), errors.collect::<Vec<_>>())
    };
    let fault = |rule: &str| (1, vec![(rule.to_owned(), "001-one.out".to_owned())]);
    let hex = evidence::Digest::of(b"hello\n").hex();
    let blob = format!("store/blobs/sha256/{}/{hex}", &hex[..2]);
    bed.write(&blob, "jello\n");
    assert_eq!(found(&[]), (0, vec![]));
    assert_eq!(found(&["--remote-full"]), fault("altered"));
    bed.write(&blob, "hel");
    assert_eq!(found(&[]), fault("altered"));
    assert_eq!(found(&["--remote-full"]), fault("altered"));
    bed.remove(&blob);
    assert_eq!(found(&[]), fault("missing"));
    assert_eq!(found(&["--remote-full"]), fault("missing"));

    // A bundle that is only in the store is looked at as well.
    std::fs::remove_dir_all(bed.path(&bundle)).unwrap();
    let origin = ["verify", "--origin", "--remote", "store"];
    let gone = tool(&bed).args(origin).run();
    assert_eq!(gone.code(), 1, "{gone}");
    assert!(gone.stdout().contains("001-one.out: error: the store has not got it"), "{gone}");
}

#[test]
fn signatures_and_lines_in_a_store_are_looked_at() {
    let Some(bed) = signed("signatures_and_lines_in_a_store_are_looked_at") else { return };
    bed.write("store/.keep", "");
    let bundle = sealed(&bed);
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(pushed.code(), 0, "{pushed}");
    let told = |words: &[&str]| {
        let output = tool(&bed).args(["verify", "--remote", "store"]).args(words).run();
        (output.code(), output.stdout().to_owned())
    };
    assert_eq!(told(&[&bundle]).0, 0);
    assert_eq!(told(&["--origin"]).0, 0);

    let signature = format!("store/bundles/{}/manifest.sha256.sig", name(&bundle));
    let intact = bed.read(&signature);
    bed.write(&signature, intact.replacen('A', "B", 1));
    let (code, said) = told(&[&bundle]);
    assert!(code == 1 && said.contains("sig: error: in the store its bytes are others"), "{said}");
    let here = bed.path(&bundle);
    std::fs::rename(&here, bed.path("aside")).unwrap();
    let (code, said) = told(&["--origin"]);
    assert!(code == 1 && said.contains("[bad-signature]"), "{said}");
    std::fs::rename(bed.path("aside"), here).unwrap();
    bed.write(&signature, intact);

    let folder = bed.path("store/logs");
    let origin = folder.read_dir().unwrap().next().unwrap().unwrap().file_name();
    let tile = format!("store/logs/{}/tile/entries/000.p/2", origin.display());
    let mut lines = std::fs::read(bed.path(&tile)).unwrap();
    lines[9] ^= 1;
    bed.write(&tile, lines);
    assert_eq!(told(&["--origin"]).0, 0);
    let (code, said) = told(&["--origin", "--remote-full"]);
    assert!(code == 1 && said.contains("holds other bytes than the lines here"), "{said}");
    bed.remove(&tile);
    let (code, said) = told(&["--origin"]);
    assert!(code == 1 && said.contains("tile/entries/000.p/2 is gone"), "{said}");
    assert_eq!(told(&[&bundle]).0, 0);
}

#[test]
fn what_is_left_of_a_run_that_was_cut_short_is_pushed_too() {
    let bed = unsigned();
    bed.write("store/.keep", "");
    let bundle = open(&bed);
    let run = ["run", "--into", &bundle, "--", "sh", "-c", "echo started; kill -KILL $PPID"];
    let _ = tool(&bed).args(run).run();
    wait_for_command(&bed, &format!("{bundle}/001-sh.timing"));
    let sealed = tool(&bed).args(["seal", &bundle]).run();
    assert_eq!(sealed.code(), 0, "{sealed}");
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(pushed.code(), 0, "{pushed}");
    let pulled = tool(&bed).args(["pull", pushed.stdout().trim(), "back"]).run();
    assert_eq!(pulled.code(), 0, "{pulled}");
    assert!(is_same(&bed, &bundle, "back"));
}

#[test]
fn an_unsigned_bundle_is_not_pulled_where_signers_are_declared() {
    let test = "an_unsigned_bundle_is_not_pulled_where_signers_are_declared";
    let Some(bed) = signed(test) else { return };
    let ops = bed.read("ops.toml");
    bed.write(
        "ops.toml",
        ops.lines().filter(|line| !line.starts_with("sign-with")).collect::<Vec<_>>().join("\n"),
    );
    bed.write("store/.keep", "");
    let bundle = sealed(&bed);
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(pushed.code(), 0, "{pushed}");
    let pull = |more: &[&str]| {
        tool(&bed).args(["pull", pushed.stdout().trim(), "back"]).args(more.to_vec()).run()
    };
    let refused = pull(&[]);
    assert!(refused.code() == 1 && refused.stderr().contains("UNSIGNED"), "{refused}");
    assert!(!bed.path("back").exists());
    bed.remove(".opsproof/allowed_signers");
    assert_eq!(pull(&[]).code(), 2, "who may sign is declared, and not known");
    assert_eq!(pull(&["--allow-unsigned"]).code(), 0);
}

#[test]
fn an_origin_log_that_was_changed_is_not_pushed() {
    let bed = unsigned();
    bed.write("store/.keep", "");
    let bundle = sealed(&bed);
    let log = crate::memory::log(&bed);
    bed.write(&log, bed.read(&log).replacen("check", "chock", 1));
    let pushed = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(pushed.code(), 1, "{pushed}");
    assert!(pushed.stderr().contains("is not intact: altered log.jsonl"), "{pushed}");
    assert_eq!(bed.command("ls").arg("store").run().stdout(), "");
}

#[test]
fn what_does_not_verify_is_not_pushed() {
    let bed = unsigned();
    bed.write("store/.keep", "");
    let bundle = open(&bed);
    let unsealed = tool(&bed).args(["push", &bundle, "store"]).run();
    assert_eq!(unsealed.code(), 1, "{unsealed}");
    let run = ["run", "--into", &bundle, "--label", "one", "--", "echo", "hello"];
    assert_eq!(tool(&bed).args(run).run().code(), 0);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    bed.write(format!("{bundle}/001-one.out"), "forged\n");
    insta::assert_snapshot!(tool(&bed).args(["push", &bundle, "store"]).run(), @"
    ------- stderr -------
    error: artifacts/area/check-[TIME] is not intact: altered 001-one.out: it is not what the manifest has the digest of
    hint: `evidence-log verify` lists all that is wrong
    [exit status: 1]
    ");
    assert_eq!(bed.command("ls").arg("store").run().stdout(), "");
}

#[test]
fn nothing_appears_of_what_was_changed_in_the_store() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::None);
    let pushed = at(&bed, &store.endpoint()).args(["push", &bundle, "s3://bucket/team"]).run();
    assert_eq!(pushed.code(), 0, "{pushed}");
    let url = pushed.stdout().trim().to_owned();
    let pull = || at(&bed, &store.endpoint()).args(["pull", &url, "fetched"]).run();
    let is_pulled = |key: &String| key.contains("bundles/") || key.contains("blobs/");
    let keys: Vec<String> = store.keys().into_iter().filter(is_pulled).collect();
    assert!(keys.len() > 3, "{keys:?}");
    for key in keys {
        for flip in [true, false] {
            let mut before = Vec::new();
            store.change(&key, |body| {
                before.clone_from(body);
                if flip { body[0] ^= 1 } else { body.truncate(body.len() / 2) }
            });
            let pulled = pull();
            assert_eq!(pulled.code(), 1, "{key} {flip}: {pulled}");
            assert!(!bed.path("fetched").exists(), "{key}");
            store.change(&key, |body| *body = before);
        }
    }
    let left = bed.command("sh").args(["-c", "ls -A | grep tmp"]).run();
    assert_eq!(left.stdout(), "", "nothing half is left");
    assert_eq!(pull().code(), 0);
}

#[test]
fn a_bundle_does_not_stand_for_another() {
    let bed = unsigned();
    bed.write("store/.keep", "");
    let first = sealed(&bed);
    assert_eq!(tool(&bed).args(["push", &first, "store"]).run().code(), 0);
    for other in ["other-20261122T170000Z", "checks-20261122T170000Z"] {
        let other = format!("store/bundles/area/{other}");
        let copied = bed.command("cp").args(["-r", &format!("store/bundles/{}", name(&first))]);
        assert_eq!(copied.arg(&other).run().code(), 0);
        let pulled = tool(&bed).args(["pull", &other, "fetched"]).run();
        assert_eq!(pulled.code(), 1, "{pulled}");
        assert!(pulled.stderr().contains("another bundle lies under its name"), "{pulled}");
    }
}

#[test]
fn a_store_that_ignores_conditions_is_refused() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::IgnoresConditions);
    let pushed = at(&bed, &store.endpoint()).args(["push", &bundle, "s3://bucket"]).run();
    insta::assert_snapshot!(pushed, @"
    ------- stderr -------
    error: s3://bucket cannot be trusted: it accepts a conditional write on an object that exists (If-None-Match is ignored)
    hint: use a store that keeps If-None-Match: on this one a later writer overwrites evidence unseen
    [exit status: 2]
    ");
    assert_eq!(store.keys(), ["probe/conditional-write"]);
}

#[test]
fn a_store_where_several_writers_win_is_refused_when_that_matters() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::Races);
    let push = |more: &[&str]| {
        at(&bed, &store.endpoint()).args(["push", &bundle, "s3://bucket"]).args(more.to_vec()).run()
    };
    let refused = push(&["--require-atomic"]);
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("writers that raced for one key"), "{refused}");
    assert!(!store.keys().iter().any(|key| key.starts_with("bundles/")));
    assert_eq!(push(&[]).code(), 0, "keys by content and reading back are enough for one writer");
    store.set(Fault::None);
    assert_eq!(push(&["--require-atomic"]).code(), 0);
}

#[test]
fn a_store_that_keeps_half_is_found_out() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::KeepsHalfAbove(300));
    let pushed = at(&bed, &store.endpoint()).args(["push", &bundle, "s3://bucket"]).run();
    assert_eq!(pushed.code(), 1, "{pushed}");
    assert!(pushed.stderr().contains("is only partly there"), "{pushed}");
    assert!(!store.keys().iter().any(|key| key.ends_with("manifest.sha256")));
}

/// The store stops after each number of writes: what is visible then implies what it stands for, and the same command
/// goes on.
#[test]
fn a_push_that_was_cut_leaves_nothing_that_promises_more() {
    let Some(bed) = signed("a_push_that_was_cut_leaves_nothing_that_promises_more") else { return };
    let bundle = sealed(&bed);
    let whole = FakeS3::start(Fault::None);
    let push = |store: &FakeS3| {
        at(&bed, &store.endpoint()).args(["push", &bundle, "s3://bucket"]).run().code()
    };
    assert_eq!(push(&whole), 0);
    let all = whole.keys();
    let blobs = |keys: &[String]| keys.iter().filter(|key| key.starts_with("blobs/")).count();
    let tiles = |keys: &[String]| keys.iter().filter(|key| key.contains("/tile/")).count();
    assert!(blobs(&all) == 4 && tiles(&all) == 2, "{all:?}");
    for most in 0..all.len() {
        let store = FakeS3::start(Fault::DeniesAfter(most));
        assert_eq!(push(&store), 2, "{most}");
        let keys = store.keys();
        let has = |end: &str| keys.iter().any(|key| key.ends_with(end));
        assert!(!has("manifest.sha256") || (blobs(&keys) == 4 && has("index.json")), "{keys:?}");
        let is_signed = !has("manifest.sha256") || has("manifest.sha256.sig");
        assert!(is_signed, "{keys:?}");
        let checkpoint = keys.iter().any(|key| key.starts_with("checkpoints/"));
        assert!(!checkpoint || tiles(&keys) == 2, "{keys:?}");
        store.set(Fault::None);
        assert_eq!(push(&store), 0, "{most}");
        assert_eq!(store.keys(), all);
    }
}

#[test]
fn eight_pushers_of_one_bundle_agree_and_a_second_bundle_is_kept_out() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::None);
    let push = || at(&bed, &store.endpoint()).args(["push", &bundle, "s3://bucket"]).start();
    let all: Vec<Running<'_>> = (0..8).map(|_| push()).collect();
    for pushed in all {
        let pushed = pushed.wait();
        assert_eq!(pushed.code(), 0, "{pushed}");
    }
    // Another machine has a bundle of the same name.
    let other = unsigned();
    let twin = sealed(&other);
    let renamed = format!("[ {twin} = {bundle} ] || mv {twin} {bundle}");
    assert_eq!(other.command("sh").args(["-c", &renamed]).run().code(), 0);
    let pushed = at(&other, &store.endpoint()).args(["push", &bundle, "s3://bucket"]).run();
    assert_eq!(pushed.code(), 1, "{pushed}");
    assert!(pushed.stderr().contains("something else lies at"), "{pushed}");
    let verified =
        at(&bed, &store.endpoint()).args(["verify", &bundle, "--remote", "s3://bucket"]).run();
    assert_eq!(verified.code(), 0, "{verified}");
    let verified =
        at(&other, &store.endpoint()).args(["verify", &bundle, "--remote", "s3://bucket"]).run();
    assert_eq!(verified.code(), 1, "{verified}");
    assert!(verified.stdout().contains("[wrong-head]"), "{verified}");
}

#[test]
fn a_log_that_was_rolled_back_is_seen_by_the_store() {
    let Some(bed) = signed("a_log_that_was_rolled_back_is_seen_by_the_store") else { return };
    bed.write("store/.keep", "");
    let first = sealed(&bed);
    let origin =
        bed.command("sh").args(["-c", "echo artifacts/.log/*"]).run().stdout().trim().to_owned();
    let old = |file: &str| bed.read(format!("{origin}/{file}"));
    let before = [old("log.jsonl"), old("checkpoint"), old("range")];
    assert_eq!(tool(&bed).args(["push", &first, "store"]).run().code(), 0);
    let second = sealed(&bed);
    assert_eq!(tool(&bed).args(["push", &second, "store"]).run().code(), 0);
    let verify = || tool(&bed).args(["verify", "--origin", "--remote", "store"]).run();
    let agrees = verify();
    assert!(agrees.code() == 0 && agrees.stdout().contains("as it was at 4 lines"), "{agrees}");
    // The old log with its old, validly signed checkpoint: here only the bundle tells that it lost.
    for (file, text) in ["log.jsonl", "checkpoint", "range"].iter().zip(before) {
        bed.write(format!("{origin}/{file}"), text);
    }
    let here = tool(&bed).args(["verify", "--origin"]).run();
    assert!(here.code() == 1 && here.stdout().contains("which does not list it"), "{here}");
    let cut = verify();
    assert!(cut.code() == 1 && cut.stdout().contains("[cut]"), "{cut}");
    // It goes on from there: a fork, which is refused and shown.
    let third = sealed(&bed);
    let pushed = tool(&bed).args(["push", &third, "store"]).run();
    assert!(pushed.code() == 1 && pushed.stderr().contains("two histories"), "{pushed}");
    assert!(verify().stdout().contains("[wrong-head]"));
}

#[test]
fn credentials_come_from_the_vault_or_the_environment_and_are_never_shown() {
    let bed = unsigned();
    bed.write("ops.toml", bed.read("ops.toml").replace("[evidence]", "[[vault.file]]\npath = \"aws.env\"\nkeys = { AWS_ACCESS_KEY_ID = \"any\", AWS_SECRET_ACCESS_KEY = \"any\" }\n[evidence]"));
    bed.write(
        "vault/aws.env",
        "AWS_ACCESS_KEY_ID=id-CANARY-1234\nAWS_SECRET_ACCESS_KEY=secret-CANARY-567\n",
    );
    let bundle = sealed(&bed);
    let store = FakeS3::start(Fault::None);
    let push = |url: &str| {
        tool(&bed)
            .env("AWS_ENDPOINT_URL", store.endpoint())
            .args(["push", &bundle, url, "--env-from", "aws.env"])
            .run()
    };
    assert_eq!(push("s3://bucket").code(), 0);
    store.set(Fault::DeniesAfter(0));
    let denied = push("s3://elsewhere/x");
    assert!(denied.code() == 2 && denied.stderr().contains("denies access"), "{denied}");
    for wrong in
        ["s3://user:secret-CANARY@bucket", "s3://bucket?X-Amz-Signature=CANARY", "s3://", "ftp://x"]
    {
        assert_eq!(push(wrong).code(), 2);
    }
    let nowhere = tool(&bed)
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .args(["push", &bundle, "s3://bucket", "--env-from", "aws.env"])
        .run();
    assert!(
        nowhere.code() == 2 && nowhere.stderr().contains("the connection is refused"),
        "{nowhere}"
    );
}

#[test]
fn git_is_a_memory_and_an_outside_one_when_it_was_pushed() {
    let test = "git_is_a_memory_and_an_outside_one_when_it_was_pushed";
    let bed = unsigned();
    if !crate::ops::is_there("git") {
        testbed::not_run(test, "git is not installed");
        return;
    }
    let git = |line: &str| {
        let identity =
            "git -c user.name=ops -c user.email=ops@example.org -c init.defaultBranch=main";
        let done = bed
            .command("sh")
            .args(["-c", &line.replace("git ", &format!("{identity} "))])
            .unguarded()
            .run();
        assert_eq!(done.code(), 0, "{done}");
    };
    git("git init -q . && git init -q --bare ../tmp/remote && git remote add origin ../tmp/remote");
    let bundle = sealed(&bed);
    let verify = || tool(&bed).args(["verify", &bundle]).run();
    assert!(verify().stdout().contains("not known to git"), "{}", verify());
    git("git add artifacts && git commit -q -m evidence");
    let committed = verify();
    assert!(committed.stdout().contains(", which is not published"), "{committed}");
    assert!(committed.stdout().contains("[no-anchor]"), "{committed}");
    git("git push -q origin main");
    let published = verify();
    assert!(published.stdout().contains(", published as origin/main"), "{published}");
    assert!(!published.stdout().contains("[no-anchor]"), "{published}");
    for file in ["manifest.sha256", "evidence.jsonl"] {
        bed.remove(format!("{bundle}/{file}"));
    }
    let other = open(&bed);
    assert_eq!(tool(&bed).args(["seal", &other]).run().code(), 0);
    for file in ["manifest.sha256", "evidence.jsonl"] {
        bed.write(format!("{bundle}/{file}"), bed.read(format!("{other}/{file}")));
    }
    assert!(faults(&bed, &bundle).contains(&"wrong-head".to_owned()));
}
