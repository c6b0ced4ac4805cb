//! A real Postgres and a real Redis beside the demo, on free ports and with everything they write in its folder.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use duct::{Expression, Handle, cmd};

use super::operator::Operator;
use crate::error::Error;

/// The passwords of the two, which are as made up as every other value of the sample's vault.
const POSTGRES: &str = "CANARYlocalPostgres7rKd";
const REDIS: &str = "CANARYlocalRedis4mWq";
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the operator's repo says more where servers run: two places of their own groups, and the credential file.
const DECLARED: &str = r#"
# The Postgres and Redis that the demo has started on this machine.
[[vault.file]]
path = "local/services.env"
keys = { LOCAL_DATABASE_URL = "any", LOCAL_REDIS_URL = "any" }
environment = "local"
owner = "chatwoot"
for = ["services"]
optional = true

[pipeline.services]
title = "Services of this machine"
role = "chatwoot"
area = "integrations/chatwoot-fly-deployment"

[[pipeline.services.step]]
id = "probe"
run = ["dsn-align", "probe", "--ops", "services.toml"]
timeout = "30s"
repeatable = true
"#;

/// The file of their connection strings.
const VALUES: &str = "vault/occ/local/services.env";

/// No policy holds for what runs on this machine, so it has a file of its own.
const PLACES: &str = r#"version = 1
[vault]
root = "vault/occ"
"#;

/// The servers that run, and the names of those that are not installed; all end with this.
pub(super) struct Services {
    running: Vec<Handle>,
    /// What could not be started, each with why.
    pub(super) absent: Vec<String>,
}

impl Services {
    /// Starts what is installed and declares it in the operator's repo.
    pub(super) fn start(folder: &Path, operator: &Operator) -> Result<Self, Error> {
        let mut services = Self { running: Vec::new(), absent: Vec::new() };
        let mut values = String::new();
        let mut places = PLACES.to_owned();
        let started = [
            ("Postgres", "local-postgres", "LOCAL_DATABASE_URL", start_postgres(folder)),
            ("Redis", "local-redis", "LOCAL_REDIS_URL", start_redis(folder)),
        ];
        for (name, place, key, outcome) in started {
            match outcome {
                Ok((handle, url)) => {
                    services.running.push(handle);
                    let _ = writeln!(values, "{key}={url}");
                    let _ = writeln!(
                        places,
                        "[[dsn.place]]\nname = \"{place}\"\ngroup = \"{place}\"\nenv-file = \"{VALUES}\"\nkey = \"{key}\"\ncanonical = true"
                    );
                }
                Err(why) => services.absent.push(format!("{name}: {why}")),
            }
        }
        if services.running.is_empty() {
            return Ok(services);
        }
        let vault = operator.repo.join("vault/occ/local");
        let ops = operator.repo.join("ops.toml");
        let write = |path: &Path, text: &str, mode: u32| {
            fs::write(path, text)
                .and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
        };
        let written = fs::create_dir_all(&vault)
            .and_then(|()| fs::set_permissions(&vault, Permissions::from_mode(0o700)))
            .and_then(|()| write(&vault.join("services.env"), &values, 0o600))
            .and_then(|()| write(&operator.repo.join("services.toml"), &places, 0o644))
            .and_then(|()| write(&ops, &format!("{}{DECLARED}", fs::read_to_string(&ops)?), 0o644));
        written.map_err(|source| Error::File { doing: "writing", path: ops, source })?;
        Ok(services)
    }

    /// Whether any of them runs.
    pub(super) fn is_any(&self) -> bool {
        !self.running.is_empty()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        use duct::unix::HandleExt;
        for handle in &self.running {
            // Postgres ends at once, and its children with it, at SIGQUIT; Redis at SIGTERM and SIGQUIT alike.
            let _ = handle.send_signal(signal_hook::consts::SIGQUIT);
        }
        for handle in &self.running {
            let _ = handle.wait_timeout(PATIENCE);
            let _ = handle.kill();
        }
    }
}

