//! `matrix`: how every item of the checklist stands, by the newest evidence for it and nothing else.

mod evidence_of;
mod judge;

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use report::{Exit, Format, Invocation, Streams};
use serde::Serialize;

use crate::args::Matrix;
use crate::error::Error;
use judge::Standing;

/// The schema of the JSON answer.
pub(crate) const SCHEMA: &str = "xtask/matrix/1";

/// The answer of `matrix`.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    verdict: &'static str,
    title: String,
    items: Vec<Row>,
}

/// One item, and how it stands.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    title: String,
    owner: String,
    status: &'static str,
    /// Why, in a few words.
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// When the evidence was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip)]
    age: Option<TimeDelta>,
    /// What is to be done while it is not proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Shows the checklist; 1 where an item is not proved.
pub(crate) fn run(
    args: &Matrix,
    ops: Option<&Path>,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = opsfile::open(ops, &invocation.cwd, &|_| true)?;
    let Some(readiness) = &ops.readiness else {
        return Err(Error::Setting {
            what: "ops.toml has no [readiness]".to_owned(),
            hint: "declare the checklist: [[readiness.item]] with id, title and owner".to_owned(),
        });
    };
    let items: Vec<Row> = readiness
        .item
        .iter()
        .map(|item| {
            let standing = judge::judge(item, &evidence_of::item(item, &ops), invocation.now);
            row(item, standing, invocation.now)
        })
        .collect();
    let is_ready = items.iter().all(|row| row.status == judge::PROVED);
    let verdict = if is_ready { "ok" } else { "findings" };
    let answer = Answer { schema: SCHEMA, verdict, title: readiness.title.clone(), items };
    match args.answer.format {
        Format::Json => report::json(streams.stdout, &answer)?,
        _ => streams.stdout.write_all(markdown(&answer).as_bytes())?,
    }
    Ok(if is_ready { Exit::OK } else { Exit::FINDINGS })
}

fn row(item: &opsfile::Item, standing: Standing, now: DateTime<Utc>) -> Row {
    let is_proved = standing.status == judge::PROVED;
    Row {
        id: item.id.clone(),
        title: item.title.clone(),
        owner: item.owner.clone(),
        status: standing.status,
        reason: standing.reason,
        evidence: standing.evidence,
        sha256: standing.sha256,
        at: standing.at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        age: standing.at.map(|at| now.signed_duration_since(at)),
        next: item.next.clone().filter(|_| !is_proved),
    }
}

/// The matrix as a page of the repo has it.
fn markdown(answer: &Answer) -> String {
    let n_proved = answer.items.iter().filter(|row| row.status == judge::PROVED).count();
    let mut text = format!(
        "# {}\n\n{n_proved} of {} items proved.\n\n| item | status | evidence | age | owner | next |\n|---|---|---|---|---|---|\n",
        cell(&answer.title),
        answer.items.len()
    );
    for row in &answer.items {
        let evidence = match (&row.evidence, &row.sha256) {
            (Some(path), Some(hash)) => format!("{path} (sha256:{hash})"),
            (Some(path), None) => path.clone(),
            (None, _) => "–".to_owned(),
        };
        let status = if row.reason.is_empty() {
            row.status.to_owned()
        } else {
            format!("{}: {}", row.status, row.reason)
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&row.title),
            cell(&status),
            cell(&evidence),
            row.age.map_or_else(|| "–".to_owned(), age),
            cell(&row.owner),
            cell(row.next.as_deref().unwrap_or("–"))
        );
    }
    text
}

/// Text as it may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn age(age: TimeDelta) -> String {
    match age.num_minutes() {
        ..60 => format!("{} min", age.num_minutes().max(0)),
        60..2880 => format!("{} h", age.num_hours()),
        _ => format!("{} days", age.num_days()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_a_table_of_markdown() {
        let row = |id: &str, status, reason: &str, sha256: Option<&str>| Row {
            id: id.to_owned(),
            title: format!("Item {id}"),
            owner: "ops".to_owned(),
            status,
            reason: reason.to_owned(),
            evidence: sha256.map(|_| "artifacts/a-1/001-a.out".to_owned()),
            sha256: sha256.map(str::to_owned),
            at: None,
            age: sha256.map(|_| TimeDelta::minutes(200)),
            next: sha256.is_none().then(|| "ask | wait".to_owned()),
        };
        let items = vec![
            row("a", judge::PROVED, "", Some("00ff")),
            row("b", judge::MISSING, "no command was run for it", None),
        ];
        let answer =
            Answer { schema: SCHEMA, verdict: "findings", title: "Ready".to_owned(), items };
        insta::assert_snapshot!(markdown(&answer), @r"
        # Ready

        1 of 2 items proved.

        | item | status | evidence | age | owner | next |
        |---|---|---|---|---|---|
        | Item a | proved | artifacts/a-1/001-a.out (sha256:00ff) | 3 h | ops | – |
        | Item b | missing: no command was run for it | – | – | ops | ask \| wait |
        ");
    }
}
