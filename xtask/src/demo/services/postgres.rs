//! A real Postgres on a free port, with TLS and a password.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use duct::{Expression, Handle, cmd};

use super::{free_port, quiet, start};

/// The password, which is as made up as every other value of the sample's vault.
const PASSWORD: &str = "CANARYlocalPostgres7rKd";

/// Starts it with everything that it writes below `folder`; answers its connection string, or why it cannot be started.
pub(super) fn start_postgres(folder: &Path) -> Result<(Handle, String), String> {
    let programs = postgres_programs().ok_or("it is not installed")?;
    let folder = folder.join("postgres");
    let failed = |error: io::Error| error.to_string();
    fs::create_dir_all(&folder).map_err(failed)?;
    fs::write(folder.join("password"), PASSWORD).map_err(failed)?;
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
        format!("postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode={mode}"),
    ))
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
