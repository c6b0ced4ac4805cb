//! What must hold when things go wrong: killed writers, an editor in between, no room, no permission, links.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use testbed::Bed;

use crate::{SEED, bed, run};

/// The ids in a log, each once and in a whole entry.
fn ids(log: &str) -> Vec<String> {
    let found =
        log.lines().filter_map(|line| line.strip_prefix("<!-- entry ")?.strip_suffix(" -->"));
    found.map(str::to_owned).collect()
}

fn left_over(bed: &Bed) -> Vec<String> {
    let names = fs::read_dir(bed.path("feedback"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "chatwoot.md").collect()
}

/// 64 writers that are killed at random; as many entries each as `FEEDBACK_ENTRIES` says, 4 by default.
#[test]
fn killed_writers_lose_and_tear_nothing() {
    const WRITERS: usize = 64;
    let bed = bed();
    let rounds =
        option_env!("FEEDBACK_ENTRIES").and_then(|text| text.parse().ok()).unwrap_or(4_usize);
    let acknowledged = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (bed, acknowledged) = (&bed, &acknowledged);
            scope.spawn(move || {
                for round in 0..rounds {
                    let id = format!("w{writer}-{round}");
                    let running = bed
                        .command(testbed::bin!("feedback-append"))
                        .args([
                            "--role",
                            "chatwoot",
                            "--title",
                            "T",
                            "--message",
                            &format!("text of {id}"),
                            "--id",
                            &id,
                        ])
                        .unguarded()
                        .start();
                    // Every third writer is killed somewhere on its way, at another moment each time.
                    if (writer + round) % 3 == 0 {
                        std::thread::sleep(Duration::from_millis(
                            ((writer * 7 + round * 13) % 60) as u64,
                        ));
                        if !running.has_ended() {
                            running.kill();
                        }
                    }
                    if running.wait().code() == 0 {
                        acknowledged.lock().unwrap().push(id);
                    }
                }
            });
        }
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= WRITERS * rounds / 2);
    let log = bed.read("feedback/chatwoot.md");
    let mut there = ids(&log);
    let n_there = there.len();
    there.sort();
    there.dedup();
    assert_eq!(there.len(), n_there, "an entry is there twice");
    for id in &acknowledged {
        assert!(there.contains(id), "{id} was acknowledged and is gone");
        assert!(log.contains(&format!("\ntext of {id}\n\n<!-- entry {id} -->\n")), "{id} is torn");
    }
    let output = run(&bed, ["--role", "chatwoot", "--title", "after"]);
    assert_eq!(output.code(), 0, "{output}");
    let half_written = left_over(&bed).into_iter().filter(|name| name.contains(".tmp"));
    assert_eq!(half_written.count(), 0, "what killed writers left is swept by the next");
    let check = run(&bed, ["check", "feedback/chatwoot.md"]);
    for rule in ["[doc-hash]", "[order]", "[heading]"] {
        assert!(!check.stdout().contains(rule), "{check}");
    }
    let listed = run(&bed, ["list", "feedback/chatwoot.md", "--format", "json"]).json();
    assert_eq!(listed["entries"].as_array().unwrap().len(), n_there + 3);
}

