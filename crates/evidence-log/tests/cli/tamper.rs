//! A sealed, signed bundle and its origin log, changed in every way: each change is found, and placed.

use std::path::{Path, PathBuf};

use testbed::Bed;

use crate::ops::signed;
use crate::{open, tool};

struct Evidence {
    bed: Bed,
    bundle: String,
}

impl Evidence {
    fn new(test: &str) -> Option<Self> {
        let bed = signed(test)?;
        let bundle = open(&bed);
        for (label, command) in
            [("one", "echo first"), ("two", "echo second; echo err >&2; exit 3")]
        {
            let run = ["run", "--into", &bundle, "--label", label, "--", "sh", "-c", command];
            let _ = tool(&bed).args(run).run();
        }
        assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
        let evidence = Self { bed, bundle };
        assert_eq!(evidence.verify().0, 0);
        Some(evidence)
    }

    fn verify(&self) -> (i32, String) {
        let output = tool(&self.bed).args(["verify", &self.bundle, "--origin"]).run();
        (output.code(), output.stdout().to_owned())
    }

    fn files(&self) -> Vec<PathBuf> {
        let origin = std::fs::read_dir(self.bed.path("artifacts/.log")).unwrap().next().unwrap();
        let mut files: Vec<PathBuf> = [self.bed.path(&self.bundle), origin.unwrap().path()]
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap() != "range")
            .collect();
        files.sort();
        files
    }

    /// Puts other bytes in place of a file, verifies, and puts it back.
    fn with(&self, path: &Path, bytes: &[u8]) -> (i32, String) {
        let before = std::fs::read(path).unwrap();
        std::fs::write(path, bytes).unwrap();
        let found = self.verify();
        std::fs::write(path, before).unwrap();
        found
    }
}

#[test]
fn a_byte_changed_in_any_file_is_found() {
    let Some(evidence) = Evidence::new("a_byte_changed_in_any_file_is_found") else { return };
    for path in evidence.files() {
        let bytes = std::fs::read(&path).unwrap();
        let places = [0, bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(2)];
        for at in places.into_iter().filter(|&at| at < bytes.len()) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let (code, said) = evidence.with(&path, &changed);
            assert_eq!(code, 1, "byte {at} of {}: {said}", path.display());
            let name = path.file_name().unwrap().to_string_lossy();
            assert!(said.contains(&*name), "byte {at} of {name} is not placed: {said}");
        }
        std::fs::remove_file(&path).unwrap();
        let (code, said) = evidence.verify();
        std::fs::write(&path, &bytes).unwrap();
        assert_ne!(code, 0, "{} removed: {said}", path.display());
    }
    let folder = evidence.bed.path(&evidence.bundle).join("all-checks-passed");
    std::fs::create_dir(&folder).unwrap();
    let (code, said) = evidence.verify();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("all-checks-passed: error: it is an empty folder"), "{said}");
    std::fs::remove_dir(&folder).unwrap();
    assert_eq!(evidence.verify().0, 0, "everything was put back");
}

#[test]
fn a_line_that_is_dropped_doubled_swapped_or_put_in_is_found_and_placed() {
    let test = "a_line_that_is_dropped_doubled_swapped_or_put_in_is_found_and_placed";
    let Some(evidence) = Evidence::new(test) else { return };
    for path in
        evidence.files().iter().filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
    {
        let content = std::fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = content.split_inclusive('\n').collect();
        let name = path.file_name().unwrap().to_string_lossy();
        let check = |what: &str, lines: &[&str], first: Option<usize>| {
            let (code, said) = evidence.with(path, lines.concat().as_bytes());
            assert_eq!(code, 1, "{what} in {name}: {said}");
            if let Some(first) = first {
                let placed = said.lines().filter_map(|line| {
                    let rest = line.split_once(&format!("{name}:"))?.1;
                    rest.split_once(": ")?.0.parse::<usize>().ok()
                });
                assert_eq!(placed.min(), Some(first + 1), "{what} in {name}: {said}");
            }
        };
        for n in 0..lines.len() {
            let is_last = n + 1 == lines.len();
            let without = [&lines[..n], &lines[n + 1..]].concat();
            check(&format!("line {n} dropped"), &without, (!is_last).then_some(n));
            let doubled = [&lines[..=n], &lines[n..]].concat();
            check(&format!("line {n} doubled"), &doubled, (!is_last).then_some(n + 1));
            let made_up =
                [&lines[..n], &["{\"v\":1,\"i\":0,\"made\":\"up\"}\n"], &lines[n..]].concat();
            check(&format!("a line put in before {n}"), &made_up, Some(n));
            if !is_last {
                let mut swapped = lines.clone();
                swapped.swap(n, n + 1);
                check(&format!("lines {n} and the next swapped"), &swapped, Some(n));
            }
        }
    }
}

/// Cutting the origin log together with an older checkpoint that was validly signed passes everything but a memory
/// outside: the log that cites a bundle which the cut log does not know.
#[test]
fn an_older_state_that_was_signed_is_found_by_a_citation_alone() {
    let test = "an_older_state_that_was_signed_is_found_by_a_citation_alone";
    let Some(bed) = signed(test) else { return };
    let bundle = open(&bed);
    let evidence = Evidence { bed, bundle };
    let bed = &evidence.bed;
    let older: Vec<(PathBuf, Vec<u8>)> = evidence
        .files()
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    let copy = bed.read_bytes(format!("{}/evidence.jsonl", evidence.bundle));
    let run = ["run", "--into", &evidence.bundle, "--", "echo", "x"];
    assert_eq!(tool(bed).args(run).run().code(), 0);
    let sealed = tool(bed).args(["seal", &evidence.bundle]).run();
    let manifest = sealed.stdout().trim().to_owned();
    bed.write(
        "feedback/ops.md",
        format!("Evidence: {}/ (1 run, manifest {manifest})\n", evidence.bundle),
    );
    assert_eq!(evidence.verify().0, 0);

    // Everything as it was before the run, and sealed again with the same key.
    for path in evidence.files() {
        std::fs::remove_file(path).unwrap();
    }
    for (path, bytes) in older {
        std::fs::write(path, bytes).unwrap();
    }
    assert_eq!(bed.read_bytes(format!("{}/evidence.jsonl", evidence.bundle)), copy);
    assert_eq!(tool(bed).args(["seal", &evidence.bundle]).run().code(), 0);
    let (code, said) = evidence.verify();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[wrong-head]"), "{said}");
    bed.remove("feedback/ops.md");
    let (code, said) = evidence.verify();
    assert_eq!(code, 0, "without the citation nothing can tell: {said}");
    assert!(said.contains("[no-anchor]"), "and that is said: {said}");
}
