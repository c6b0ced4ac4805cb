//! One test's folder: filled from fixtures, thrown away with the test.
#![expect(clippy::panic, clippy::missing_panics_doc, reason = "a failed set-up is a failed test")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use walkdir::WalkDir;

use crate::run::Command;

/// A temporary folder in which programs run and on which the CANARY guard looks.
#[derive(Debug)]
pub struct Bed {
    _folder: TempDir,
    root: PathBuf,
    secret_paths: Vec<PathBuf>,
}

impl Default for Bed {
    fn default() -> Self {
        Self::new()
    }
}

impl Bed {
    /// Makes an empty bed whose `vault/` may hold secrets.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("bed-")
            .tempdir()
            .unwrap_or_else(|error| panic!("making a temporary folder: {error}"));
        let root = fs::canonicalize(folder.path())
            .unwrap_or_else(|error| panic!("finding the temporary folder: {error}"));
        // HOME lies beside the operator's repo, so that no walk upward and no git status sees it.
        for part in ["home", "repo", "tmp"] {
            fs::create_dir(root.join(part))
                .unwrap_or_else(|error| panic!("making {part}: {error}"));
        }
        let mut bed = Self { root: root.join("repo"), _folder: folder, secret_paths: Vec::new() };
        bed.holds_secrets("vault/");
        bed
    }

    /// The folder that commands run in; shown as `[ROOT]` in outputs.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that is `HOME` for every command; shown as `[HOME]`.
    pub fn home(&self) -> PathBuf {
        self.root.with_file_name("home")
    }

    /// A path inside the bed.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Declares a folder (`name/`) or file where secrets are meant to be, so the CANARY guard reads them there
    /// and does not complain.
    pub fn holds_secrets(&mut self, path: impl AsRef<Path>) {
        // Joined part by part, so that `vault/` and `vault` are the same.
        self.secret_paths.push(self.root.join(path).components().collect());
    }

    /// The folder that is `TMPDIR` for every command, so that the guard sees what is left there; shown as `[TMP]`.
    pub fn temporary(&self) -> PathBuf {
        self.root.with_file_name("tmp")
    }

    pub(crate) fn secret_paths(&self) -> &[PathBuf] {
        &self.secret_paths
    }

    /// Copies `fixtures/NAME` of the workspace into the bed: `gitignore` becomes `.gitignore`, and what lies in a
    /// place that holds secrets gets the modes 0600 and 0700.
    pub fn copy_fixture(&self, name: &str) {
        let source = workspace_root().join("fixtures").join(name);
        assert!(source.is_dir(), "no folder fixtures/{name}");
        for entry in WalkDir::new(&source).sort_by_file_name() {
            let entry = entry.unwrap_or_else(|error| panic!("walking fixtures/{name}: {error}"));
            let relative = entry
                .path()
                .strip_prefix(&source)
                .unwrap_or_else(|error| panic!("walking fixtures/{name}: {error}"));
            let mut target = self.root.join(relative);
            if entry.file_name() == "gitignore" {
                target.set_file_name(".gitignore");
            }
            if entry.file_type().is_dir() {
                fs::create_dir_all(&target)
                    .unwrap_or_else(|error| panic!("making {}: {error}", relative.display()));
            } else {
                fs::copy(entry.path(), &target)
                    .unwrap_or_else(|error| panic!("copying {}: {error}", relative.display()));
            }
            if self.is_secret_path(&target) {
                set_mode(&target, if entry.file_type().is_dir() { 0o700 } else { 0o600 });
            }
        }
    }

    /// Writes a file and the folders above it; 0600 and 0700 where secrets are meant to be, else 0644 and 0755.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let target = self.root.join(path);
        let mode = if self.is_secret_path(&target) { 0o600 } else { 0o644 };
        self.write_to(&target, bytes.as_ref(), mode);
    }

    /// Writes a file with exactly this mode.
    pub fn write_mode(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>, mode: u32) {
        self.write_to(&self.root.join(path), bytes.as_ref(), mode);
    }

    fn write_to(&self, target: &Path, bytes: &[u8], mode: u32) {
        let parent = target.parent().unwrap_or(&self.root);
        let missing: Vec<&Path> =
            parent.ancestors().take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)
                .unwrap_or_else(|error| panic!("making {}: {error}", folder.display()));
            set_mode(folder, if self.is_secret_path(folder) { 0o700 } else { 0o755 });
        }
        fs::write(target, bytes)
            .unwrap_or_else(|error| panic!("writing {}: {error}", target.display()));
        set_mode(target, mode);
    }

    /// Sets the mode of a file or folder.
    pub fn set_mode(&self, path: impl AsRef<Path>, mode: u32) {
        set_mode(&self.root.join(path), mode);
    }

    /// Reads a file as text.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let bytes = self.read_bytes(path.as_ref());
        String::from_utf8(bytes)
            .unwrap_or_else(|_| panic!("{} is not UTF-8", path.as_ref().display()))
    }

    /// Reads a file as it is.
    pub fn read_bytes(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = path.as_ref();
        fs::read(self.root.join(path))
            .unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
    }

    /// Removes a file or folder.
    pub fn remove(&self, path: impl AsRef<Path>) {
        let target = self.root.join(path);
        let removed =
            if target.is_dir() { fs::remove_dir_all(&target) } else { fs::remove_file(&target) };
        removed.unwrap_or_else(|error| panic!("removing {}: {error}", target.display()));
    }

    /// Makes the bed a git repository with one empty-handed author; nothing is added or committed.
    pub fn git_init(&self) {
        self.git(["init", "--quiet", "--initial-branch=main"]);
        self.git(["config", "user.name", "Test"]);
        self.git(["config", "user.email", "test@example.com"]);
        self.git(["config", "commit.gpgsign", "false"]);
    }

    /// Runs git in the bed, which must succeed, and gives its stdout.
    pub fn git<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        let args: Vec<&str> = args.into_iter().collect();
        let output = self.command("git").args(args.iter().copied()).unguarded().run();
        assert_eq!(output.code(), 0, "git {args:?} failed: {}", output.stderr());
        output.stdout().to_owned()
    }

    /// Prepares a run of `program` in the bed's root.
    pub fn command(&self, program: impl AsRef<Path>) -> Command<'_> {
        Command::new(self, program.as_ref())
    }

    pub(crate) fn is_secret_path(&self, path: &Path) -> bool {
        self.secret_paths.iter().any(|secret| path.starts_with(secret))
    }
}

/// The workspace that this crate lies in.
pub(crate) fn workspace_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .unwrap_or_else(|error| panic!("setting the mode of {}: {error}", path.display()));
}