fn start_postgres(folder: &Path) -> Result<(Handle, String), String> {
    let programs = postgres_programs().ok_or("it is not installed")?;
    let folder = folder.join("postgres");
    let failed = |error: io::Error| error.to_string();
    fs::create_dir_all(&folder).map_err(failed)?;
    fs::write(folder.join("password"), POSTGRES).map_err(failed)?;
    let certificate = cmd!(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        "server.key",
        "-out",
        "server.crt",
        "-days",
        "2",
        "-subj",
        "/CN=localhost"
    );
    let has_tls = quiet(&certificate.dir(&folder), &folder);
    if has_tls {
        fs::set_permissions(folder.join("server.key"), Permissions::from_mode(0o600))
            .map_err(failed)?;
    }
    // The server refuses to run as root, so that everything belongs to its own user then.
    let is_root = rustix::process::getuid().is_root();
    if is_root && !quiet(&cmd!("chown", "-R", "postgres", &folder), &folder) {
        return Err("there is no user `postgres` to run it as".to_owned());
    }
    let as_user = |words: Vec<String>| -> Expression {
        if is_root {
            // It becomes the server; `runuser` would stay in front of it and keep the signal that ends it.
            let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];
            cmd("setpriv", user.map(str::to_owned).into_iter().chain(words))
        } else {
            cmd(words.first().cloned().unwrap_or_default(), words.into_iter().skip(1))
        }
    };
    let text = |path: PathBuf| path.display().to_string();
    let data = text(folder.join("data"));
    let initialise = as_user(vec![
        text(programs.join("initdb")),
        format!("--pgdata={data}"),
        "--username=postgres".to_owned(),
        "--auth=scram-sha-256".to_owned(),
        "--no-sync".to_owned(),
        "--no-instructions".to_owned(),
        "--locale=C".to_owned(),
        "--encoding=UTF8".to_owned(),
        format!("--pwfile={}", text(folder.join("password"))),
    ]);
    if !quiet(&initialise, &folder) {
        return Err(format!("initdb failed; see {}", folder.join("log").display()));
    }
    drop(fs::remove_file(folder.join("password")));
    let port = free_port().map_err(failed)?;
    let mut server = vec![
        text(programs.join("postgres")),
        "-D".to_owned(),
        data,
        format!("--port={port}"),
        "--listen_addresses=127.0.0.1".to_owned(),
        "--unix_socket_directories=".to_owned(),
        "--fsync=off".to_owned(),
    ];
    if has_tls {
        server.push("--ssl=on".to_owned());
        server.push(format!("--ssl_cert_file={}", text(folder.join("server.crt"))));
        server.push(format!("--ssl_key_file={}", text(folder.join("server.key"))));
    }
    let handle = start(&as_user(server), &folder, port)?;
    let mode = if has_tls { "require" } else { "disable" };
    Ok((
        handle,
        format!("postgresql://postgres:{POSTGRES}@127.0.0.1:{port}/postgres?sslmode={mode}"),
    ))
}

fn start_redis(folder: &Path) -> Result<(Handle, String), String> {
    let folder = folder.join("redis");
    let failed = |error: io::Error| error.to_string();
    fs::create_dir_all(&folder).map_err(failed)?;
    let port = free_port().map_err(failed)?;
    let settings = format!(
        "port {port}\nbind 127.0.0.1\nrequirepass {REDIS}\nsave \"\"\ndir {}\n",
        folder.display()
    );
    let server = cmd!("redis-server", "-").stdin_bytes(settings);
    let handle = start(&server, &folder, port)?;
    Ok((handle, format!("redis://default:{REDIS}@127.0.0.1:{port}/0")))
}

/// Starts a server and waits until its port answers.
fn start(server: &Expression, folder: &Path, port: u16) -> Result<Handle, String> {
    let log = folder.join("log");
    let started = server
        .dir(folder)
        .stderr_to_stdout()
        .stdout_path(&log)
        .unchecked()
        .start()
        .map_err(|_| "it is not installed".to_owned())?;
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let has_ended = started.try_wait().is_ok_and(|ended| ended.is_some());
        if has_ended || Instant::now() > until {
            let _ = started.kill();
            return Err(format!("it did not start; see {}", log.display()));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(started)
}

/// Runs a command to its end, its output in the log; whether it succeeded.
fn quiet(command: &Expression, folder: &Path) -> bool {
    let log = fs::File::options().create(true).append(true).open(folder.join("log"));
    let Ok(log) = log else { return false };
    let run =
        command.dir(folder).stdin_null().stderr_to_stdout().stdout_file(log).unchecked().run();
    run.is_ok_and(|output| output.status.success())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The folder of the newest Postgres that is installed.
fn postgres_programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}
