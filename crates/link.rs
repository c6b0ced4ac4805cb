//! The build script of the five tools: links them so that they start quickly.
//!
//! Half of what a small program takes to start is the dynamic loader: it maps libraries, looks up
//! symbols, and writes to every page that holds an address. So the tools are linked at a fixed
//! address, with the C library and the unwinder inside. Such a program cannot load what the system
//! looks up host names with; `crates/resolver` asks the system instead.
//!
//! Only for Linux with glibc, and only what is installed: elsewhere, and where a static library
//! is missing, cargo's defaults stay as they are.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Everything that rustc links dynamically by default, with the name of its static form.
const LIBRARIES: &[(&str, &str)] = &[
    ("c", "c"),
    ("m", "m"),
    ("rt", "rt"),
    ("pthread", "pthread"),
    ("dl", "dl"),
    ("util", "util"),
    ("gcc_s", "gcc_eh"),
];

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=../link.rs")?;
    let is_glibc = variable("CARGO_CFG_TARGET_OS") == "linux"
        && variable("CARGO_CFG_TARGET_ENV") == "gnu"
        && variable("TARGET") == variable("HOST");
    if !is_glibc {
        return Ok(());
    }
    let folder = PathBuf::from(variable("OUT_DIR")).join("static");
    fs::create_dir_all(&folder)?;
    for arg in arguments(&folder)?.unwrap_or_default() {
        writeln!(out, "cargo::rustc-link-arg-bins={arg}")?;
    }
    Ok(())
}

/// What the linker is told; `None` where a library is missing.
///
/// rustc asks for shared libraries by name. The folder is searched first, and holds static ones.
fn arguments(folder: &Path) -> io::Result<Option<Vec<String>>> {
    for (name, static_name) in LIBRARIES {
        let Some(library) = installed(&format!("lib{static_name}.a"))? else { return Ok(None) };
        let link = folder.join(format!("lib{name}.a"));
        let _ = fs::remove_file(&link);
        symlink(library, link)?;
    }
    let mut arguments = vec![format!("-L{}", folder.display())];
    let fixed = ["-no-pie", "-static", "-Wl,--start-group", "-lgcc_eh", "-lgcc", "-lc"];
    arguments.extend(fixed.into_iter().chain(["-Wl,--end-group"]).map(str::to_owned));
    if variable("PROFILE") == "release" {
        // Cargo forgets to strip a package that has an `opt-level` of its own.
        arguments.push("-Wl,--strip-all".to_owned());
    }
    // The GNU linker packs what is touched at start into fewer pages than the default one does,
    // but takes longer.
    if variable("PROFILE") == "release" && starts("ld.bfd") {
        arguments.push("-fuse-ld=bfd".to_owned());
    }
    Ok(Some(arguments))
}

fn installed(file: &str) -> io::Result<Option<PathBuf>> {
    ask(&format!("-print-file-name={file}"))
}

/// The file that the compiler driver answers with; it answers with the bare name where there is none.
#[expect(clippy::disallowed_methods, reason = "a build script, whose programs are the linker's")]
fn ask(question: &str) -> io::Result<Option<PathBuf>> {
    let linker = match variable("RUSTC_LINKER") {
        linker if linker.is_empty() => "cc".to_owned(),
        linker => linker,
    };
    let output = Command::new(linker).arg(question).stderr(Stdio::null()).output()?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok((output.status.success() && path.is_absolute() && path.exists()).then_some(path))
}

#[expect(clippy::disallowed_methods, reason = "a build script, whose programs are the linker's")]
fn starts(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_methods, reason = "cargo speaks to a build script by variables")]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
