//! The rules of `verify`, `config` and `logs`, each with why and how to mend.

use report::{Level, Rule};

const fn rule(
    id: &'static str,
    level: Level,
    summary: &'static str,
    why: &'static str,
    mend: &'static str,
) -> Rule {
    Rule { id, level, summary, why, mend }
}

/// Every rule.
pub(crate) const ALL: &[Rule] = &[
    rule(
        "not-on-fly",
        Level::Error,
        "a declared secret is not on Fly",
        "the app starts without it, or not at all",
        "fly-secrets apply",
    ),
    rule(
        "vault-changed",
        Level::Error,
        "the vault's value is not the applied one",
        "a rotated password that is not on Fly fails at the next restart",
        "fly-secrets apply",
    ),
    rule(
        "fly-changed",
        Level::Error,
        "Fly's value is not the applied one",
        "somebody set it by hand; the next apply would undo it",
        "fly-secrets apply, or adopt what is there",
    ),
    rule(
        "unknown-value",
        Level::Warning,
        "a secret is on Fly and was never applied from here",
        "whether it is the vault's value cannot be known",
        "fly-secrets apply, or adopt it",
    ),
    rule(
        "staged",
        Level::Error,
        "a secret is on Fly, and machines run without it",
        "staged values take effect at the next deploy only",
        "fly-secrets apply --deploy",
    ),
    rule(
        "extra",
        Level::Note,
        "a secret is on Fly and not in ops.toml",
        "nobody says what it is for",
        "declare it, or unset it",
    ),
    rule(
        "blocked",
        Level::Error,
        "a source may not be sent",
        "a missing or stand-in value must not reach an app",
        "vault-check check",
    ),
    rule(
        "unequal",
        Level::Error,
        "one value in the vault, two on Fly",
        "at least one of them is not the vault's",
        "fly-secrets apply",
    ),
    rule(
        "app-name",
        Level::Error,
        "fly.toml is for another app",
        "a deploy from here would go elsewhere",
        "set `app`",
    ),
    rule(
        "unpinned-image",
        Level::Warning,
        "the image has no fixed tag",
        "two deploys of one file may run two programs",
        "name a version or a digest",
    ),
    rule(
        "secret-in-env",
        Level::Error,
        "a secret stands in [env]",
        "fly.toml is in git and in every release",
        "move it to [fly.app.secrets]",
    ),
    rule(
        "shadowed",
        Level::Warning,
        "a name is in [env] and among the secrets",
        "Fly gives the machine the secret; the line in fly.toml misleads",
        "remove the line",
    ),
    rule(
        "health-path",
        Level::Error,
        "a check asks for a page that the image does not have",
        "the app is well and Fly takes it for ill",
        "fly-secrets config --fix path=/api",
    ),
    rule(
        "health-redirect",
        Level::Error,
        "a check meets a redirect",
        "Fly follows none, and FORCE_SSL redirects plain HTTP",
        "send X-Forwarded-Proto = https with the check",
    ),
    rule(
        "no-check",
        Level::Warning,
        "a service has no check",
        "Fly takes a started machine for a working one",
        "add [[http_service.checks]]",
    ),
    rule(
        "check-time",
        Level::Error,
        "a check's times are outside what Fly takes",
        "the deploy is refused, or the times are changed silently",
        "interval 2s to 1m, timeout up to 1m",
    ),
    rule(
        "no-processes",
        Level::Error,
        "a service does not say which processes it is for",
        "with several groups Fly refuses the file",
        "add `processes`",
    ),
    rule(
        "port",
        Level::Warning,
        "internal_port is not the app's PORT",
        "Fly knocks where nobody listens",
        "make them equal",
    ),
    rule(
        "memory",
        Level::Warning,
        "a machine has less memory than is declared or needed",
        "it is killed while it prepares the database",
        "set memory in [[vm]], and on the machine",
    ),
    rule(
        "strategy",
        Level::Error,
        "the deploy strategy cannot be had",
        "bluegreen needs checks, canary takes no volumes",
        "use rolling",
    ),
    rule(
        "unknown-task",
        Level::Warning,
        "the release command calls a task that the image does not have",
        "the release fails after the image is built",
        "use db:chatwoot_prepare",
    ),
    rule(
        "value-in-log",
        Level::Error,
        "a vault value lies in a log of flyctl",
        "flyctl writes the bodies of its requests to its log",
        "delete the file and rotate the value",
    ),
];
