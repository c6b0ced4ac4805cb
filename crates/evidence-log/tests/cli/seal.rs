//! `seal`, `verify`, `show`, `list`: a bundle from its opening to its check by hand.

use testbed::Bed;

use crate::ops::{is_there, signed, unsigned};
use crate::{faults, open, tool};

#[test]
fn a_sealed_bundle_is_verified_by_us_and_by_hand() {
    let Some(bed) = signed("a_sealed_bundle_is_verified_by_us_and_by_hand") else { return };
    let bundle = open(&bed);
    assert_eq!(
        tool(&bed)
            .args(["run", "--into", &bundle, "--label", "one", "--", "echo", "hello"])
            .run()
            .code(),
        0
    );
    assert_eq!(tool(&bed).args(["note", &bundle, "looks well"]).run().code(), 0);
    let sealed = tool(&bed).args(["seal", &bundle]).run();
    let verified = tool(&bed).args(["verify", &bundle]).run();
    let origins = bed.command("ls").arg("artifacts/.log").run();
    let origin = origins.stdout().trim().to_owned();
    let key = verified.stdout().split_once("SHA256:").unwrap().1[..43].to_owned();
    insta::assert_snapshot!(sealed, @"
    [SHA256]
    ------- stderr -------
    sealed and signed: 1 run, 5 files; by hand:
      (cd artifacts/area/check-[TIME] && sha256sum -c manifest.sha256)
      ssh-keygen -Y verify -f .opsproof/allowed_signers -I ops@example.org -n evidence-log -s artifacts/area/check-[TIME]/manifest.sha256.sig < artifacts/area/check-[TIME]/manifest.sha256
    [exit status: 0]
    ");
    insta::assert_snapshot!(verified.to_string().replace(&key, "[KEY]").replace(&origin, "[ORIGIN]").replace(&size(verified.stdout()), "[BYTES]"), @"
    artifacts/area/check-[TIME]: intact (1 run, 5 files, [BYTES] bytes)
      manifest [SHA256]
      signed by ops@example.org (SHA256:[KEY])
      known to artifacts/.log/[ORIGIN]
    by hand:
      (cd artifacts/area/check-[TIME] && sha256sum -c manifest.sha256)
      ssh-keygen -Y verify -f .opsproof/allowed_signers -I ops@example.org -n evidence-log -s artifacts/area/check-[TIME]/manifest.sha256.sig < artifacts/area/check-[TIME]/manifest.sha256
    artifacts/area/check-[TIME]: note: only what lies beside it knows it; who holds the key could have made all of it anew [no-anchor]
    ok: 1 checked, 1 note
    [exit status: 0]
    ");
    for line in verified
        .stdout()
        .lines()
        .filter(|line| line.starts_with("  (cd ") || line.starts_with("  ssh-keygen"))
    {
        let by_hand = bed.command("sh").args(["-c", line]).run();
        assert_eq!(by_hand.code(), 0, "{by_hand}");
    }
}

fn size(text: &str) -> String {
    let (before, _) = text.split_once(" bytes").unwrap();
    before.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn show_is_a_timeline() {
    let bed = unsigned();
    let bundle = open(&bed);
    let run = |label: &str, command: &[&str]| {
        let _ =
            tool(&bed).args(["run", "--into", &bundle, "--label", label, "--"]).args(command).run();
    };
    run("one", &["echo", "two words"]);
    run("two", &["sh", "-c", "exit 3"]);
    assert_eq!(tool(&bed).args(["note", &bundle, "a note"]).run().code(), 0);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let shown = tool(&bed).args(["show", &bundle]).run().to_string();
    let host = shown.split_once(" on ").unwrap().1.split('\n').next().unwrap().to_owned();
    let shown = regex_free_durations(&shown).replace(&host, "HOST");
    insta::assert_snapshot!(shown, @"
    artifacts/area/check-[TIME] (sealed, UNSIGNED)
      [TIME] opened by evidence-log 0.1.0 on HOST
      [TIME] 001 one (exit 0, [DURATION])
          $ echo 'two words'
          001-one.out 10 bytes
      [TIME] 002 two (exit 3, [DURATION])
          $ sh -c 'exit 3'
          · suspect: empty-output
      [TIME] note: a note
      [TIME] sealed with 2 runs and 9 files
    [exit status: 0]
    ");
    let list = tool(&bed).arg("list").run();
    insta::assert_snapshot!(list, @"
    [TIME]  sealed    artifacts/area/check-[TIME] (2 runs, 1 failed or suspect)
    [exit status: 0]
    ");
    let json = tool(&bed).args(["list", "--format", "json"]).run().json();
    assert_eq!(json["bundles"][0]["state"], "sealed");
}

/// Puts `[DURATION]` for what stands between a comma and `)` in a run's line.
fn regex_free_durations(text: &str) -> String {
    let line = |line: &str| match line.strip_suffix(')').and_then(|rest| rest.rsplit_once(", ")) {
        Some((before, time)) if time.ends_with(" ms") || time.ends_with(" s") => {
            format!("{before}, [DURATION])")
        }
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn exit_codes_tell_altered_from_undecided() {
    let Some(bed) = signed("exit_codes_tell_altered_from_undecided") else { return };
    let bundle = open(&bed);
    let _ =
        tool(&bed).args(["run", "--into", &bundle, "--label", "one", "--", "echo", "hello"]).run();
    let verify = || tool(&bed).args(["verify", &bundle]).run().code();
    assert_eq!((verify(), faults(&bed, &bundle)), (1, vec!["unsealed".to_owned()]));
    let _ = tool(&bed).args(["seal", &bundle]).run();
    assert_eq!(verify(), 0);
    bed.write(".opsproof/other", bed.read(".opsproof/allowed_signers"));
    bed.remove(".opsproof/allowed_signers");
    assert_eq!(verify(), 2, "a signature that cannot be checked is no verdict");
    let named = tool(&bed).args(["verify", &bundle, "--allowed-signers", ".opsproof/other"]).run();
    assert_eq!(named.code(), 0, "{named}");
    bed.write(".opsproof/allowed_signers", "# nobody\n");
    assert_eq!((verify(), faults(&bed, &bundle)), (1, vec!["unknown-signer".to_owned()]));
    bed.write(".opsproof/allowed_signers", "somebody with a key that is none\n");
    assert_eq!(verify(), 2);
    bed.write(".opsproof/allowed_signers", bed.read(".opsproof/other"));
    a_bad_line_allows_nobody_and_hides_nobody(&bed, &bundle);
    bed.write(format!("{bundle}/001-one.out"), "forged\n");
    assert_eq!((verify(), faults(&bed, &bundle)), (1, vec!["altered".to_owned()]));
    assert_eq!(tool(&bed).args(["verify", "nowhere"]).run().code(), 2);
    assert_eq!(tool(&bed).args(["verify", "vault"]).run().code(), 2);
}

/// What ssh-keygen skips is skipped, wherever it stands, and told.
fn a_bad_line_allows_nobody_and_hides_nobody(bed: &Bed, bundle: &str) {
    let good = bed.read(".opsproof/allowed_signers");
    let signed = format!("{bundle}/manifest.sha256");
    for bad in [
        "ops@example.org garbage",
        "ops@example.org valid-after=\"soon\" ssh-ed25519 AAAA",
        "\"ops",
    ] {
        for (text, line) in
            [(format!("{bad}\n{good}"), 1), (format!("{}\n{bad}\n", good.trim_end()), 2)]
        {
            bed.write(".opsproof/allowed_signers", text);
            let verified = tool(bed).args(["verify", bundle]).run();
            assert_eq!(verified.code(), 0, "{verified}");
            let warning = format!("allowed_signers:{line} is skipped, and allows nobody: ");
            assert!(verified.stderr().contains(&warning), "{verified}");
            let by_hand = bed.command("ssh-keygen").args([
                "-Y",
                "verify",
                "-f",
                ".opsproof/allowed_signers",
                "-I",
                "ops@example.org",
                "-n",
                "evidence-log",
                "-s",
                &format!("{signed}.sig"),
            ]);
            let by_hand = by_hand.stdin(bed.read_bytes(&signed)).run();
            assert_eq!(by_hand.code(), 0, "{by_hand}");
        }
    }
    // Where the bad line is the signer's own, nobody says that the key may sign.
    let own = good.replacen("ops@example.org ", "ops@example.org valid-after=\"soon\" ", 1);
    let other = "other@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP9wPkJW1p9GRa7/Rc4JHz++Y2TDrQFjKXki42dKsjWx\n";
    bed.write(".opsproof/allowed_signers", format!("{own}{other}"));
    let verified = tool(bed).args(["verify", bundle]).run();
    assert_eq!(verified.code(), 1, "{verified}");
    assert!(verified.stdout().contains("[unknown-signer]"), "{verified}");
    bed.write(".opsproof/allowed_signers", good);
}

#[test]
fn a_log_that_cites_the_manifest_is_an_anchor() {
    let bed = unsigned();
    let bundle = open(&bed);
    let manifest = tool(&bed).args(["seal", &bundle]).run().stdout().trim().to_owned();
    bed.write("feedback/ops.md", format!("Evidence: {bundle}/ (0 runs, manifest {manifest})\n"));
    let verified = tool(&bed).args(["verify", &bundle]).run();
    assert!(verified.stdout().contains("known to feedback/ops.md:1"), "{verified}");
    assert_eq!(
        tool(&bed).args(["verify", &bundle, "--against", "feedback/ops.md"]).run().code(),
        0
    );
    let other = format!("sha256:{}", "0".repeat(64));
    bed.write("feedback/ops.md", format!("Evidence: {bundle}/ (0 runs, manifest {other})\n"));
    assert_eq!(faults(&bed, &bundle), ["wrong-head"]);
    bed.write("other.md", "nothing here\n");
    assert_eq!(tool(&bed).args(["verify", &bundle, "--against", "other.md"]).run().code(), 2);
    assert_eq!(tool(&bed).args(["verify", &bundle, "--manifest", &manifest]).run().code(), 0);
    assert_eq!(tool(&bed).args(["verify", &bundle, "--manifest", &other]).run().code(), 1);
}

#[test]
fn the_origin_log_remembers_what_was_opened_and_sealed() {
    let Some(bed) = signed("the_origin_log_remembers_what_was_opened_and_sealed") else { return };
    let first = open(&bed);
    assert_eq!(tool(&bed).args(["seal", &first]).run().code(), 0);
    assert_eq!(tool(&bed).args(["seal", &first]).run().code(), 0);
    let own = tool(&bed).args(["run", "--name", "own", "--", "echo", "x"]).run();
    assert_eq!(own.code(), 0, "{own}");
    let verify = || tool(&bed).args(["verify", "--origin"]).run();
    let intact = verify();
    assert_eq!(intact.code(), 0, "{intact}");
    // Opened and sealed, and a bundle of its own, which is entered when it is sealed.
    assert!(intact.stdout().contains(": 3 entries, 2 seals"), "{intact}");
    let known = tool(&bed).args(["verify", &first]).run();
    assert!(known.stdout().contains("known to artifacts/.log/"), "{known}");

    // The bundle as a whole is made anew by somebody who has the key.
    for file in ["manifest.sha256", "manifest.sha256.sig", "evidence.jsonl"] {
        bed.remove(format!("{first}/{file}"));
    }
    let second = open(&bed);
    assert_eq!(tool(&bed).args(["seal", &second]).run().code(), 0);
    for file in ["manifest.sha256", "manifest.sha256.sig", "evidence.jsonl"] {
        bed.write(format!("{first}/{file}"), bed.read(format!("{second}/{file}")));
    }
    assert_eq!(faults(&bed, &first), ["wrong-head"]);
    assert_eq!(verify().code(), 1);
}

#[test]
fn nothing_is_added_to_a_sealed_bundle() {
    let bed = unsigned();
    let bundle = open(&bed);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    insta::assert_snapshot!(tool(&bed).args(["run", "--into", &bundle, "--", "touch", "made"]).run(), @"
    ------- stderr -------
    error: cannot record the command (the command was not started)
      caused by: [ROOT]/artifacts/area/check-[TIME] is sealed; nothing can be added to it
    hint: open another bundle for what follows
    [exit status: 125]
    ");
    assert!(!bed.path("made").exists());
    bed.write("file", "x");
    assert_eq!(tool(&bed).args(["attach", &bundle, "file"]).run().code(), 2);
    assert_eq!(tool(&bed).args(["note", &bundle, "x"]).run().code(), 2);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0, "sealing again changes nothing");
    assert_eq!(faults(&bed, &bundle), Vec::<String>::new());
}

#[test]
fn a_key_that_cannot_be_used_leaves_an_unsigned_seal_that_says_so() {
    let Some(bed) = signed("a_key_that_cannot_be_used_leaves_an_unsigned_seal_that_says_so") else {
        return;
    };
    bed.remove("home/key");
    let bundle = open(&bed);
    assert_eq!(tool(&bed).args(["run", "--into", &bundle, "--", "echo", "x"]).run().code(), 0);
    let sealed = tool(&bed).args(["seal", &bundle]).run();
    assert_eq!(sealed.code(), 0);
    assert!(sealed.stderr().contains("warning: the seal is UNSIGNED: cannot read"), "{sealed}");
    assert_eq!(faults(&bed, &bundle), ["unsigned"]);
    assert_eq!(tool(&bed).args(["verify", &bundle, "--allow-unsigned"]).run().code(), 0);

    // A pipe is not waited for.
    assert_eq!(bed.command("mkfifo").arg("home/key").unguarded().run().code(), 0);
    let ran = tool(&bed).args(["run", "--name", "p", "--", "echo", "x"]).unguarded().run();
    bed.remove("home/key");
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(ran.stderr().contains("UNSIGNED: cannot read"), "{ran}");
}

#[test]
fn run_and_verify_need_no_network() {
    let test = "run_and_verify_need_no_network";
    let Some(bed) = signed(test) else { return };
    if !is_there("unshare")
        || bed.command("unshare").args(["-rn", "true"]).unguarded().run().code() != 0
    {
        testbed::not_run(test, "no empty network namespace can be made here");
        return;
    }
    let program = testbed::bin!("evidence-log");
    let bundle = open(&bed);
    let inside = |line: String| bed.command("unshare").args(["-rn", "sh", "-c", &line]).run();
    let ran = inside(format!("{program} run --into {bundle} -- echo x && {program} seal {bundle}"));
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(inside(format!("{program} verify {bundle}")).code(), 0);
}

#[test]
fn rules_are_explained() {
    let bed = Bed::new();
    let all = tool(&bed).arg("rules").run();
    assert_eq!(all.stdout().lines().count(), 20, "{all}");
    assert_eq!(tool(&bed).args(["rules", "cut"]).run().code(), 0);
    assert_eq!(tool(&bed).args(["rules", "no-such-rule"]).run().code(), 2);
}

#[test]
fn the_page_shows_failures_first_and_runs_nothing() {
    let bed = unsigned();
    let bundle = open(&bed);
    let _ =
        tool(&bed).args(["run", "--into", &bundle, "--label", "good", "--", "echo", "fine"]).run();
    let bad = "printf '\\033[31m<script>alert(1)</script>\\033[0m\\n'; exit 3";
    let _ =
        tool(&bed).args(["run", "--into", &bundle, "--label", "bad", "--", "sh", "-c", bad]).run();
    assert_eq!(tool(&bed).args(["note", &bundle, "a <b>note</b>"]).run().code(), 0);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let written = tool(&bed).args(["report", &bundle, "--output", "page.html"]).run();
    assert_eq!((written.code(), written.stdout()), (0, "page.html\n"), "{written}");
    let page = bed.read("page.html");
    let bad = page.find("id=\"run-2\" class=\"run bad\" open>").unwrap();
    assert!(bad < page.find("id=\"run-1\" class=\"run good\">").unwrap());
    assert!(page.contains("<span class=\"f1\">&lt;script&gt;alert(1)&lt;/script&gt;</span>"));
    assert!(page.contains("a &lt;b&gt;note&lt;/b&gt;") && page.contains("Intact, UNSIGNED"));
    assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"));
}

#[test]
fn an_agent_signs_for_a_key_whose_file_is_elsewhere() {
    let test = "an_agent_signs_for_a_key_whose_file_is_elsewhere";
    let Some(bed) = signed(test) else { return };
    if !is_there("ssh-agent") || !is_there("ssh-add") {
        testbed::not_run(test, "there is no ssh-agent");
        return;
    }
    let bundle = open(&bed);
    let program = testbed::bin!("evidence-log");
    let line = format!(
        "eval $(ssh-agent) > /dev/null && ssh-add -q home/key && rm home/key && \
         {program} run --into {bundle} -- echo x && {program} seal {bundle}; ssh-agent -k > /dev/null"
    );
    let sealed = bed.command("sh").args(["-c", &line]).run();
    assert!(sealed.stderr().contains("sealed and signed"), "{sealed}");
    assert_eq!(faults(&bed, &bundle), Vec::<String>::new());
    // The last checkpoint is the agent's; it is raw Ed25519 as with a key file.
    assert_eq!(tool(&bed).args(["verify", "--origin"]).run().code(), 0);
}

#[test]
fn an_agent_that_does_not_answer_is_not_waited_for() {
    let test = "an_agent_that_does_not_answer_is_not_waited_for";
    let Some(bed) = signed(test) else { return };
    let key = bed.path("home/key").to_string_lossy().into_owned();
    let lock = ["-q", "-p", "-P", "", "-N", "passphrase-CANARY", "-f", &key];
    assert_eq!(bed.command("ssh-keygen").args(lock).unguarded().run().code(), 0);
    let socket = bed.path("agent");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let started = std::time::Instant::now();
    let run = ["run", "--name", "one", "--", "echo", "x"];
    let ran = tool(&bed).args(run).env("SSH_AUTH_SOCK", socket.as_os_str()).run();
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(ran.stderr().contains("UNSIGNED: ssh-agent does not answer"), "{ran}");
    assert!(started.elapsed() < std::time::Duration::from_secs(40), "{:?}", started.elapsed());
}

/// Signs with the key at `home/key`, whatever kind it is; `SK` is the provider of a device.
fn signs_through_ssh_keygen(bed: &Bed, kind: &str, provider: Option<&str>) {
    let public = bed.read("home/key.pub");
    bed.write(".opsproof/allowed_signers", format!("ops@example.org {public}"));
    let sk = |command: testbed::Command<'_>| match provider {
        Some(path) => command.env("SSH_SK_PROVIDER", path).run(),
        None => command.run(),
    };
    let bundle = open(bed);
    let ran = sk(tool(bed).args(["run", "--into", &bundle, "--", "echo", "x"]));
    assert_eq!(ran.code(), 0, "{ran}");
    let sealed = sk(tool(bed).args(["seal", &bundle]));
    assert!(sealed.stderr().contains("sealed and signed"), "{sealed}");
    let verify = || tool(bed).args(["verify", &bundle]).run();
    let good = verify();
    assert_eq!(good.code(), 0, "{good}");
    assert!(
        good.stdout().contains(&format!("signed by ops@example.org ({kind}, SHA256:")),
        "{good}"
    );
    assert!(sealed.stderr().contains("the origin log's checkpoint is UNSIGNED: a key of kind"));
    let by_hand = good.stdout().lines().find(|line| line.contains("ssh-keygen -Y verify")).unwrap();
    let typed = bed.command("sh").args(["-c", by_hand]).unguarded().run();
    assert_eq!(typed.code(), 0, "{typed}");
    let origin = tool(bed).args(["verify", "--origin"]).run();
    assert_eq!(origin.code(), 0, "{origin}");
    assert!(origin.stdout().contains("UNSIGNED: only Ed25519 signs a checkpoint"), "{origin}");
    bed.write(".opsproof/allowed_signers", "# nobody\n");
    assert_eq!((verify().code(), faults(bed, &bundle)), (1, vec!["unknown-signer".to_owned()]));
    bed.write(".opsproof/allowed_signers", format!("ops@example.org {public}"));
    let other = open(bed);
    assert_eq!(sk(tool(bed).args(["seal", &other])).code(), 0);
    bed.write(
        format!("{bundle}/manifest.sha256.sig"),
        bed.read(format!("{other}/manifest.sha256.sig")),
    );
    assert_eq!((verify().code(), faults(bed, &bundle)), (1, vec!["bad-signature".to_owned()]));
}

#[test]
fn keys_of_other_kinds_sign_the_manifest_through_ssh_keygen() {
    for (kind, named) in [("ecdsa", "ecdsa-sha2-nistp256"), ("rsa", "ssh-rsa")] {
        let Some(bed) = signed("keys_of_other_kinds_sign_the_manifest_through_ssh_keygen") else {
            return;
        };
        let key = bed.path("home/key").to_string_lossy().into_owned();
        bed.remove("home/key");
        bed.remove("home/key.pub");
        let make = ["-q", "-t", kind, "-N", "", "-C", "ops", "-f", &key];
        assert_eq!(bed.command("ssh-keygen").args(make).unguarded().run().code(), 0);
        signs_through_ssh_keygen(&bed, named, None);
    }
}

#[test]
fn a_checkpoint_that_nobody_signed_is_accepted_where_that_is_said() {
    let Some(bed) = signed("a_checkpoint_that_nobody_signed_is_accepted_where_that_is_said") else {
        return;
    };
    let ops = bed.read("ops.toml");
    bed.write("ops.toml", ops.replace("sign-with = \"home/key\"\n", ""));
    let bundle = open(&bed);
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let verify = |more: &[&str]| tool(&bed).args(["verify", "--origin"]).args(more).run();
    let refused = verify(&[]);
    assert_eq!(refused.code(), 1, "{refused}");
    assert!(refused.stdout().contains("UNSIGNED: signers are declared, and nobody signed"));
    let accepted = verify(&["--allow-unsigned"]);
    assert_eq!(accepted.code(), 0, "{accepted}");
    assert!(accepted.stdout().contains("UNSIGNED"), "{accepted}");
}

#[test]
fn a_key_on_hardware_signs_the_manifest() {
    let test = "a_key_on_hardware_signs_the_manifest";
    // OpenSSH's own stand-in for a device, from the package openssh-tests.
    let provider = "/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so";
    let Some(bed) = signed(test) else { return };
    if !std::path::Path::new(provider).exists() {
        testbed::not_run(test, "there is no device, and openssh-tests is not installed");
        return;
    }
    let key = bed.path("home/key").to_string_lossy().into_owned();
    bed.remove("home/key");
    bed.remove("home/key.pub");
    let make = ["-q", "-t", "ed25519-sk", "-w", provider, "-N", "", "-C", "ops", "-f", &key];
    assert_eq!(bed.command("ssh-keygen").args(make).unguarded().run().code(), 0);
    signs_through_ssh_keygen(&bed, "sk-ssh-ed25519@openssh.com", Some(provider));
}

#[test]
fn an_encrypted_key_says_what_to_do() {
    let Some(bed) = signed("an_encrypted_key_says_what_to_do") else { return };
    let key = bed.path("home/key").to_string_lossy().into_owned();
    let lock = ["-q", "-p", "-P", "", "-N", "passphrase-CANARY", "-f", &key];
    assert_eq!(bed.command("ssh-keygen").args(lock).unguarded().run().code(), 0);
    let bundle = open(&bed);
    let sealed = tool(&bed).args(["seal", &bundle]).run();
    assert_eq!(sealed.code(), 0, "{sealed}");
    assert!(sealed.stderr().contains("it is encrypted; add it to ssh-agent"), "{sealed}");
}

#[test]
fn a_rewritten_origin_log_is_put_aside_and_never_signed() {
    let Some(bed) = signed("a_rewritten_origin_log_is_put_aside_and_never_signed") else { return };
    let first = open(&bed);
    assert_eq!(tool(&bed).args(["seal", &first]).run().code(), 0);
    let folder = std::fs::read_dir(bed.path("artifacts/.log")).unwrap().next().unwrap().unwrap();
    let log = format!("artifacts/.log/{}/log.jsonl", folder.file_name().to_string_lossy());
    let text = bed.read(&log);
    bed.write(&log, text.split_inclusive('\n').next().unwrap());

    let refused = tool(&bed).args(["open", "next"]).run();
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("it is shorter than its checkpoint"), "{refused}");
    assert!(refused.stderr().contains("`evidence-log recover --origin` puts it aside"));
    let names = || std::fs::read_dir(bed.path("artifacts")).unwrap().flatten();
    assert!(!names().any(|entry| entry.file_name().to_string_lossy().starts_with("next-")));
    let run = tool(&bed).args(["run", "--name", "one", "--", "true"]).run();
    assert_eq!(run.code(), 125, "{run}");
    assert!(run.stderr().contains("its bundle sealed; the origin log does not list it"), "{run}");
    assert_eq!(tool(&bed).args(["verify", "--origin"]).run().code(), 1);

    let aside = tool(&bed).args(["recover", "--origin"]).run();
    assert_eq!(aside.code(), 1, "{aside}");
    assert!(aside.stdout().contains("it is kept in artifacts/.log-aside/"), "{aside}");
    assert_eq!(tool(&bed).args(["run", "--name", "two", "--", "true"]).run().code(), 0);
    let verified = tool(&bed).args(["verify", "--origin"]).run();
    assert_eq!(verified.code(), 0, "{verified}");
    assert!(verified.stdout().contains("this origin log was put aside"), "{verified}");
    let signed = tool(&bed).args(["recover", "--origin"]).run();
    assert!(signed.stdout().contains(": signed at 1:sha256:"), "{signed}");
}
