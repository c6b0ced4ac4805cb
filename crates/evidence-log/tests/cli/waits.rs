//! What is asked and may never answer: an agent, and the remote of a clone that has not all of its history.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use rustix::process::{Pid, Signal, kill_process};

use crate::ops::{is_there, signed, unsigned};
use crate::{sealed, show, tool};

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

#[test]
fn an_agent_that_gives_no_answer_is_asked_once_and_a_signal_ends_the_wait() {
    let test = "an_agent_that_gives_no_answer_is_asked_once_and_a_signal_ends_the_wait";
    let Some(bed) = signed(test) else { return };
    let public = bed.read("home/key.pub");
    let blob = BASE64.decode(public.split(' ').nth(1).unwrap().as_bytes()).unwrap();
    bed.remove("home/key");
    let listener = UnixListener::bind(bed.path("agent")).unwrap();
    let (pid, asked) = (bed.path("pid"), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    // It says which key it has, and signs nothing; whoever asks it to is told to end.
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
            stream.read_exact(&mut message).unwrap();
            if message == [11] {
                let keys = [&[12, 0, 0, 0, 1], &string(&blob)[..], &string(b"comment")].concat();
                stream.write_all(&string(&keys)).unwrap();
            } else {
                counted.fetch_add(1, Ordering::SeqCst);
                let pid = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
                kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
                kept.push(stream);
            }
        }
    });
    let started = Instant::now();
    let run = ["run", "--name", "x", "--", "sh", "-c", "echo $PPID > pid"];
    let socket = bed.path("agent").to_string_lossy().into_owned();
    let ran = tool(&bed).args(run).env("SSH_AUTH_SOCK", &socket).run();
    assert_eq!(ran.code(), 0, "{ran}");
    let why = "UNSIGNED: ssh-agent does not answer: a signal ended the wait for it";
    assert!(ran.stderr().contains(why), "{ran}");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "statement, manifest and checkpoint ask once");
    assert!(started.elapsed() < Duration::from_secs(50), "{:?}", started.elapsed());
    let bundle = std::fs::read_dir(bed.path("artifacts")).unwrap().find_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.starts_with("x-").then(|| format!("artifacts/{name}"))
    });
    assert_eq!(show(&bed, &bundle.unwrap())["sealed"], true);
}

#[test]
fn verify_fetches_nothing_in_a_partial_clone() {
    let test = "verify_fetches_nothing_in_a_partial_clone";
    if !is_there("git") {
        testbed::not_run(test, "git is not installed");
        return;
    }
    let bed = unsigned();
    let bundle = sealed(&bed);
    let shell = |script: &str| {
        let ran = bed.command("sh").args(["-ec", script]).run();
        assert_eq!(ran.code(), 0, "{ran}");
    };
    shell(
        "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
         mv artifacts kept; git init -q -b main work; mv kept work/artifacts; cp ops.toml work/; cd work
         git add -A -f; git commit -q -m one
         for n in 2 3; do echo $n > file; git add file; git commit -q -m $n; done
         git config uploadpack.allowFilter true; cd ..
         git clone -q --filter=tree:0 \"file://$PWD/work\" clone
         git -C clone config remote.origin.uploadpack \"touch '$PWD/fetched'; git-upload-pack\"",
    );
    let verify = || tool(&bed).args(["verify", &format!("clone/{bundle}")]).run();
    let verified = verify();
    assert!(!bed.path("fetched").exists(), "{verified}");
    assert_eq!(verified.code(), 0, "{verified}");
    assert!(verified.stdout().contains("published as origin/"), "{verified}");
    // What git has of the manifest is held against another that is whole in itself.
    shell(&format!("cd clone/{bundle}; rm manifest.sha256; sed -i '$d' evidence.jsonl"));
    let copy = format!("clone/{bundle}");
    for args in [&["note", &copy, "added"][..], &["seal", &copy]] {
        let ran = tool(&bed).args(args.to_vec()).run();
        assert_eq!(ran.code(), 0, "{ran}");
    }
    let verified = verify();
    assert!(verified.code() == 1 && verified.stdout().contains("[wrong-head]"), "{verified}");
    assert!(!bed.path("fetched").exists(), "{verified}");
}
