//! A sample operator's repo under `target/demo`: files, modes, a signing key, a first commit.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use duct::{Expression, cmd};
use walkdir::WalkDir;

use crate::error::Error;
use crate::repo;

/// The app of the sample repo.
pub(super) const APP: &str = "hotdash-chatwoot";
/// The log of the sample repo.
pub(super) const LOG: &str = "feedback/chatwoot.md";
/// Who signs, as `allowed_signers` names them.
pub(super) const PRINCIPAL: &str = "operator@example.com";

/// Where the sample operator works.
pub(super) struct Operator {
    /// The repo.
    pub(super) repo: PathBuf,
    /// The home folder, which holds the signing key.
    pub(super) home: PathBuf,
}

/// Makes everything anew; `without` is a vault file to leave out.
pub(super) fn lay_out(folder: &Path, without: Option<&Path>) -> Result<Operator, Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|source| file_error("removing", folder, source))?;
    }
    let operator = Operator { repo: folder.join("chatwoot"), home: folder.join("home") };
    copy(&repo::root().join("fixtures/chatwoot"), &operator.repo)?;
    if let Some(file) = without {
        let path = operator.repo.join(file);
        fs::remove_file(&path).map_err(|source| file_error("removing", &path, source))?;
    }
    make_key(&operator)?;
    Ok(operator)
}

/// Copies the fixture; git keeps no private modes, and a `.gitignore` of the fixture would hide its vault from us.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in WalkDir::new(from).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::Setting {
            what: format!("reading the sample repo: {error}"),
            hint: "is this a whole clone?".to_owned(),
        })?;
        let inside = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let name = if inside == Path::new("gitignore") { Path::new(".gitignore") } else { inside };
        let target = to.join(name);
        let private = inside.starts_with("vault");
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)
                .map_err(|source| file_error("creating", &target, source))?;
            set_mode(&target, if private { 0o700 } else { 0o755 })?;
        } else {
            fs::copy(entry.path(), &target)
                .map_err(|source| file_error("writing", &target, source))?;
            set_mode(&target, if private { 0o600 } else { 0o644 })?;
        }
    }
    Ok(())
}

/// Makes the key that seals the bundles, and the file that says whose it is.
fn make_key(operator: &Operator) -> Result<(), Error> {
    let folder = operator.home.join(".ssh");
    fs::create_dir_all(&folder).map_err(|source| file_error("creating", &folder, source))?;
    set_mode(&folder, 0o700)?;
    let key = folder.join("id_ed25519");
    run(
        &cmd!("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", PRINCIPAL, "-f", &key),
        "ssh-keygen",
    )?;
    let public = key.with_extension("pub");
    let line =
        fs::read_to_string(&public).map_err(|source| file_error("reading", &public, source))?;
    let signers = operator.repo.join(".opsproof/allowed_signers");
    if let Some(folder) = signers.parent() {
        fs::create_dir_all(folder).map_err(|source| file_error("creating", folder, source))?;
    }
    fs::write(&signers, format!("{PRINCIPAL} namespaces=\"evidence-log\" {line}"))
        .map_err(|source| file_error("writing", &signers, source))
}

/// Commits the repo as it stands.
pub(super) fn commit(folder: &Path) -> Result<(), Error> {
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=Sample Operator", "-c", "user.email=operator@example.com"];
        run(&cmd("git", identity.iter().chain(args)).dir(folder), "git")
    };
    git(&["init", "--quiet", "--initial-branch", "main"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "the operator's repo as it stands"])
}

fn run(expression: &Expression, program: &str) -> Result<(), Error> {
    let start_error = |source| Error::Start { program: program.to_owned(), source };
    let output = expression.stdout_to_stderr().unchecked().run().map_err(start_error)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        program: program.to_owned(),
        code: output.status.code(),
        hint: "the lines above say why".to_owned(),
    })
}

fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|source| file_error("writing", path, source))
}

fn file_error(doing: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File { doing, path: path.to_path_buf(), source }
}
