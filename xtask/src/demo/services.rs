//! Real servers beside the demo, on free ports and with everything they write in one folder.

mod postgres;

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use duct::{Expression, Handle, cmd};

use super::dovecot::Dovecot;
use super::mail;
use super::operator::Operator;
use crate::error::Error;

/// Redis's password, which is as made up as every other value of the sample's vault.
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
    mail: Option<Dovecot>,
    folder: Folder,
    /// What could not be started, each with why.
    pub(super) absent: Vec<String>,
}

impl Services {
    /// Starts what is installed and declares it in the operator's repo.
    pub(super) fn start(demo: &Path, operator: &Operator) -> Result<Self, Error> {
        let folder = Folder::below(demo);
        let mut services = Self { running: Vec::new(), mail: None, folder, absent: Vec::new() };
        services.start_mail(operator)?;
        let folder = &services.folder.path;
        let mut values = String::new();
        let mut places = PLACES.to_owned();
        let started = [
            ("Postgres", "local-postgres", "LOCAL_DATABASE_URL", postgres::start_postgres(folder)),
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
        // Whoever is told to look at a log finds it.
        services.folder.is_temporary &= !services.absent.iter().any(|why| why.contains("; see "));
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

    fn start_mail(&mut self, operator: &Operator) -> Result<(), Error> {
        let started = mail::start(&self.folder.path, &operator.repo);
        let failed = |source| Error::File {
            doing: "declaring the mail servers in",
            path: operator.repo.clone(),
            source,
        };
        match started.map_err(failed)? {
            Ok(server) => self.mail = Some(server),
            Err(why) => self.absent.push(format!("Dovecot, for mail: {why}")),
        }
        Ok(())
    }

    /// Whether a database runs.
    pub(super) fn is_any(&self) -> bool {
        !self.running.is_empty()
    }
}

/// Where the servers write.
struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    /// Below the demo's folder; for root, whose servers run as other users, elsewhere where these may not enter it.
    fn below(demo: &Path) -> Self {
        let may_enter = |folder: &Path| {
            fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
        };
        if !rustix::process::getuid().is_root() || demo.ancestors().skip(1).all(may_enter) {
            return Self { path: demo.join("services"), is_temporary: false };
        }
        let name = format!("opsproof-demo-{}", std::process::id());
        Self { path: std::env::temp_dir().join(name), is_temporary: true }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = fs::remove_dir_all(&self.path);
        }
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
