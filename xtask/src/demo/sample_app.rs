//! The app and the receiver of its webhooks, which the stand-in for Fly.io serves too: they take what the vault holds.

use std::fs;

use data_encoding::HEXLOWER;
use report::Invocation;
use sha2::{Digest, Sha256};

use super::fake_fly::FakeFly;
use super::operator::{self, Operator};
use crate::error::Error;
use crate::probe_command::secrets;
use crate::repo;

const API_TOKEN: &str = "chatwoot/api_token_staging.env:CHATWOOT_API_TOKEN_STAGING";
const WEBHOOK_SECRET: &str = "chatwoot/webhook_secret_staging.env:CHATWOOT_WEBHOOK_SECRET_STAGING";
/// Where the sample repo's receiver is; its copy gets the stand-in's address instead.
const RECEIVER: &str = "https://hdchatwootstagingref.supabase.co/functions/v1/chatwoot";

/// Starts the stand-in with what the sample's vault holds, and writes its receiver's address into the operator's repo.
pub(super) fn start(operator: &Operator, invocation: &Invocation) -> Result<FakeFly, Error> {
    // From the sample itself, as the copy may lack a file on purpose.
    let sample = repo::root().join("fixtures/chatwoot/ops.toml");
    let find = |name| secrets::find(name, Some(&sample), invocation);
    let (token, secret) = (find(API_TOKEN)?, find(WEBHOOK_SECRET)?);
    let token = HEXLOWER.encode(&Sha256::digest(token.expose()));
    let options = ["--app", operator::APP, "--api-token-sha256", &token];
    let secret = secret.expose_text().unwrap_or_default();
    let fake_fly = FakeFly::start(&options, &[("FAKE_FLY_WEBHOOK_SECRET", secret)])?;
    let path = operator.repo.join("ops.toml");
    let written = fs::read_to_string(&path).and_then(|text| {
        let receiver = format!("{}/webhooks/chatwoot", fake_fly.url());
        fs::write(&path, text.replace(RECEIVER, &receiver))
    });
    written.map_err(|source| Error::File { doing: "writing", path, source })?;
    Ok(fake_fly)
}
