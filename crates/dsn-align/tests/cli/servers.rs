//! Real servers for the probe's tests: PostgreSQL, `PgBouncer` and Redis, with a TLS authority of their own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use duct::{Handle, cmd};
use tempfile::TempDir;

/// A folder with running servers; all are stopped when it goes.
pub(crate) struct Servers {
    folder: TempDir,
    running: Vec<Handle>,
}

impl Servers {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("servers-").tempdir_in("/tmp").unwrap();
        let servers = Self { folder, running: Vec::new() };
        give_away(servers.folder.path());
        servers
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes `ca.crt`, and `server.crt` and `server.key` for `localhost`.
    pub(crate) fn certificates(&self) {
        let script = "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca \
             && openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost \
             && printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' > extensions \
             && openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile extensions \
             && chmod 600 server.key";
        cmd!("sh", "-c", script).dir(self.folder.path()).stderr_null().stdout_null().run().unwrap();
        for name in ["ca.crt", "server.crt", "server.key"] {
            give_away(&self.path(name));
        }
    }

    /// Makes `server.crt` and `server.key` for `localhost`, which no authority signed.
    pub(crate) fn self_signed(&self) {
        let script = "openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt -days 2 -subj /CN=localhost && chmod 600 server.key";
        cmd!("sh", "-c", script).dir(self.folder.path()).stderr_null().stdout_null().run().unwrap();
        for name in ["server.crt", "server.key"] {
            give_away(&self.path(name));
        }
    }

    /// Replaces the certificate of a running PostgreSQL by one that signed itself, made with these options of
    /// `openssl req`; its subject is its name.
    pub(crate) fn replace_certificate(&self, port: u16, password: &str, name: &str, options: &str) {
        let script = format!(
            "openssl req -x509 -nodes -keyout new.key -out new.crt -days 2 -subj /CN={name} {options} && chmod 600 new.key"
        );
        cmd!("sh", "-c", script).dir(self.folder.path()).stderr_null().stdout_null().run().unwrap();
        for name in ["crt", "key"] {
            give_away(&self.path(&format!("new.{name}")));
            fs::rename(self.path(&format!("new.{name}")), self.path(&format!("server.{name}")))
                .unwrap();
        }
        self.sql(port, password, &["SELECT pg_reload_conf()"]);
    }

    /// Starts PostgreSQL with the superuser `app`; answers its port.
    pub(crate) fn postgres(&mut self, binaries: &Path, password: &str, rules: &str) -> u16 {
        let port = free_port();
        self.file("password", password);
        let data = self.path("data");
        let initdb = binaries.join("initdb");
        command(&[
            initdb.to_str().unwrap(),
            "-D",
            data.to_str().unwrap(),
            "-U",
            "app",
            "-A",
            "scram-sha-256",
            "--no-sync",
            &format!("--pwfile={}", self.path("password").display()),
        ])
        .stdout_null()
        .run()
        .unwrap();
        fs::write(data.join("pg_hba.conf"), rules).unwrap();
        let set = |name: &str, value: &str| format!("--{name}={value}");
        let program = binaries.join("postgres");
        let started = command(&[
            program.to_str().unwrap(),
            "-D",
            data.to_str().unwrap(),
            &set("port", &port.to_string()),
            &set("listen_addresses", "127.0.0.1"),
            &set("unix_socket_directories", self.folder.path().to_str().unwrap()),
            &set("max_connections", "12"),
            &set("superuser_reserved_connections", "0"),
            &set("ssl", "on"),
            &set("ssl_cert_file", self.path("server.crt").to_str().unwrap()),
            &set("ssl_key_file", self.path("server.key").to_str().unwrap()),
            &set("log_statement", "all"),
            &set("log_connections", "on"),
            &set("fsync", "off"),
        ]);
        self.start(&started, "postgres.log", port);
        self.wait_for_postgres(port, password);
        port
    }

    /// Runs SQL as the superuser.
    pub(crate) fn sql(&self, port: u16, password: &str, statements: &[&str]) {
        for statement in statements {
            self.psql(port, password, statement).run().unwrap();
        }
    }

