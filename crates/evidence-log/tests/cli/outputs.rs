//! Where `report` and `export` write, and where they never do; what the page says; what `attach` leaves behind.

use std::os::unix::fs::{FileTypeExt, symlink};

use crate::ops::unsigned;
use crate::{faults, open, sealed, tool};

#[test]
fn nothing_is_written_among_evidence() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let log =
        std::fs::read_dir(bed.path("artifacts/.log")).unwrap().next().unwrap().unwrap().path();
    let log = log.display();
    symlink(bed.path(&bundle), bed.path("link")).unwrap();
    for output in [
        format!("{bundle}/evidence.jsonl"),
        format!("{bundle}/report.html"),
        format!("{bundle}/new/report.html"),
        format!("docs/../{bundle}/report.html"),
        "link/report.html".to_owned(),
        format!("{log}/log.jsonl"),
        format!("{log}/report.html"),
        "artifacts/.log/report.html".to_owned(),
    ] {
        bed.write("docs/.keep", "");
        for command in [vec!["report", &bundle], vec!["export", &bundle, "--as", "asciicast"]] {
            let refused = tool(&bed).args(command).args(["-o", &output]).run();
            assert_eq!(refused.code(), 2, "{output}: {refused}");
            assert!(refused.stderr().contains("hint: name a"), "{output}: {refused}");
        }
        assert!(faults(&bed, &bundle).iter().all(|rule| rule == "unsigned"), "{output}");
    }
    let origin = tool(&bed).args(["verify", "--origin", "--allow-unsigned"]).run();
    assert!(!origin.stdout().contains("missing"), "{origin}");
}

#[test]
fn a_page_takes_the_place_of_an_earlier_one_and_of_nothing_else() {
    let bed = unsigned();
    let bundle = sealed(&bed);
    let report = |output: &str| tool(&bed).args(["report", &bundle, "-o", output]).run();
    for _ in 0..2 {
        assert_eq!((report("page.html").code(), report("page.html").stdout()), (0, "page.html\n"));
    }
    let page = bed.read("page.html");
    assert!(page.starts_with("<!doctype html>"), "{page}");

    // A link to a file, and a folder, stay what they are.
    bed.write("precious", "words\n");
    symlink("precious", bed.path("to-file")).unwrap();
    symlink("nowhere", bed.path("to-nothing")).unwrap();
    for output in ["to-file", "to-nothing", "docs"] {
        std::fs::create_dir_all(bed.path("docs")).unwrap();
        let refused = report(output);
        assert_eq!(refused.code(), 2, "{refused}");
        assert!(refused.stderr().contains("hint: name a file"), "{refused}");
    }
    assert_eq!(bed.read("precious"), "words\n");
    assert!(bed.path("to-file").is_symlink() && bed.path("to-nothing").is_symlink());

    // A pipe is written to, and so is our own standard output, by any name.
    assert_eq!(bed.command("mkfifo").args(["pipe"]).unguarded().run().code(), 0);
    let program = testbed::bin!("evidence-log");
    let line = format!("cat pipe > through & timeout 60 {program} report {bundle} -o pipe && wait");
    let piped = bed.command("sh").args(["-c", &line]).run();
    assert_eq!(piped.code(), 0, "{piped}");
    assert_eq!(bed.read("through"), page);
    assert!(bed.path("pipe").symlink_metadata().unwrap().file_type().is_fifo());
    assert_eq!(report("-").stdout(), page);
    let within = tool(&bed).cwd(bed.path(&bundle)).args(["report", ".", "-o", "-"]).run();
    assert_eq!(within.code(), 0, "it goes elsewhere: {within}");
    symlink("/proc/self/fd/1", bed.path("to-stdout")).unwrap();
    let line = format!("{program} report {bundle} -o to-stdout | cat > through");
    assert_eq!(bed.command("sh").args(["-c", &line]).run().code(), 0);
    assert!(bed.read("through").starts_with(&page));
    assert!(bed.path("to-stdout").is_symlink());
}

#[test]
fn the_page_says_who_answered_at_a_gate() {
    let bed = unsigned();
    let bundle = open(&bed);
    let gate = ["gate", &bundle, "migrate", "--approved", "--by", "prompt", "--who", "Ann <a@b>"];
    assert_eq!(tool(&bed).args(gate).run().code(), 0);
    assert_eq!(tool(&bed).args(["gate", &bundle, "drop", "--refused"]).run().code(), 0);
    assert_eq!(tool(&bed).args(["report", &bundle, "-o", "page.html"]).run().code(), 0);
    let (page, shown) = (bed.read("page.html"), tool(&bed).args(["show", &bundle]).run());
    assert!(page.contains("migrate approved by Ann &lt;a@b&gt; (prompt)<"), "{page}");
    assert!(shown.stdout().contains("migrate approved by Ann <a@b> (prompt)\n"), "{shown}");
    assert!(page.contains("drop refused by somebody<"), "{page}");
    assert!(shown.stdout().contains("drop refused by somebody\n"), "{shown}");
}

#[test]
fn an_attachment_that_fails_leaves_nothing_of_the_others() {
    let bed = unsigned();
    let bundle = open(&bed);
    bed.write("good.txt", "words\n");
    bed.write("bad.bin", format!("\0{}\0", crate::ops::TOKEN));
    assert_eq!(bed.command("mkfifo").args(["pipe"]).unguarded().run().code(), 0);
    std::fs::create_dir_all(bed.path("docs")).unwrap();
    let program = testbed::bin!("evidence-log");
    for other in ["nowhere", "bad.bin", "pipe", "docs"] {
        let words = ["60", program, "attach", &bundle, "good.txt", other];
        let refused = bed.command("timeout").args(words).run();
        assert_eq!(refused.code(), 2, "{other}: {refused}");
        assert!(!bed.path(format!("{bundle}/attached")).exists(), "{other}: {refused}");
    }
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
    symlink("good.txt", bed.path("link.txt")).unwrap();
    assert_eq!(tool(&bed).args(["attach", &bundle, "link.txt"]).run().code(), 0);
    let refused = tool(&bed).args(["attach", &bundle, "good.txt", "nowhere"]).run();
    assert_eq!(refused.code(), 2, "{refused}");
    assert_eq!(bed.read(format!("{bundle}/attached/link.txt")), "words\n");
    assert!(!bed.path(format!("{bundle}/attached/good.txt")).exists());
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}
