//! Incidents of `fixtures/incidents`, replayed by the real programs: what is given, what is done, what must be seen.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod given;
mod story;
mod then;
mod tools;
mod when;

use std::fs;

use story::Story;

/// Makes one test for each folder, named for it.
macro_rules! incidents {
    ($($name:ident = $folder:literal,)*) => {
        const FOLDERS: &[&str] = &[$($folder),*];
        $(
            #[test]
            fn $name() {
                replay($folder);
            }
        )*
    };
}

incidents! {
    seed_preflight = "01-seed-preflight",
    vault_of_mode_644 = "02-vault-of-mode-644",
    look_alike_placeholder = "03-look-alike-placeholder",
    drifted_names = "04-drifted-names",
    parser_safety = "05-parser-safety",
    session_pooler_split = "06-session-pooler-split",
    urgent_order = "07-urgent-order",
    guess_matrix = "08-guess-matrix",
    policy = "09-policy",
    staged_or_drifted = "10-staged-or-drifted",
    rename_mirror = "11-rename-mirror",
    false_green = "12-false-green",
    redaction_both_ways = "13-redaction-both-ways",
    citation_check = "14-citation-check",
    shared_tree_append = "15-shared-tree-append",
    health_path = "16-health-path",
    expired_direction = "17-expired-direction",
    canon_mismatch = "18-canon-mismatch",
    third_attempt = "19-third-attempt",
}

fn replay(folder: &str) {
    let story = Story::read(&story::folder().join(folder));
    let (bed, fly) = given::prepare(&story);
    let before = then::Before::of(&bed, &story.then.files);
    let seen = when::act(&story, &bed, fly.as_ref());
    then::check(&story, &bed, &seen, &before);
}

#[test]
fn every_folder_has_a_test() {
    let entries = fs::read_dir(story::folder()).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, FOLDERS);
}