    /// Starts `PgBouncer` before a PostgreSQL server; answers its port.
    pub(crate) fn pgbouncer(&mut self, mode: &str, postgres: u16, password: &str) -> u16 {
        let port = free_port();
        self.file("users.txt", &format!("\"app\" \"{password}\"\n"));
        let settings = format!(
            "[databases]\napp = host=127.0.0.1 port={postgres} dbname=app\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = {mode}\nunix_socket_dir =\n",
            self.path("users.txt").display()
        );
        let name = format!("pgbouncer-{mode}.ini");
        self.file(&name, &settings);
        let started = command(&["pgbouncer", self.path(&name).to_str().unwrap()]);
        self.start(&started, &format!("pgbouncer-{mode}.log"), port);
        port
    }

    /// Starts Redis, with TLS alone where asked; answers its port.
    pub(crate) fn redis(&mut self, password: &str, is_encrypted: bool) -> u16 {
        let port = free_port();
        let certificate = self.path("server.crt");
        let key = self.path("server.key");
        let settings = if is_encrypted {
            format!(
                "port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
                certificate.display(),
                key.display(),
                self.path("ca.crt").display()
            )
        } else {
            format!("port {port}\nuser bob on >{password} ~* +@all\n")
        };
        let name = format!("redis-{port}.conf");
        let folder = self.folder.path().display();
        self.file(
            &name,
            &format!("{settings}bind 127.0.0.1\nrequirepass {password}\nsave \"\"\ndir {folder}\n"),
        );
        let started = command(&["redis-server", self.path(&name).to_str().unwrap()]);
        self.start(&started, &format!("redis-{port}.log"), port);
        port
    }

    /// Everything that the servers logged.
    pub(crate) fn logs(&self) -> String {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let logs =
            files.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
        logs.map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    fn psql(&self, port: u16, password: &str, statement: &str) -> duct::Expression {
        let port = port.to_string();
        let socket = self.folder.path().to_str().unwrap();
        cmd!(
            "psql", "-q", "-X", "-h", socket, "-p", port, "-U", "app", "-d", "postgres", "-c",
            statement
        )
        .env("PGPASSWORD", password)
        // The set-up's own statements hold passwords; the probe's are what the log is for.
        .env("PGOPTIONS", "-c log_statement=none")
        .stdout_null()
        .stderr_null()
    }

    fn wait_for_postgres(&self, port: u16, password: &str) {
        let begun = Instant::now();
        while self.psql(port, password, "SELECT 1").run().is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not start");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn start(&mut self, line: &[String], log: &str, port: u16) {
        let command =
            cmd(&line[0], &line[1..]).stderr_to_stdout().stdout_path(self.path(log)).stdin_null();
        self.running.push(command.unchecked().start().unwrap());
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} does not start", line[0]);
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        give_away(&self.path(name));
    }
}

trait Run {
    fn stdout_null(&self) -> duct::Expression;
}

impl Run for Vec<String> {
    fn stdout_null(&self) -> duct::Expression {
        cmd(&self[0], &self[1..]).stdout_null()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for handle in &self.running {
            // The programs end with their wrapper's session only where they are told themselves.
            for id in handle.pids() {
                let _ = cmd!("pkill", "-TERM", "-P", id.to_string()).unchecked().run();
                let _ = cmd!("kill", id.to_string()).stderr_null().unchecked().run();
            }
        }
        for handle in &self.running {
            let _ = handle.wait();
        }
    }
}

/// The folder of PostgreSQL's programs, where they are installed.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// Whether a program is on the PATH.
pub(crate) fn has(program: &str) -> bool {
    cmd!("sh", "-c", format!("command -v {program}"))
        .stdout_null()
        .unchecked()
        .run()
        .is_ok_and(|run| run.status.success())
}

/// Whether the installed psql connects with this string.
pub(crate) fn psql_connects(text: &str, password: &str) -> bool {
    cmd!("psql", "-q", "-X", "-c", "SELECT 1", text)
        .env("PGPASSWORD", password)
        .stdout_null()
        .stderr_null()
        .unchecked()
        .run()
        .is_ok_and(|run| run.status.success())
}

fn is_root() -> bool {
    cmd!("id", "-u").read().unwrap() == "0"
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A command line, as a user that servers agree to run as.
fn command(words: &[&str]) -> Vec<String> {
    let mut line: Vec<String> = Vec::new();
    if is_root() {
        line.extend(["runuser", "-u", "postgres", "--"].map(str::to_owned));
    }
    line.extend(words.iter().map(|word| (*word).to_owned()));
    line
}

fn give_away(path: &Path) {
    if is_root() {
        cmd!("chown", "postgres", path).run().unwrap();
    }
}
