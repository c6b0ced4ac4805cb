//! Whether a place means what its group's canonical place means.

use dsn::{Difference, Dsn, differences};
use opsfile::PlaceSource;
use report::Finding;

use crate::check::{at, at_field, is_comparable, reader};
use crate::place::{Content, Held};

pub(super) fn check(
    held: &Held<'_>,
    dsn: &Dsn,
    canonical: &Held<'_>,
    meant: &Dsn,
    findings: &mut Vec<Finding>,
) {
    let (name, other) = (&held.place.name, &canonical.place.name);
    if dsn.kind() != meant.kind() {
        let message = format!("{name} is for another kind of service than {other}");
        findings.push(at(held, Finding::error("differs", message)));
        return;
    }
    let counted: Vec<Difference> =
        differences(dsn, meant).into_iter().filter(|difference| counts(held, difference)).collect();
    let fields: Vec<&str> = counted
        .iter()
        .map(|difference| difference.field.as_ref())
        .filter(|field| !is_explained(held, field, findings))
        .collect();
    let Some(first) = fields.first() else { return };
    let message = format!("{name} differs from {other} in {}", fields.join(", "));
    let hint = match &held.place.source {
        PlaceSource::EnvFile { .. } => {
            format!("`dsn-align fix {name}` shows the edit that makes it mean what {other} means")
        }
        PlaceSource::FlyConfig { .. } => {
            format!(
                "change it there by hand to what {other} means; `dsn-align fix` edits env files alone"
            )
        }
        PlaceSource::Process { .. } | PlaceSource::FlySecret { .. } => {
            format!(
                "set the variable again from {other}: `dsn-align derive --from {other} --to libpq` writes it"
            )
        }
    };
    findings.push(at_field(held, first, Finding::error("differs", message).hint(hint)));
}

/// Whether a difference is this rule's affair: identity always, and a parameter where both set it.
///
/// A split key that is not there is `split-incomplete`, not a difference.
fn counts(held: &Held<'_>, difference: &Difference) -> bool {
    if difference.field == "hostaddr" {
        // It takes the place of the host, wherever the name leads.
        return difference.in_first || matches!(held.content, Content::Whole(_));
    }
    if !is_comparable(&difference.field, reader(held.place)) {
        return false;
    }
    if !difference.is_identity() {
        return difference.in_first && difference.in_second;
    }
    match &held.content {
        Content::Split(fields) => {
            fields.keys().all(|field| field.as_str() != difference.field) || difference.in_first
        }
        _ => true,
    }
}

/// Whether another finding about the same field says already why it differs.
fn is_explained(held: &Held<'_>, field: &str, findings: &[Finding]) -> bool {
    let key = super::value_of(held, field).map(|value| value.key.as_str());
    field == "password"
        && findings.iter().any(|finding| {
            finding.rule == "encoded-twice"
                && finding.subject.path == held.path
                && finding.subject.key.as_deref() == key
        })
}
