//! Files with one fault each.

use opsfile::Ops;
use vault::Vault;

use super::*;

fn setup() -> (tempfile::TempDir, Setup) {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("vault");
    fs::create_dir(&vault).unwrap();
    fs::write(vault.join("a.env"), "REDIS_URL=rediss://default:hunter-CANARY-two@h.example:6379\n")
        .unwrap();
    let text = "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { REDIS_URL = \"any\" }\n[[fly.app]]\nname = \"web\"\nconfig = \"fly.toml\"\nsecrets = { REDIS_URL = \"a.env:REDIS_URL\" }\n";
    let ops: Ops = opsfile::parse(&folder.path().join("ops.toml"), text, &|_| true).unwrap();
    let vault = Vault::load(&ops).unwrap();
    (folder, Setup { ops, vault, now: chrono::DateTime::UNIX_EPOCH })
}

/// `rule line: message` of every finding.
fn check(text: &str) -> String {
    let (_folder, setup) = setup();
    let app: &FlyApp = setup.ops.fly.app("web").unwrap();
    let file = Document::parse(text.to_owned()).unwrap();
    let ctx = Ctx { app, path: "fly.toml", text, file: &file, setup: &setup };
    let lines: Vec<String> = checks::all(&ctx)
        .into_iter()
        .map(|one| format!("{} {}: {}", one.rule, one.subject.line.unwrap_or(0), one.message))
        .collect();
    lines.join("\n")
}

const GOOD: &str = "app = 'web'\n[build]\nimage = 'chatwoot/chatwoot:v4.6.0'\n[env]\nPORT = '3000'\nFORCE_SSL = 'true'\n[http_service]\ninternal_port = 3000\n[[http_service.checks]]\npath = '/api'\ninterval = '15s'\ntimeout = '10s'\nheaders = { X-Forwarded-Proto = 'https' }\n[[vm]]\nmemory = '2gb'\n";

/// The good file with one text replaced.
fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    check(&GOOD.replace(old, new))
}

#[test]
fn a_good_file_has_no_findings() {
    assert_eq!(check(GOOD), "");
    assert_eq!(check(""), "");
}

#[test]
fn each_fault_is_found_where_it_stands() {
    insta::assert_snapshot!(with("'web'", "'api'"), @"app-name 1: the file is for api, ops.toml says web");
    insta::assert_snapshot!(with(":v4.6.0", ":latest"), @"unpinned-image 3: the image has no fixed tag, so two deploys may run two programs");
    insta::assert_snapshot!(with("'/api'", "'/rails/health'"), @"health-path 10: the image has no page /rails/health, so the check fails on a healthy app");
    insta::assert_snapshot!(with("'/api'", "'/hc'"), @"health-path 10: the image has no page /hc, so the check fails on a healthy app");
    insta::assert_snapshot!(with("headers = { X-Forwarded-Proto = 'https' }\n", ""), @"health-redirect 9: FORCE_SSL redirects the check to https, and Fly follows no redirect");
    insta::assert_snapshot!(with("'15s'", "'2m'"), @"check-time 11: interval is outside 1 s to 60 s; Fly changes it silently");
    insta::assert_snapshot!(with("internal_port = 3000", "internal_port = 8080"), @"port 8: internal_port is not the PORT 3000 that the app listens on");
    insta::assert_snapshot!(with("'2gb'", "'512mb'"), @"memory 14: app has 512 MB; the image needs 2048 MB");
    insta::assert_snapshot!(with("[[vm]]\nmemory = '2gb'\n", ""), @"memory 0: app has no [[vm]] memory; the image needs 2048 MB");
    insta::assert_snapshot!(with("[env]\n", "[processes]\nweb = 'a'\nworker = 'b'\n[env]\n"), @"no-processes 10: [http_service] does not say which of web, worker it is for");
    insta::assert_snapshot!(with("[env]\n", "[deploy]\nstrategy = 'canary'\nrelease_command = 'rake chatwoot:create_super_admin'\n[mounts]\nsource = 'data'\n[env]\n"), @"
    strategy 5: canary takes no volumes, and one is mounted
    unknown-task 6: the image has no task chatwoot:create_super_admin
    ");
}

#[test]
fn secrets_in_env_are_found_by_value_name_and_form() {
    insta::assert_snapshot!(with("[env]\n", "[env]\nOTHER = 'rediss://default:hunter-CANARY-two@h.example:6379'\n"), @"secret-in-env 5: OTHER holds the value of a.env:REDIS_URL");
    insta::assert_snapshot!(with("[env]\n", "[env]\nSMTP_PASSWORD = 'long enough'\n"), @"secret-in-env 5: SMTP_PASSWORD is named like a secret and has a value");
    insta::assert_snapshot!(with("[env]\n", "[env]\nDB = 'postgres://u:p@h/d'\n"), @"secret-in-env 5: DB holds an address with a password");
    insta::assert_snapshot!(with("[env]\n", "[env]\nREDIS_URL = 'x'\n"), @"shadowed 5: REDIS_URL is among the app's secrets too");
}

#[test]
fn a_check_in_the_top_level_table_has_hard_limits() {
    insta::assert_snapshot!(check("[checks.live]\ntype = 'http'\nport = 3000\ninterval = '1s'\ntimeout = '90s'\npath = '/'\n"), @"
    check-time 4: interval is outside 2 s to 60 s; Fly refuses it
    check-time 5: timeout is outside 1 s to 60 s; Fly refuses it
    ");
}

#[test]
fn a_service_without_a_check_is_found() {
    insta::assert_snapshot!(check("[[services]]\ninternal_port = 25\n"), @"no-check 1: [[services]] has no check, so a started machine is taken for a working one");
}
