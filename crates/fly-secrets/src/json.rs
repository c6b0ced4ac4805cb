//! The JSON answers; their schemas are in docs/schemas.

use serde::Serialize;

use crate::apply::Outcome;
use crate::args;
use crate::auth::Speaks;
use crate::plan::{self, Status};
use crate::state;

/// `fly-secrets/plan/1`.
#[derive(Serialize)]
pub(crate) struct PlanAnswer<'a> {
    schema: &'static str,
    verdict: &'static str,
    apps: Vec<AppPlan<'a>>,
}

#[derive(Serialize)]
struct AppPlan<'a> {
    app: &'a str,
    pending: bool,
    counts: Counts,
    secrets: Vec<SecretPlan<'a>>,
    blocked: Vec<BlockedSource<'a>>,
    unequal: &'a [Vec<String>],
}

#[derive(Serialize)]
struct Counts {
    add: usize,
    change: usize,
    drift: usize,
    unknown: usize,
    staged: usize,
    keep: usize,
    extra: usize,
    blocked: usize,
}

#[derive(Serialize)]
struct SecretPlan<'a> {
    name: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vault_changed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fly_changed: Option<bool>,
}

#[derive(Serialize)]
struct BlockedSource<'a> {
    name: &'a str,
    source: &'a str,
    reason: &'a str,
}

/// `fly-secrets/apply/1`.
#[derive(Serialize)]
pub(crate) struct ApplyAnswer<'a> {
    schema: &'static str,
    verdict: &'a str,
    app: &'a str,
    carrier: &'static str,
    mode: &'static str,
    set: &'a [String],
    unset: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed: Option<bool>,
    problems: &'a [String],
    plan: AppPlan<'a>,
}

/// An apply as JSON; the plan is the one that it began with.
pub(crate) fn apply<'a>(
    plan: &'a plan::Plan,
    outcome: &'a Outcome,
    verdict: &'a str,
    args: &args::Apply,
) -> ApplyAnswer<'a> {
    ApplyAnswer {
        schema: "fly-secrets/apply/1",
        verdict,
        app: &plan.app,
        carrier: args.via.word(),
        mode: if args.deploy { "deploy" } else { "stage" },
        set: &outcome.set,
        unset: &outcome.unset,
        version: (outcome.version > 0).then_some(outcome.version),
        deployed: outcome.deployed,
        problems: &outcome.problems,
        plan: app_plan(plan),
    }
}

/// `fly-secrets/adopt/1`.
#[derive(Serialize)]
pub(crate) struct AdoptAnswer<'a> {
    schema: &'static str,
    verdict: &'static str,
    app: &'a str,
    adopted: &'a [String],
    refused: Vec<Refused<'a>>,
}

#[derive(Serialize)]
struct Refused<'a> {
    name: &'a str,
    reason: &'a str,
}

/// An adoption as JSON.
pub(crate) fn adopt<'a>(
    app: &'a str,
    adopted: &'a [String],
    refused: &'a [(String, String)],
) -> AdoptAnswer<'a> {
    AdoptAnswer {
        schema: "fly-secrets/adopt/1",
        verdict: if refused.is_empty() { "done" } else { "refused" },
        app,
        adopted,
        refused: refused.iter().map(|(name, reason)| Refused { name, reason }).collect(),
    }
}

/// `fly-secrets/auth/1`.
#[derive(Serialize)]
pub(crate) struct AuthAnswer<'a> {
    schema: &'static str,
    verdict: &'static str,
    tokens: Vec<AuthToken<'a>>,
}

#[derive(Serialize)]
struct AuthToken<'a> {
    app: &'a str,
    credential: &'a str,
    kind: &'static str,
    sees_app: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    speaks_for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    remarks: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

/// What the tokens are, as JSON.
pub(crate) fn auth(found: &[Speaks]) -> AuthAnswer<'_> {
    AuthAnswer {
        schema: "fly-secrets/auth/1",
        verdict: if found.iter().all(|one| one.next.is_none()) { "ok" } else { "findings" },
        tokens: found
            .iter()
            .map(|one| AuthToken {
                app: &one.app,
                credential: &one.credential,
                kind: one.token.kind.word(),
                sees_app: one.sees.is_ok(),
                speaks_for: one.viewer.as_ref().map(|viewer| viewer.email.as_str()),
                expires_at: one.token.expires_at.map(state::stamp),
                reason: one.sees.as_ref().err().map(String::as_str),
                remarks: &one.remarks,
                next: one.next.as_deref(),
            })
            .collect(),
    }
}

/// The plans as JSON.
pub(crate) fn plans(plans: &[plan::Plan]) -> PlanAnswer<'_> {
    let is_pending = plans.iter().any(plan::Plan::is_pending);
    PlanAnswer {
        schema: "fly-secrets/plan/1",
        verdict: if is_pending { "pending" } else { "ok" },
        apps: plans.iter().map(app_plan).collect(),
    }
}

fn app_plan(plan: &plan::Plan) -> AppPlan<'_> {
    AppPlan {
        app: &plan.app,
        pending: plan.is_pending(),
        counts: Counts {
            add: plan.count(Status::Add),
            change: plan.count(Status::Change),
            drift: plan.count(Status::Drift),
            unknown: plan.count(Status::Unknown),
            staged: plan.count(Status::Staged),
            keep: plan.count(Status::Keep),
            extra: plan.count(Status::Extra),
            blocked: plan.blocked.len(),
        },
        secrets: plan
            .items
            .iter()
            .map(|item| SecretPlan {
                name: &item.name,
                status: item.status.word(),
                source: item.source.as_deref(),
                reason: &item.reason,
                vault_changed: item.vault_changed,
                fly_changed: item.fly_changed,
            })
            .collect(),
        blocked: plan
            .blocked
            .iter()
            .map(|blocked| BlockedSource {
                name: &blocked.name,
                source: &blocked.source,
                reason: &blocked.reason,
            })
            .collect(),
        unequal: &plan.unequal,
    }
}
