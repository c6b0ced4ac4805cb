//! Building the tools, and finding what was built.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use duct::cmd;
use report::Invocation;

use crate::error::Error;
use crate::repo;

/// Where the built programs are.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    /// The absolute folder of the tools, `target/release` unless cargo was told otherwise.
    pub(crate) folder: PathBuf,
    /// This program itself, which steps may call too.
    pub(crate) own: PathBuf,
}

impl Binaries {
    /// The path of one built program.
    pub(crate) fn path(&self, program: &str) -> PathBuf {
        if program == "xtask" { self.own.clone() } else { self.folder.join(program) }
    }

    /// Copies of the five tools in `folder`, as `cargo install` makes them.
    pub(crate) fn install_in(&self, folder: &Path) -> Result<Self, Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| Error::File { doing: "copying the tools to", path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        for name in repo::TOOLS {
            let installed = folder.join(name);
            fs::copy(self.path(name), &installed).map_err(failed(&installed))?;
        }
        Ok(Self { folder: folder.to_owned(), own: self.own.clone() })
    }

    /// The folders to search first: the tools', then this program's.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let own = self.own.parent().map(Path::to_path_buf);
        [Some(self.folder.clone()), own].into_iter().flatten().collect()
    }
}

/// The tools in the folder that `OPSPROOF_TOOLS` names, where somebody has built or installed them; else built now.
pub(crate) fn at_hand(invocation: &Invocation) -> Result<Binaries, Error> {
    let Some(named) = invocation.variable("OPSPROOF_TOOLS").filter(|named| !named.is_empty())
    else {
        return build();
    };
    let folder = invocation.cwd.join(named);
    match repo::TOOLS.iter().find(|tool| !folder.join(tool).is_file()) {
        None => Ok(Binaries { folder, own: own()? }),
        Some(missing) => Err(Error::Setting {
            what: format!("there is no {missing} in {}", folder.display()),
            hint: "OPSPROOF_TOOLS names the folder of the five tools; unset, they are built"
                .to_owned(),
        }),
    }
}

/// Builds the five tools in the release profile; cargo shows its progress on stderr.
pub(crate) fn build() -> Result<Binaries, Error> {
    cargo(&release_build())?;
    Ok(Binaries { folder: target().join("release"), own: own()? })
}

fn own() -> Result<PathBuf, Error> {
    env::current_exe().map_err(|source| Error::File {
        doing: "finding",
        path: PathBuf::from("xtask"),
        source,
    })
}

/// Builds the five tools from nothing in a target folder of their own.
pub(crate) fn build_in(folder: &Path) -> Result<(), Error> {
    let folder = folder.to_string_lossy();
    let args = release_build().into_iter().chain(["--target-dir", &folder]).collect::<Vec<_>>();
    cargo(&args)
}

fn release_build() -> Vec<&'static str> {
    let packages = repo::TOOLS.iter().flat_map(|tool| ["--package", tool]);
    ["build", "--release", "--locked"].into_iter().chain(packages).collect()
}

/// Builds what stands in for Fly's API and for flyctl; unoptimized, as nobody measures them.
pub(crate) fn build_stand_ins() -> Result<(), Error> {
    cargo(&[
        "build",
        "--locked",
        "--package",
        "testbed",
        "--bin",
        "fake-fly",
        "--bin",
        "stand-in-flyctl",
    ])
}

/// The path of a built stand-in.
pub(crate) fn stand_in(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Builds what is measured of the `dsn` crate alone, and says where it lies.
pub(crate) fn build_dsn_speed() -> Result<PathBuf, Error> {
    cargo(&["build", "--release", "--locked", "--package", "dsn", "--example", "speed"])?;
    Ok(target().join("release/examples/speed"))
}

/// What cargo sets for the program it runs. Build scripts look at some of them, and what hangs on those would be
/// built anew each time that this program and a person build in turn.
const OWN_VARIABLES: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Runs cargo in this repo, its output on stderr, and fails where it does.
pub(crate) fn cargo(args: &[&str]) -> Result<(), Error> {
    let output = OWN_VARIABLES
        .iter()
        .fold(cmd(env!("CARGO"), args), |cargo, name| cargo.env_remove(name))
        .dir(repo::root())
        .stdout_to_stderr()
        .unchecked()
        .run()
        .map_err(|source| Error::Start { program: "cargo".to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        program: format!("cargo {}", args.first().copied().unwrap_or_default()),
        code: output.status.code(),
        hint: "the lines above say why".to_owned(),
    })
}

/// Cargo's target folder: this program lies in one of its profiles' folders.
pub(crate) fn target() -> PathBuf {
    env::current_exe()
        .ok()
        .and_then(|path| path.parent().and_then(Path::parent).map(Path::to_path_buf))
        .unwrap_or_else(|| repo::root().join("target"))
}
