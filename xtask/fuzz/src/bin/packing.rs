//! Whatever lies in a repo as Dockerfile, ignore file, compose file or manifest, `check` answers, soon, and says
//! nothing of a value.
#![no_main]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::LazyLock;

use report::{Exit, Invocation, Streams};

const OPS: &str = "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { TOKEN = \"any\" }\n";
const VALUE: &str = "CANARYq7Vw2xTz";

/// The files that one input is split into, at its NULs.
const NAMES: [&str; 7] = [
    "Dockerfile",
    ".dockerignore",
    "compose.yaml",
    "compose.override.yaml",
    "package.json",
    ".npmignore",
    "Cargo.toml",
];

/// What the bytes from 128 on stand for, so that inputs soon say something.
const WORDS: [&str; 48] = [
    "FROM ",
    "scratch",
    " AS ",
    "COPY ",
    "ADD ",
    "ARG ",
    "ENV ",
    "WORKDIR ",
    "RUN ",
    "ONBUILD ",
    "--from=",
    "--exclude=",
    "--parents ",
    "--mount=type=bind,source=",
    "<<EOF\n",
    "# escape=`\n",
    "# syntax=",
    "[\"",
    "\", \"",
    "\"]",
    "vault",
    "vault/a.env",
    "**/",
    "./",
    "../",
    "${",
    ":-",
    "\\\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n      - ",
    "services:",
    "build:",
    "context: ",
    "dockerfile: ",
    "dockerfile_inline: |",
    "include:",
    "extends: ",
    "args:",
    "additional_contexts:",
    "compose.yaml",
    "&a ",
    "*a",
    "<<: ",
    "{\"name\":\"a\",\"files\":[\"",
    "[package]\nname = \"a\"\n",
    "exclude = [\"",
];

/// A file's text: words where bytes stand for some, and all other bytes as they are.
fn written(part: &[u8]) -> Vec<u8> {
    let word = |byte: &u8| match WORDS.get(usize::from(*byte).wrapping_sub(128)) {
        Some(word) => word.as_bytes().to_vec(),
        None => vec![*byte],
    };
    part.iter().flat_map(word).collect()
}

static REPO: LazyLock<PathBuf> = LazyLock::new(|| {
    // In memory where there is such a place: each input is files.
    let repo = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let repo = repo.expect("a temporary folder").keep();
    fs::create_dir(repo.join("vault")).expect("a folder");
    fs::set_permissions(repo.join("vault"), Permissions::from_mode(0o755)).expect("a mode");
    fs::write(repo.join("ops.toml"), OPS).expect("a file");
    fs::write(repo.join("vault/a.env"), format!("TOKEN={VALUE}\n")).expect("a file");
    repo
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|&byte| byte == 0);
    for name in NAMES {
        let path = REPO.join(name);
        match parts.next() {
            Some(part) => fs::write(path, written(part)).expect("a file"),
            None => drop(fs::remove_file(path)),
        }
    }
    let args = ["vault-check", "check"].map(Into::into).to_vec();
    let now = chrono::DateTime::from_timestamp(1_795_366_991, 0).expect("a time");
    let invocation = Invocation::new(args, REPO.clone(), now, Box::new(|_| None));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut streams = Streams { stdin: &mut &b""[..], stdout: &mut stdout, stderr: &mut stderr };
    let exit = vault_check::run(&invocation, &mut streams);
    // The vault is readable by everyone, which is a finding.
    assert!(exit == Exit::FINDINGS, "{}", String::from_utf8_lossy(&stderr));
    if !data.windows(VALUE.len()).any(|window| window == VALUE.as_bytes()) {
        assert!(!String::from_utf8_lossy(&stdout).contains(VALUE));
    }
});
