//! The real programs, where they are there: each answers all inputs in one run.

use std::path::{Path, PathBuf};

use duct::Expression;
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
    let package = |path: &str| folder().join(path);
    match dialect {
        Dialect::Shell => inputs.iter().map(|input| shell(input)).collect(),
        Dialect::Motdotla => run(
            &duct::cmd("node", [script("motdotla.js")])
                .env("NODE_PATH", package("node/node_modules")),
            inputs,
        ),
        Dialect::Python => run(
            &duct::cmd("python3", [script("python.py")]).env("PYTHONPATH", package("python")),
            inputs,
        ),
        // Wherever the gem lies, `RUBYLIB` says so.
        Dialect::Ruby => run(&duct::cmd("ruby", [script("ruby.rb")]), inputs),
        Dialect::Systemd => {
            let library = systemd_library().ok_or("systemd's shared library is not there")?;
            run(&duct::cmd("python3", [script("systemd.py"), library.into()]), inputs)
        }
        Dialect::Compose => go("compose", inputs),
        Dialect::Godotenv => go("godotenv", inputs),
        Dialect::Fly => go("fly", inputs),
    }
}

fn run(expression: &Expression, inputs: &[&str]) -> Result<Vec<Value>, String> {
    let output = expression
        .stdin_bytes(json!(inputs).to_string())
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|error| format!("it is not there: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.lines().last().unwrap_or("it failed").to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

fn go(program: &str, inputs: &[&str]) -> Result<Vec<Value>, String> {
    let built = folder().join("go/oracle");
    if !built.is_file() {
        return Err("its Go module is not installed".to_owned());
    }
    run(&duct::cmd(built, [program]), inputs)
}

fn systemd_library() -> Option<PathBuf> {
    ["/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib/systemd"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            name.starts_with("libsystemd-shared")
                && path.extension().is_some_and(|tail| tail == "so")
        })
}

/// One input in one shell, which then prints its environment.
fn shell(input: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("input.env");
    std::fs::write(&file, input).map_err(|error| error.to_string())?;
    let script = "set -a; . \"$0\" >/dev/null; exec /usr/bin/env -0";
    let output = duct::cmd(
        "/usr/bin/env",
        ["-i", "bash", "--norc", "--noprofile", "-c", script, &file.to_string_lossy()],
    )
    .dir(folder.path())
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
    let mut step = |what: &str, expression: Expression| {
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
