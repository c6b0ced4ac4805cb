//! A real mail server: Dovecot, which speaks SMTP for submission and IMAP, each with TLS by an authority of its own.

use std::fs;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use duct::unix::HandleExt;
use duct::{Handle, cmd};

/// How long it may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// The certificate of the authority, and the one of `localhost` that it signs.
const CERTIFICATES: &str = "
ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $ec -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
openssl req $ec -keyout server.key -out server.csr -subj /CN=localhost
printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' >extensions
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile extensions
";

/// A running server on this machine; it ends when this is dropped.
pub(crate) struct Dovecot {
    handle: Handle,
    folder: PathBuf,
    /// Where it takes mail, and where it gives mail, both with STARTTLS; where it gives mail with TLS from the first
    /// byte.
    pub(crate) ports: [u16; 3],
}

impl Dovecot {
    /// Starts it with everything that it writes below `folder`, for users with their passwords; says why where it
    /// cannot be started.
    pub(crate) fn start(folder: &Path, users: &[(&str, &str)]) -> Result<Self, String> {
        let folder = folder.join("dovecot");
        let failed = |error: io::Error| error.to_string();
        fs::create_dir_all(folder.join("mail")).map_err(failed)?;
        // Its processes of another user have to pass, and every folder above is the caller's matter.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        let log = folder.join("log");
        let script = format!("exec >>log 2>&1\nset -e\n{CERTIFICATES}");
        cmd!("sh", "-c", script).dir(&folder).run().map_err(|_| "openssl is not installed")?;
        let is_root = rustix::process::getuid().is_root();
        let id = |option| cmd!("id", option).stderr_null().read().map_err(failed);
        let (user_name, group) =
            if is_root { ("nobody".into(), "nogroup".into()) } else { (id("-un")?, id("-gn")?) };
        let owner = format!("{user_name}:{group}");
        if is_root {
            cmd!("chown", &owner, "mail").dir(&folder).run().map_err(failed)?;
        }
        let mut list = fs::File::options();
        let list = list.write(true).create(true).truncate(true).mode(0o600);
        let list = list.open(folder.join("users")).map_err(failed)?;
        for (user, password) in users {
            writeln!(&list, "{user}:{{PLAIN}}{password}").map_err(failed)?;
        }
        if is_root {
            cmd!("chown", &owner, "users").dir(&folder).run().map_err(failed)?;
        }
        let ports = free_ports().map_err(failed)?;
        let settings = settings(&folder, ports, &user_name, &group, is_root);
        fs::write(folder.join("dovecot.conf"), settings).map_err(failed)?;
        let server = cmd!(program(), "-F", "-c", folder.join("dovecot.conf"));
        let handle = server
            .stdin_null()
            .stderr_to_stdout()
            .stdout_path(folder.join("output"))
            .unchecked()
            .start()
            .map_err(|_| "it is not installed (apt install dovecot-imapd dovecot-submissiond)")?;
        let started = Self { handle, folder, ports };
        let until = Instant::now() + PATIENCE;
        while ports.iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            let has_ended = started.handle.try_wait().is_ok_and(|ended| ended.is_some());
            if has_ended || Instant::now() > until {
                return Err(format!("it did not start; see {}", log.display()));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(started)
    }

    /// The certificate of the authority that a client has to trust.
    pub(crate) fn authorities(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // It ends its children itself.
        let _ = self.handle.send_signal(signal_hook::consts::SIGTERM);
        let _ = self.handle.wait_timeout(PATIENCE);
        let _ = self.handle.kill();
    }
}

/// Debian keeps it where only root's path looks.
fn program() -> PathBuf {
    let usual = Path::new("/usr/sbin/dovecot");
    if usual.exists() { usual.to_path_buf() } else { PathBuf::from("dovecot") }
}

/// Three ports that were free a moment ago.
fn free_ports() -> io::Result<[u16; 3]> {
    let held = [(); 3].map(|()| TcpListener::bind(("127.0.0.1", 0)));
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(held) {
        *port = listener?.local_addr()?.port();
    }
    Ok(ports)
}

/// Nothing is relayed: whoever logs in over SMTP is handed on to the server itself, which takes no mail.
fn settings(folder: &Path, ports: [u16; 3], user: &str, group: &str, is_root: bool) -> String {
    let [submission, imap, imaps] = ports;
    let folder = folder.display();
    // Only root may lock a process into a folder.
    let chroot = if is_root { "" } else { "\n  chroot =" };
    let mut settings = format!(
        "protocols = imap submission
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
auth_mechanisms = plain login
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:~/Maildir
submission_relay_host = 127.0.0.1
submission_relay_port = {submission}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail
}}
service imap-login {{{chroot}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service submission-login {{{chroot}
  inet_listener submission {{
    port = {submission}
  }}
}}
"
    );
    if !is_root {
        settings.push_str("service anvil {\n  chroot =\n}\n");
    }
    settings
}
