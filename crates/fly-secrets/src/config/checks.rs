//! The faults that are looked for in a fly.toml, one function each.

use report::Finding;
use toml_edit::{Item, Table};

use super::reference::Reference;
use super::services::{self, Check, Service, seconds, services, text, top_level_checks, words};
use super::{Ctx, image};

/// All of them.
pub(super) fn all(ctx: &Ctx<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    app_name(ctx, &mut found);
    pinned_image(ctx, &mut found);
    env(ctx, &mut found);
    pages(ctx, &mut found);
    redirects(ctx, &mut found);
    times(ctx, &mut found);
    service_checks(ctx, &mut found);
    ports(ctx, &mut found);
    memory(ctx, &mut found);
    deploy(ctx, &mut found);
    found
}

fn root<'a>(ctx: &'a Ctx<'_>) -> &'a Table {
    ctx.file.as_table()
}

pub(super) fn image_of<'a>(ctx: &'a Ctx<'_>) -> Option<&'a str> {
    root(ctx).get("build")?.get("image")?.as_str()
}

fn app_name(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let item = root(ctx).get("app");
    let Some(name) = item.and_then(Item::as_str) else { return };
    if name != ctx.app.name {
        let message = format!("the file is for {name}, ops.toml says {}", ctx.app.name);
        let finding = Finding::error("app-name", message).key("app");
        found.push(ctx.at(finding, item.and_then(Item::span)));
    }
}

fn pinned_image(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let Some(reference) = image_of(ctx) else { return };
    if Reference::parse(reference).is_pinned() {
        return;
    }
    let finding = Finding::warning(
        "unpinned-image",
        "the image has no fixed tag, so two deploys may run two programs",
    )
    .hint("name a version, as chatwoot/chatwoot:v4.6.0, or a digest");
    found.push(ctx.at_image(finding));
}

/// Secrets in `[env]`: by value, by name, by form.
fn env(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let Some(env) = root(ctx).get("env").and_then(Item::as_table_like) else { return };
    let known = ctx.setup.vault.secret_set();
    for (name, item) in env.iter() {
        let Some(value) = item.as_str() else { continue };
        let span = || item.span();
        let reason = match known.find(value.as_bytes()).first() {
            Some(hit) => Some(format!("{name} holds the value of {}", hit.name)),
            None if is_url_with_password(value) => {
                Some(format!("{name} holds an address with a password"))
            }
            None if is_named_like_a_secret(name) && value.len() >= 8 => {
                Some(format!("{name} is named like a secret and has a value"))
            }
            None => None,
        };
        if let Some(reason) = reason {
            let finding = Finding::error("secret-in-env", reason)
                .key(format!("env.{name}"))
                .hint("move it to the vault and to secrets of this app in ops.toml");
            found.push(ctx.at(finding, span()));
        }
        if ctx.app.secrets.contains_key(name) {
            let finding =
                Finding::warning("shadowed", format!("{name} is among the app's secrets too"))
                    .key(format!("env.{name}"))
                    .hint("remove the line; the machine gets the secret");
            found.push(ctx.at(finding, span()));
        }
    }
}

fn is_url_with_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| {
        user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
    })
}

fn is_named_like_a_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let ends = [
        "PASSWORD",
        "_TOKEN",
        "_SECRET",
        "SECRET_KEY_BASE",
        "_API_KEY",
        "_PRIVATE_KEY",
        "_ACCESS_KEY",
    ];
    ends.iter().any(|end| name.ends_with(end))
}

fn http_checks<'a>(ctx: &'a Ctx<'_>) -> Vec<Check<'a>> {
    let of_services = services(root(ctx)).into_iter().flat_map(|service| service.checks());
    of_services.chain(top_level_checks(root(ctx))).filter(|check| check.is_http).collect()
}

fn pages(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let Some(known) = image_of(ctx).and_then(image::known) else { return };
    for check in http_checks(ctx) {
        let Some(item) = check.table.get("path") else { continue };
        let page = item.as_str().unwrap_or_default().split('?').next().unwrap_or_default();
        if !known.bad_pages.contains(&page.trim_end_matches('/')) {
            continue;
        }
        let message = format!("the image has no page {page}, so the check fails on a healthy app");
        let hint = format!(
            "it has {}; `fly-secrets config --fix path={}` sets it",
            known.good_pages.join(" and "),
            known.good_pages.first().copied().unwrap_or("/")
        );
        let finding = Finding::error("health-path", message).key("path").hint(hint);
        found.push(ctx.at(finding, item.span()));
    }
}

/// An app that redirects plain HTTP fails a plain check that does not claim to come over HTTPS.
fn redirects(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let force = root(ctx).get("env").and_then(|env| env.get("FORCE_SSL")).and_then(Item::as_str);
    if !force.is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1") {
        return;
    }
    for check in http_checks(ctx) {
        let is_https = text(check.table, "protocol").is_some_and(|protocol| protocol == "https");
        let headers = check.table.get("headers").and_then(Item::as_table_like);
        let claims = headers.is_some_and(|headers| {
            headers.iter().any(|(name, value)| {
                name.eq_ignore_ascii_case("x-forwarded-proto") && value.as_str() == Some("https")
            })
        });
        if is_https || claims {
            continue;
        }
        let finding = Finding::error(
            "health-redirect",
            "FORCE_SSL redirects the check to https, and Fly follows no redirect",
        )
        .hint("headers = { X-Forwarded-Proto = \"https\" } in the check");
        found.push(ctx.at(finding, check.span.clone()));
    }
}

