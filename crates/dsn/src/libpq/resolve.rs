//! What libpq would connect with: the string, then the service file, then `PG*`, then defaults, and the
//! password file last; `conninfo_add_defaults` and `pqConnectOptions2` of `fe-connect.c`.

use std::fmt;
use std::path::{Path, PathBuf};

use secret::Secret;

use super::connect::connect_fault;
use super::environment::FALLBACKS;
use super::options::is_new_in_18;
use super::passfile::{Login, password_from_file};
use super::service::service_settings;
use super::{Version, parse};
use crate::{Dsn, Fields, Kind, Name, Refusal, each_host};

/// The folder of the system's service file, as Debian and PGDG build libpq.
const SYSTEM_FOLDER: &str = "/etc/postgresql-common";

/// The socket folder that a password file calls `localhost`, as Debian and PGDG build libpq.
const SOCKET_FOLDER: &[u8] = b"/var/run/postgresql";

/// What libpq looks at beside the string.
pub trait World {
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<Vec<u8>>;
    /// A file.
    fn file(&self, path: &Path) -> Found;
    /// The user's home folder.
    fn home(&self) -> Option<PathBuf>;
    /// The name of the system's user.
    fn user(&self) -> Option<Vec<u8>>;
}

/// What is under a path.
pub enum Found {
    /// Nothing.
    Nothing,
    /// A folder, a device, or what else is not a plain file.
    NotPlain,
    /// A file that cannot be read.
    Unreadable,
    /// A plain file.
    File {
        /// Its permission bits.
        mode: u32,
        /// What it holds.
        text: Secret,
    },
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The string itself.
    Text,
    /// The service file.
    Service,
    /// A variable of this name.
    Variable(&'static str),
    /// A line of the password file.
    PasswordFile,
    /// The name of the system's user.
    SystemUser,
    /// libpq's default, or for the database the user's name.
    Default,
}

/// Everything libpq would connect with.
///
/// `Debug` shows no value.
pub struct Resolved {
    /// Every option that has a value; of several hosts' passwords, the first host's.
    pub fields: Fields,
    /// The password that the password file has for each host, where the file was looked at; else empty.
    pub passwords: Vec<Option<Secret>>,
    /// Where each comes from, in the same order.
    pub origins: Vec<(Name, Origin)>,
    /// What libpq warns of, in its words.
    pub warnings: Vec<String>,
    /// Why this may not be what libpq connects with: the service is looked up in a directory.
    pub lookup: Option<Refusal>,
}

/// Reads a string and fills in what it leaves open, as `PQconnectdb` does before it connects.
///
/// # Errors
/// libpq's reason, without the text that it quotes: of the string, the service file, or of a value that
/// no connection can be made with.
pub fn resolve(text: &[u8], version: Version, world: &dyn World) -> Result<Resolved, Refusal> {
    resolve_fields(parse(text, version)?, version, world)
}

/// [`resolve`] for a string that was read already.
///
/// # Errors
/// As [`resolve`], without those about the string itself.
pub fn resolve_fields(
    fields: Fields,
    version: Version,
    world: &dyn World,
) -> Result<Resolved, Refusal> {
    let origins = fields.names().map(|name| (Name::Owned(name.to_owned()), Origin::Text)).collect();
    let mut resolved =
        Resolved { fields, passwords: Vec::new(), origins, warnings: Vec::new(), lookup: None };
    resolved.add_service(version, world)?;
    resolved.add_fallbacks(version, world);
    resolved.add_user_and_database(world);
    if let Some(refusal) = connect_fault(&resolved.fields) {
        return Err(refusal);
    }
    resolved.add_password(world);
    Ok(resolved)
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fields, passwords: _, origins, warnings, lookup } = self;
        f.debug_struct("Resolved")
            .field("fields", fields)
            .field("origins", origins)
            .field("warnings", warnings)
            .field("lookup", lookup)
            .finish_non_exhaustive()
    }
}

impl Resolved {
    /// Where a field comes from.
    pub fn origin(&self, name: &str) -> Option<Origin> {
        self.origins.iter().find(|(known, _)| known == name).map(|(_, origin)| *origin)
    }

