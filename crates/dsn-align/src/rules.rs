//! The rules of `check` as data, and the command that explains them.

use report::{Exit, Format, Level, Rule, Streams, Tool};

use crate::args::RulesOptions;
use crate::error::Error;
use crate::json::RulesAnswer;

/// The tool and its rules, for renderings that name them.
pub(crate) const TOOL: Tool =
    Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), rules: RULES };

/// Every rule, by name.
pub(crate) const RULES: &[Rule] = &[
    Rule::new(
        "differs",
        Level::Error,
        "a place does not mean what its group's canonical place means",
        "two places that should name one database name two, and which one is used depends on who reads",
        "run `dsn-align fix`, or correct the canonical place if that is the wrong one",
    ),
    Rule::new(
        "duplicate-key",
        Level::Warning,
        "a key of a place is set twice in its file",
        "most readers take the last value and some the first, so two programs use two databases",
        "take the line away that does not count",
    ),
    Rule::new(
        "encoded-twice",
        Level::Error,
        "a value is percent-encoded where it is used as it stands, or encoded once more than it is decoded",
        "split keys are not decoded by anyone, so the escapes become part of the password",
        "write the plain value into split keys, and encode exactly once inside a URL",
    ),
    Rule::new(
        "hybrid",
        Level::Warning,
        "a URL and split keys are both set",
        "Rails merges the two: what the URL leaves out comes from the split keys without a word",
        "keep one of the two, or make the URL complete (port, user, password, database)",
    ),
    Rule::new(
        "missing",
        Level::Error,
        "the file or key of a place is not there, or the value is empty",
        "nothing can be compared, and the client falls back to its defaults",
        "write the value where ops.toml says it is, or correct ops.toml",
    ),
    Rule::new(
        "no-port",
        Level::Warning,
        "a URL that Rails reads has no port",
        "the port then comes from database.yml, and container entry points that wait for the database get none",
        "write the port into the URL, 5432 if it is the usual one",
    ),
    Rule::new(
        "no-tls",
        Level::Warning,
        "split keys come without an sslmode",
        "the sslmode of a URL is lost when it is split; the connection may then be plain",
        "set PGSSLMODE beside the split keys, and name it as `sslmode` in the place",
    ),
    Rule::new(
        "not-encoded",
        Level::Error,
        "user or password holds a raw character on which clients disagree",
        "clients end the password at different places; its rest goes into a host name and from there into DNS",
        "percent-encode everything but letters, digits and - . _ ~",
    ),
    Rule::new(
        "note",
        Level::Note,
        "something that is known of the service behind a place",
        "what works from one network or with one client may not work from another",
        "nothing, if it fits",
    ),
    Rule::new(
        "placeholder",
        Level::Error,
        "the password is a stand-in that was never replaced",
        "the string looks complete and cannot work",
        "put the real password in its place, percent-encoded",
    ),
    Rule::new(
        "plain-redis",
        Level::Error,
        "redis:// where the service refuses plain connections",
        "the connection is closed without a reason",
        "write rediss://",
    ),
    Rule::new(
        "policy-mode",
        Level::Error,
        "the connection mode is not one that policy allows",
        "migrations and prepared statements fail through a transaction pooler, and direct hosts may be IPv6-only",
        "take the host and port of an allowed mode from the provider's connection page",
    ),
    Rule::new(
        "policy-provider",
        Level::Error,
        "the provider is not one that policy allows",
        "data ends up in a database that nobody meant to use",
        "point the place at an allowed provider, or change [dsn.policy]",
    ),
    Rule::new(
        "policy-sslmode",
        Level::Error,
        "sslmode is weaker than policy asks",
        "a weaker mode lets anyone in between read along",
        "write the sslmode that policy asks for",
    ),
    Rule::new(
        "pool-budget",
        Level::Error,
        "the processes take more connections than the pooler lends",
        "the last to start are turned away with `max clients reached`, most often during a rolling deploy",
        "lower threads or machines in the app and in [dsn.budget], or raise the pool size and `limit`",
    ),
    Rule::new(
        "reads-differently",
        Level::Warning,
        "the client that reads a place understands it otherwise than libpq, or other clients do",
        "a string that works in psql fails in the app, or reaches another server",
        "write the canonical form, as `dsn-align derive` prints it",
    ),
    Rule::new(
        "redis-password",
        Level::Error,
        "REDIS_PASSWORD and the password in the URL are not the same",
        "Chatwoot and Sidekiq take REDIS_PASSWORD over the URL's, other clients the URL's",
        "make them the same, or leave REDIS_PASSWORD out",
    ),
    Rule::new(
        "refused",
        Level::Error,
        "the client that reads a place refuses the string",
        "the app does not start",
        "follow the hint; `dsn-align readings` shows what each client says",
    ),
    Rule::new(
        "session-expected",
        Level::Warning,
        "the client keeps something in its session, and the place is a transaction pooler",
        "prepared statements, advisory locks, LISTEN and temporary tables end with each transaction there",
        "use the session pooler, or tell the client not to prepare statements, as the hint says",
    ),
    Rule::new(
        "split-incomplete",
        Level::Error,
        "a split place lacks one of its keys",
        "the client fills the gap with a default: another port, user or database",
        "set the key that the finding names",
    ),
    Rule::new(
        "wrong-host",
        Level::Error,
        "no service answers under such a host name",
        "the name was guessed; look-alike names fail only at connect, or in TLS",
        "copy the host from the provider's connection page",
    ),
    Rule::new(
        "wrong-user",
        Level::Error,
        "the user does not fit the host",
        "poolers find the project by the user name, and answer `Tenant or user not found`",
        "write the user as the provider's connection page shows it for this host",
    ),
    Rule::new(
        "yaml-unsafe",
        Level::Warning,
        "a split password holds a character that YAML's double quotes change",
        "database.yml puts it between double quotes, where \\ and \" mean something else",
        "use a URL for this password, or rotate it",
    ),
];

/// Lists the rules, or explains one.
pub(crate) fn run(options: &RulesOptions, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let wanted: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| options.rule.as_ref().is_none_or(|name| rule.id == name))
        .collect();
    if wanted.is_empty() {
        return Err(Error::UnknownRule { known: RULES.iter().map(|rule| rule.id).collect() });
    }
    let written = if options.format.format == Format::Json {
        let answer = RulesAnswer { schema: "dsn-align/rules/1", rules: wanted };
        report::json(streams.stdout, &answer)
    } else {
        report::explain(&wanted, streams.stdout)
    };
    written.map_err(Error::Write)?;
    Ok(Exit::OK)
}
