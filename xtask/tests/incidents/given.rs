//! Making the operator's repo as it was before.

use std::fs;
use std::path::Path;

use duct::cmd;
use testbed::{Bed, FakeFly};

use crate::story::Story;

/// Makes the repo, and starts the stand-in for Fly's API where there is one.
pub(crate) fn prepare(story: &Story) -> (Bed, Option<FakeFly>) {
    let given = &story.given;
    let bed = Bed::new();
    if let Some(fixture) = &given.fixture {
        bed.copy_fixture(fixture);
    }
    given.remove.iter().for_each(|path| bed.remove(path));
    if story.folder.join("given").is_dir() {
        let name = story.folder.file_name().unwrap().to_str().unwrap();
        bed.copy_fixture(Path::new("incidents").join(name).join("given").to_str().unwrap());
    }
    given.write.iter().for_each(|(path, text)| bed.write(path, text));
    for (path, mode) in &given.modes {
        bed.set_mode(path, u32::from_str_radix(mode, 8).unwrap());
    }
    if given.key {
        make_key(&bed);
    }
    if given.git {
        bed.git_init();
        bed.git(["add", "--all"]);
        bed.git(["commit", "--quiet", "--message", "as it stands"]);
    }
    given.uncommitted.iter().for_each(|(path, text)| bed.write(path, text));
    let fly = given.fly.clone().map(|state| FakeFly::start(state).unwrap());
    (bed, fly)
}

fn make_key(bed: &Bed) {
    let key = bed.home().join(".ssh/id_ed25519");
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    cmd!("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &key).run().unwrap();
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    bed.write(".opsproof/allowed_signers", format!("operator@example.com {public}"));
}