/// In `[checks]` the limits are hard; in services Fly changes the times without a word.
fn times(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let of_services = services(root(ctx)).into_iter().flat_map(|service| service.checks());
    for check in of_services.chain(top_level_checks(root(ctx))) {
        for key in ["interval", "timeout"] {
            let Some(item) = check.table.get(key) else { continue };
            let Some(seconds) = seconds(item) else { continue };
            let least = if check.is_top_level && key == "interval" { 2.0 } else { 1.0 };
            if (least..=60.0).contains(&seconds)
                || (check.is_top_level && key == "interval" && seconds > 60.0)
            {
                continue;
            }
            let outcome =
                if check.is_top_level { "Fly refuses it" } else { "Fly changes it silently" };
            let message = format!("{key} is outside {least} s to 60 s; {outcome}");
            let finding = if check.is_top_level {
                Finding::error("check-time", message)
            } else {
                Finding::warning("check-time", message)
            };
            found.push(ctx.at(finding.key(key), item.span()));
        }
    }
}

fn service_checks(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let groups = services::groups(root(ctx));
    for service in services(root(ctx)) {
        if service.checks().is_empty() && top_level_checks(root(ctx)).is_empty() {
            let message = format!(
                "{} has no check, so a started machine is taken for a working one",
                service.name
            );
            found.push(ctx.at(Finding::warning("no-check", message), service.span.clone()));
        }
        if groups.len() > 1
            && words(service.table, "processes").is_none_or(|words| words.is_empty())
        {
            let message =
                format!("{} does not say which of {} it is for", service.name, groups.join(", "));
            let hint = format!("processes = [\"{}\"]", groups.first().copied().unwrap_or("app"));
            found.push(
                ctx.at(Finding::error("no-processes", message).hint(hint), service.span.clone()),
            );
        }
    }
}

fn ports(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let port = root(ctx).get("env").and_then(|env| env.get("PORT"));
    let port = port
        .and_then(|port| port.as_str().map_or_else(|| port.as_integer(), |text| text.parse().ok()));
    let Some(port) = port else { return };
    for Service { table, .. } in services(root(ctx)) {
        let Some(item) = table.get("internal_port") else { continue };
        if item.as_integer().is_some_and(|internal| internal != port) {
            let message = format!("internal_port is not the PORT {port} that the app listens on");
            found.push(ctx.at(Finding::warning("port", message).key("internal_port"), item.span()));
        }
    }
}

fn memory(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let Some(known) = image_of(ctx).and_then(image::known) else { return };
    for group in services::groups(root(ctx)) {
        // A machine that nobody sized gets 256 MB.
        let memory = services::memory(root(ctx), group);
        if memory.unwrap_or(256) >= known.memory_mb {
            continue;
        }
        let has = memory.map_or("no [[vm]] memory".to_owned(), |memory| format!("{memory} MB"));
        let message = format!("{group} has {has}; the image needs {} MB", known.memory_mb);
        let hint =
            format!("[[vm]] with processes = [\"{group}\"] and memory = \"{}mb\"", known.memory_mb);
        let span = root(ctx).get("vm").and_then(Item::span);
        found.push(ctx.at(Finding::warning("memory", message).key(group).hint(hint), span));
    }
}

fn deploy(ctx: &Ctx<'_>, found: &mut Vec<Finding>) {
    let Some(deploy) = root(ctx).get("deploy").and_then(Item::as_table_like) else { return };
    let strategy = deploy.get("strategy");
    let has_checks = services(root(ctx)).iter().any(|service| !service.checks().is_empty())
        || !top_level_checks(root(ctx)).is_empty();
    let problem = match strategy.and_then(Item::as_str) {
        Some("bluegreen") if !has_checks => Some("bluegreen needs a check, and there is none"),
        Some("canary") if services::has_mounts(root(ctx)) => {
            Some("canary takes no volumes, and one is mounted")
        }
        _ => None,
    };
    if let Some(problem) = problem {
        let finding = Finding::error("strategy", problem).key("deploy.strategy");
        found.push(ctx.at(finding, strategy.and_then(Item::span)));
    }
    let command = deploy.get("release_command");
    let Some(words) = command.and_then(Item::as_str) else { return };
    let known = image_of(ctx).and_then(image::known);
    let unknown =
        known.and_then(|image| image.unknown_tasks.iter().find(|task| words.contains(**task)));
    if let Some(task) = unknown {
        let finding = Finding::warning("unknown-task", format!("the image has no task {task}"))
            .key("deploy.release_command");
        found.push(ctx.at(finding, command.and_then(Item::span)));
    }
    if !ctx.setup.vault.secret_set().find(words.as_bytes()).is_empty() {
        let finding = Finding::error("secret-in-env", "the release command holds a vault value");
        found.push(ctx.at(finding, command.and_then(Item::span)));
    }
}
