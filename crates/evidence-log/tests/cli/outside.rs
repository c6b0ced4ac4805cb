//! A bundle that names files which are not its own, or has something else in the place of a file: none is read or
//! written through.

use std::os::unix::fs::symlink;

use testbed::{Bed, Output};

use crate::ops::unsigned;
use crate::{open, sealed, tool};

const OUTSIDE: &str = "what lies outside";

/// A program of ours that must not wait for ever.
fn in_time<'a>(bed: &'a Bed, args: &[&'a str]) -> Output {
    let program = testbed::bin!("evidence-log");
    bed.command("timeout").args(["60", program]).args(args.to_vec()).run()
}

/// A bundle whose record names this path in the place of its output.
fn naming(bed: &Bed, path: &str) -> String {
    let bundle = sealed(bed);
    let records = format!("{bundle}/evidence.jsonl");
    let text = bed.read(&records);
    assert!(text.contains("\"001-one.out\""));
    bed.write(&records, text.replace("\"001-one.out\"", &format!("\"{path}\"")));
    let all = bed.read("outside.txt").len();
    bed.write(format!("{bundle}/001-one.timing"), format!("[0,1,{all}]\n"));
    bundle
}

#[test]
fn a_record_leads_no_reader_out_of_the_bundle() {
    let bed = unsigned();
    bed.write("outside.txt", OUTSIDE);
    let absolute = bed.path("outside.txt").to_string_lossy().into_owned();
    let paths = [absolute.as_str(), "../../../outside.txt", "attached/../../../../outside.txt"];
    for (path, is_link) in
        paths.map(|path| (path, false)).into_iter().chain([("up/outside.txt", true)])
    {
        let bundle = naming(&bed, path);
        if is_link {
            symlink(bed.path("."), bed.path(format!("{bundle}/up"))).unwrap();
        }
        let verified = tool(&bed).args(["verify", &bundle]).run();
        assert_eq!(verified.code(), 1, "{verified}");
        let shown = tool(&bed).args(["report", &bundle, "-o", "page.html"]).run();
        assert_eq!(shown.code(), 0, "{shown}");
        assert!(!bed.read("page.html").contains(OUTSIDE), "{path}");
        let cast = ["export", &bundle, "--as", "asciicast", "--anyway", "-o", "x.cast"];
        let exported = tool(&bed).args(cast).run();
        assert_ne!(exported.code(), 0, "{exported}");
        let written = std::fs::read_to_string(bed.path("x.cast")).unwrap_or_default();
        assert!(!written.contains(OUTSIDE), "{path}");
        drop(std::fs::remove_file(bed.path("x.cast")));
    }
}

#[test]
fn an_export_waits_for_no_pipe() {
    let bed = unsigned();
    for (file, form) in [
        ("001-one.out", "asciicast"),
        ("001-one.timing", "asciicast"),
        ("001-one.intoto.json", "in-toto"),
    ] {
        let bundle = sealed(&bed);
        let path = format!("{bundle}/{file}");
        bed.remove(&path);
        let made = bed.command("mkfifo").arg(&path).unguarded().run();
        assert_eq!(made.code(), 0, "{made}");
        let exported = in_time(&bed, &["export", &bundle, "--as", form, "--anyway", "-o", "out"]);
        assert_eq!(exported.code(), 2, "{exported}");
        assert!(exported.stderr().contains("it is not a regular file"), "{exported}");
    }
}

#[test]
fn nothing_is_attached_through_a_link() {
    let bed = unsigned();
    let bundle = open(&bed);
    bed.write("elsewhere/.keep", "");
    bed.write("shot.txt", "seen\n");
    let folder = bed.path(format!("{bundle}/attached"));
    symlink(bed.path("elsewhere"), &folder).unwrap();
    let attach = || tool(&bed).args(["attach", &bundle, "shot.txt"]).run();
    let refused = attach();
    assert_eq!(refused.code(), 2, "{refused}");
    assert!(refused.stderr().contains("attached is in its place, and is no folder"), "{refused}");
    assert!(!bed.path("elsewhere/shot.txt").exists());
    std::fs::remove_file(folder).unwrap();
    let attached = attach();
    assert_eq!(attached.code(), 0, "{attached}");
    let sealed = tool(&bed).args(["seal", &bundle]).run();
    assert_eq!(sealed.code(), 0, "{sealed}");
}