/// An editor that saves by rename while entries are written loses nothing, and neither do we.
#[test]
fn an_editor_in_between_loses_nothing() {
    let bed = bed();
    let path = bed.path("feedback/chatwoot.md");
    let (mut n_refused, mut saved_aside) = (0, Vec::new());
    let root = bed.root().to_str().unwrap();
    let append = |id: &str| {
        let program = bed.command(testbed::bin!("feedback-append"));
        program.args(["--role", "chatwoot", "--title", "T", "--id", id]).unguarded().run()
    };
    let saves = std::thread::scope(|scope| {
        let editor = scope.spawn(|| {
            let mut saves = 0;
            for number in 0..40 {
                let before = fs::read_to_string(&path).unwrap();
                let temporary = path.with_file_name("editor.swp");
                fs::write(&temporary, format!("{before}\nedited {number}\n")).unwrap();
                // An editor that is careful: it saves only over what it has read.
                if fs::read_to_string(&path).unwrap() == before {
                    fs::rename(&temporary, &path).unwrap();
                    saves += 1;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            saves
        });
        for number in 0..20 {
            let id = format!("e{number}");
            let mut output = append(&id);
            // Against saves without a pause it may give up: it says so, and nothing of it is written. Whoever asks
            // again gets it done.
            while output.code() != 0 && n_refused < 10 {
                let kept = output.stderr().split("it is whole in ").nth(1);
                match kept.and_then(|text| text.lines().next()) {
                    Some(kept) => saved_aside.push(kept.replace("[ROOT]", root)),
                    None => {
                        assert!(
                            output.stderr().contains("nothing of ours was written"),
                            "{output}"
                        );
                    }
                }
                n_refused += 1;
                output = append(&id);
            }
            assert_eq!(output.code(), 0, "{output}");
        }
        editor.join().unwrap()
    });
    assert!(saves > 0);
    let log = bed.read("feedback/chatwoot.md");
    assert!(log.contains("Chatwoot Readiness Documentation Created"));
    // A save that was in its hands is whole beside the log, unless the next writer found all of it in the log; and
    // nothing else is there.
    for kept in saved_aside.iter().filter_map(|kept| fs::read_to_string(kept).ok()) {
        assert!(kept.contains("Chatwoot Readiness Documentation Created"), "{kept}");
    }
    let is_told = |name: &String| saved_aside.iter().any(|kept| kept.ends_with(name.as_str()));
    assert!(left_over(&bed).iter().all(|name| name == "editor.swp" || is_told(name)));
}

#[test]
fn a_link_in_the_logs_place_is_refused() {
    let bed = bed();
    bed.write("elsewhere.md", SEED);
    bed.remove("feedback/chatwoot.md");
    symlink(bed.path("elsewhere.md"), bed.path("feedback/chatwoot.md")).unwrap();
    let output = run(&bed, ["--role", "chatwoot", "--title", "T"]);
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("symbolic link"), "{output}");
    assert_eq!(bed.read("elsewhere.md"), SEED);
}

#[test]
fn a_file_size_limit_leaves_the_log_as_it_was() {
    let bed = bed();
    for args in [
        "--role chatwoot --title T",
        "refresh --write",
        "archive --role chatwoot --before 2025-11-01",
    ] {
        let script = format!("ulimit -f 2; exec {} {args}", testbed::bin!("feedback-append"));
        let output = bed.command("sh").args(["-c", &script]).run();
        assert_eq!(output.code(), 2, "{output}");
        assert!(output.stderr().contains("nothing was written"), "{output}");
        assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    }
    // No part of an archive is there.
    fs::remove_dir(bed.path("feedback/archive")).unwrap();
    assert!(left_over(&bed).is_empty());
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "T"]).code(), 0);
}

#[test]
fn a_folder_that_cannot_be_written_leaves_the_log_as_it_was() {
    let bed = bed();
    if !can_mount(&bed) {
        return testbed::not_run("a read-only folder", "nothing can be mounted here");
    }
    let script = format!(
        "mount --bind feedback feedback && mount -o remount,bind,ro feedback && exec {} --role chatwoot --title T",
        testbed::bin!("feedback-append"),
    );
    let output = bed.command("unshare").args(["-rm", "sh", "-c", &script]).run();
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("nothing was written"), "{output}");
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    assert!(left_over(&bed).is_empty());
}

fn can_mount(bed: &Bed) -> bool {
    let probe = ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"];
    bed.command("unshare").args(probe).unguarded().run().code() == 0
}

#[test]
fn a_full_disk_leaves_the_log_as_it_was() {
    let bed = bed();
    let script = format!(
        "mount -t tmpfs -o size=16k none feedback && cp seed.md feedback/chatwoot.md && head -c 20000 /dev/zero > feedback/full; \
         {} --role chatwoot --title T; code=$?; cmp seed.md feedback/chatwoot.md && echo same; \
         rm feedback/full; {} --role chatwoot --title T && echo room; exit $code",
        testbed::bin!("feedback-append"),
        testbed::bin!("feedback-append"),
    );
    bed.write("seed.md", SEED);
    if !can_mount(&bed) {
        return testbed::not_run("a full disk", "no tmpfs can be mounted here");
    }
    let output = bed.command("unshare").args(["-rm", "sh", "-c", &script]).run();
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stdout().contains("same\n") && output.stdout().ends_with("room\n"), "{output}");
}