    fn put(&mut self, name: &'static str, value: impl Into<Vec<u8>>, origin: Origin) {
        self.fields.set(name, value);
        match self.origins.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = origin,
            None => self.origins.push((Name::Borrowed(name), origin)),
        }
    }

    /// `parseServiceInfo`: the user's file, then the system's.
    fn add_service(&mut self, version: Version, world: &dyn World) -> Result<(), Refusal> {
        let given = self.fields.get("service").map(<[u8]>::to_vec);
        let Some(service) = given.or_else(|| world.variable("PGSERVICE")) else { return Ok(()) };
        let own = match world.variable("PGSERVICEFILE") {
            Some(path) => Some(path_of(&path)),
            None => world
                .home()
                .map(|home| home.join(".pg_service.conf"))
                .filter(|path| !matches!(world.file(path), Found::Nothing)),
        };
        let folder =
            world.variable("PGSYSCONFDIR").map_or(SYSTEM_FOLDER.into(), |path| path_of(&path));
        let system = Some(folder.join("pg_service.conf"))
            .filter(|path| !matches!(world.file(path), Found::Nothing));
        for path in [own, system].into_iter().flatten() {
            let Found::File { text, .. } = world.file(&path) else {
                let reason = format!("service file \"{}\" not found", path.display());
                return Err(Refusal::new(reason).hint("check PGSERVICEFILE and the file's mode"));
            };
            // To the reader of service files, which keeps what it reads as secrets.
            if let Some(settings) = service_settings(text.expose(), &service, &path, version)? {
                self.lookup = settings.lookups.first().map(|line| unasked(*line, &path));
                for (option, value) in settings.options {
                    if self.fields.get(option).is_none() {
                        self.put(option, value.expose(), Origin::Service);
                    }
                }
                return Ok(());
            }
        }
        Err(Refusal::new("definition of service not found")
            .hint("define it as [NAME] in ~/.pg_service.conf, or name the file with PGSERVICEFILE"))
    }

    /// `conninfo_add_defaults`: variables, then defaults.
    fn add_fallbacks(&mut self, version: Version, world: &dyn World) {
        let is_requiring =
            || world.variable("PGREQUIRESSL").is_some_and(|value| value.starts_with(b"1"));
        for known in FALLBACKS {
            if self.fields.get(known.option).is_some()
                || version == Version::V17 && is_new_in_18(known.option)
            {
                continue;
            }
            if let Some(value) = world.variable(known.variable) {
                self.put(known.option, value, Origin::Variable(known.variable));
            } else if known.option == "sslmode" && is_requiring() {
                self.put("sslmode", "require", Origin::Variable("PGREQUIRESSL"));
            } else if let Some(default) = known.default {
                self.put(known.option, default, Origin::Default);
            }
        }
        let is_system = self.fields.get("sslrootcert") == Some(b"system");
        if is_system && self.origin("sslmode") == Some(Origin::Default) {
            self.put("sslmode", "verify-full", Origin::Default);
        }
    }

    /// An empty user is the system's, and an empty database the user's name.
    fn add_user_and_database(&mut self, world: &dyn World) {
        if self.fields.get("user").is_none_or(<[u8]>::is_empty)
            && let Some(user) = world.user()
        {
            self.put("user", user, Origin::SystemUser);
        }
        if self.fields.get("dbname").is_none_or(<[u8]>::is_empty)
            && let Some(user) = self.fields.get("user").map(<[u8]>::to_vec)
        {
            self.put("dbname", user, Origin::Default);
        }
    }

    /// Looks the password up in the password file, where nothing else gives one.
    fn add_password(&mut self, world: &dyn World) {
        let is_set = |name: &str| self.fields.get(name).is_some_and(|value| !value.is_empty());
        if is_set("password") || !is_set("user") || !is_set("dbname") {
            return;
        }
        let path = match self.fields.get("passfile").filter(|path| !path.is_empty()) {
            Some(path) => path_of(path),
            None => match world.home() {
                Some(home) => home.join(".pgpass"),
                None => return,
            },
        };
        let text = match world.file(&path) {
            Found::Nothing | Found::Unreadable => return,
            Found::NotPlain => {
                let warning = format!("password file \"{}\" is not a plain file", path.display());
                self.warnings.push(warning);
                return;
            }
            Found::File { mode, .. } if mode & 0o077 != 0 => {
                self.warnings.push(format!(
                    "password file \"{}\" has group or world access; permissions should be u=rw (0600) or less",
                    path.display()
                ));
                return;
            }
            Found::File { text, .. } => text,
        };
        let dsn = Dsn::from_fields(Kind::Postgres, self.fields.duplicate());
        // To the reader of password files.
        self.passwords = each_host(&dsn).map(|host| password_for(&host, text.expose())).collect();
        // The password becomes a field, which is a secret again.
        let first = self.passwords.first().and_then(Option::as_ref).map(Secret::duplicate);
        if let Some(password) = first {
            self.put("password", password.expose(), Origin::PasswordFile);
        }
    }

    /// One connection string for each host, each with its own password where those are from the password file.
    pub fn into_hosts(self) -> Vec<Dsn> {
        let dsn = Dsn::from_fields(Kind::Postgres, self.fields);
        let mut hosts: Vec<Dsn> = each_host(&dsn).collect();
        for (host, password) in hosts.iter_mut().zip(self.passwords) {
            *host = host.with_password(password.as_ref());
        }
        hosts
    }
}

/// A line of a service file that names an LDAP server, which nobody here asks.
fn unasked(line: usize, path: &Path) -> Refusal {
    let reason = format!(
        "line {line} of the service file {} names an LDAP server: a libpq with LDAP takes its answer in place of the lines below, one without refuses the line; it is not asked here",
        path.display()
    );
    Refusal::new(reason)
        .hint("ask it with ldapsearch, and write what it answers as option=value lines")
}

/// What a password file has for one host.
fn password_for(host: &Dsn, file: &[u8]) -> Option<Secret> {
    let field = |name: &str| host.fields().get(name).unwrap_or_default();
    let name = match (field("host"), field("hostaddr")) {
        (b"", b"") | (SOCKET_FOLDER, _) => b"localhost",
        (b"", address) => address,
        (name, _) => name,
    };
    let port = Some(field("port")).filter(|port| !port.is_empty()).unwrap_or(b"5432");
    let login = Login { host: name, port, dbname: field("dbname"), user: field("user") };
    password_from_file(file, &login).map(|(_, password)| password)
}

fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests;
