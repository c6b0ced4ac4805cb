//! The real programs, where they are there: each answers all inputs in one run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use envfile::Dialect;
use serde_json::{Map, Value, json};

/// Where packages that are no part of a system are looked for, and installed by `install_programs`.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle")
}

/// What the program says of each input, or why it cannot be asked.
pub(crate) fn ask(dialect: Dialect, inputs: &[&str]) -> Result<Vec<Value>, String> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/programs");
    let script = |name: &str| scripts.join(name).into_os_string();
    let run = |program: &str, args: Vec<OsString>, variable: &str, value: PathBuf| {
        let output = duct::cmd(program, args)
            .env(variable, value)
            .stdin_bytes(json!(inputs).to_string())
            .stdout_capture()
            .stderr_capture()
            .unchecked()
            .run()
            .map_err(|error| format!("{program}: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().last().unwrap_or("it failed").to_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    };
    match dialect {
        Dialect::Shell => inputs.iter().map(|input| shell(input)).collect(),
        Dialect::Motdotla => run(
            "node",
            vec![script("motdotla.js")],
            "NODE_PATH",
            folder().join("node/node_modules"),
        ),
        Dialect::Python => {
            run("python3", vec![script("python.py")], "PYTHONPATH", folder().join("python"))
        }
        Dialect::Ruby => run("ruby", vec![script("ruby.rb")], "RUBYLIB", folder().join("ruby/lib")),
        Dialect::Systemd => {
            let library = systemd_library().ok_or("systemd's shared library is not there")?;
            run("python3", vec![script("systemd.py"), library.into()], "LC_ALL", "C.UTF-8".into())
        }
        Dialect::Compose => go(&run, "compose"),
        Dialect::Godotenv => go(&run, "godotenv"),
        Dialect::Fly => go(&run, "fly"),
    }
}

fn go(
    run: &dyn Fn(&str, Vec<OsString>, &str, PathBuf) -> Result<Vec<Value>, String>,
    program: &str,
) -> Result<Vec<Value>, String> {
    let built = folder().join("go/oracle");
    if !built.is_file() {
        return Err("the Go modules are not installed".to_owned());
    }
    run(&built.to_string_lossy(), vec![program.into()], "LC_ALL", "C.UTF-8".into())
}

fn systemd_library() -> Option<PathBuf> {
    let folders = [
        "/usr/lib/x86_64-linux-gnu/systemd",
        "/usr/lib/aarch64-linux-gnu/systemd",
        "/usr/lib/systemd",
    ];
    folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            name.starts_with("libsystemd-shared") && name.ends_with(".so")
        })
}

/// One input in one shell, which then prints its environment.
fn shell(input: &str) -> Result<Value, String> {
    let folder = std::env::temp_dir().join(format!("envfile-oracle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let file = folder.join("input.env");
    std::fs::write(&file, input).map_err(|error| error.to_string())?;
    let script = "set -a; . \"$0\" >/dev/null; exec /usr/bin/env -0";
    let output = duct::cmd(
        "/usr/bin/env",
        ["-i", "bash", "--norc", "--noprofile", "-c", script, &file.to_string_lossy()],
    )
    .dir(&folder)
    .stdin_null()
    .stdout_capture()
    .stderr_null()
    .unchecked()
    .run()
    .map_err(|error| format!("bash: {error}"))?;
    let mut keys = Map::new();
    for pair in output.stdout.split(|byte| *byte == 0) {
        let Ok(pair) = std::str::from_utf8(pair) else { continue };
        let Some((key, value)) = pair.split_once('=') else { continue };
        // What a shell sets by itself says nothing; the corpus has a key `_`, which is one of them.
        if !matches!(key, "PWD" | "SHLVL" | "_" | "OLDPWD" | "PATH" | "BASHOPTS" | "SHELLOPTS") {
            keys.insert(key.to_owned(), value.into());
        }
    }
    Ok(json!({ "keys": keys }))
}

/// Installs what can be had without a system's own packages; says what cannot.
pub(crate) fn install() -> Vec<String> {
    let folder = folder();
    let at = |name: &str| folder.join(name);
    let mut failed = Vec::new();
    let mut step = |what: &str, expression: duct::Expression| {
        let result = expression.stdout_null().stderr_null().unchecked().run();
        if !result.is_ok_and(|output| output.status.success()) {
            failed.push(what.to_owned());
        }
    };
    for name in ["node", "python", "go"] {
        let _ = std::fs::create_dir_all(at(name));
    }
    step(
        "dotenv (npm)",
        duct::cmd!("npm", "install", "--no-save", "--prefix", at("node"), "dotenv@18"),
    );
    step(
        "python-dotenv",
        duct::cmd!(
            "python3",
            "-m",
            "pip",
            "install",
            "--upgrade",
            "--target",
            at("python"),
            "python-dotenv==1.2.4"
        ),
    );
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/programs/go/main.go");
    let _ = std::fs::copy(source, at("go").join("main.go"));
    let go = |args: &[&str]| duct::cmd("go", args).dir(at("go"));
    let _ = std::fs::remove_file(at("go").join("go.mod"));
    step("go module", go(&["mod", "init", "oracle"]));
    step("flyctl's source", go(&["mod", "download", "github.com/superfly/flyctl@v0.4.80"]));
    let cache = duct::cmd!("go", "env", "GOMODCACHE").read().unwrap_or_default();
    let parser = Path::new(&cache)
        .join("github.com/superfly/flyctl@v0.4.80/internal/command/secrets/parser.go");
    if let Ok(text) = std::fs::read_to_string(parser) {
        let _ = std::fs::write(
            at("go").join("parser.go"),
            text.replacen("package secrets", "package main", 1),
        );
    }
    let modules =
        ["get", "github.com/joho/godotenv@v1.5.1", "github.com/compose-spec/compose-go/v2@v2.16.2"];
    step("godotenv and compose-go", go(&modules));
    step("the modules they need", go(&["mod", "tidy"]));
    step("go build", go(&["build", "-o", "oracle", "."]));
    failed
}
