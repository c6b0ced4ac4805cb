//! A plan of many apps against the same requests one after another.

use std::ffi::OsString;
use std::fmt::Write as _;

use super::{Ctx, Side, installed, material, wall};
use crate::bench::measure::Row;
use crate::demo::fake_fly::FakeFly;
use crate::error::Error;
use crate::tool;

const N_APPS: usize = 20;
const N_SECRETS: usize = 50;
/// The requests in a row take two seconds.
const MAX_ROUNDS: usize = 5;
/// How long each answer takes, in milliseconds.
const LATENCY: &str = "100";

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    tool::build_stand_ins()?;
    let folder = material::folder(&ctx.scratch.join("fly"))?;
    material::file(&folder.join("ops.toml"), ops())?;
    let values = (0..N_SECRETS).fold(String::new(), |mut text, index| {
        let _ = writeln!(text, "S{index}=value-CANARY-{index}");
        text
    });
    material::file(&folder.join("vault/all.env"), values)?;
    material::file(&folder.join("vault/fly.env"), "TOKEN=fo1_CANARY-of-the-bench\n")?;

    let apps: Vec<String> = (0..N_APPS).map(|app| format!("app-{app}")).collect();
    let mut options = vec!["--latency", LATENCY];
    options.extend(apps.iter().flat_map(|app| ["--app", app.as_str()]));
    let server = FakeFly::start(&options, &[])?;

    let mut ours = Side::new(
        "fly-secrets plan",
        vec![
            "env".into(),
            OsString::from(format!("FLY_FLAPS_BASE_URL={}", server.url())),
            ctx.binaries.path("fly-secrets").into(),
            "plan".into(),
        ],
        &folder,
    );
    // Everything is still to be added.
    ours.accepts = &[1];
    // One connection that is kept open, which is the quickest that requests in a row can be.
    let mut requests = "silent\nheader = \"authorization: Bearer x\"\n".to_owned();
    for app in &apps {
        let _ = writeln!(
            requests,
            "url = \"{}/v1/apps/{app}/secrets\"\noutput = \"/dev/null\"",
            server.url()
        );
    }
    material::file(&folder.join("requests"), requests)?;
    let peer = installed(&["curl", "--config", "requests"], &folder);
    ctx.servers.borrow_mut().push(server);
    let work =
        "a plan of 20 apps with 50 secrets each, 100 ms an answer, against the requests in a row";
    Ok(vec![Row {
        tool: "fly-secrets",
        work,
        ours,
        peer,
        goal: wall(0.2, None),
        max_rounds: MAX_ROUNDS,
    }])
}

/// Every app wants every secret.
fn ops() -> String {
    let mut ops = "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"fly.env\"\nkeys = { TOKEN = \"any\" }\n[[vault.file]]\npath = \"all.env\"\n[vault.file.keys]\n".to_owned();
    for secret in 0..N_SECRETS {
        let _ = writeln!(ops, "S{secret} = \"any\"");
    }
    for app in 0..N_APPS {
        let _ = writeln!(
            ops,
            "[[fly.app]]\nname = \"app-{app}\"\ntoken = \"fly.env:TOKEN\"\n[fly.app.secrets]"
        );
        for secret in 0..N_SECRETS {
            let _ = writeln!(ops, "S{secret} = \"all.env:S{secret}\"");
        }
    }
    ops
}
