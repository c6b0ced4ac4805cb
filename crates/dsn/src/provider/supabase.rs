//! What Supabase puts into host names and user names: the project's reference.

use crate::Dsn;

/// The project reference that the user name or the direct host carries: 20 letters or digits.
///
/// Fixtures and old projects have references of other lengths, so any label will do here; whether it
/// looks like a real one is for the reader of a finding.
pub fn project_ref(dsn: &Dsn) -> Option<String> {
    host_ref(dsn).or_else(|| user_ref(dsn))
}

/// The reference in `db.<ref>.supabase.co` or `<ref>.pooler.supabase.com`.
pub(super) fn host_ref(dsn: &Dsn) -> Option<String> {
    let host = std::str::from_utf8(dsn.host()?).ok()?.to_ascii_lowercase();
    let middle = host.strip_prefix("db.").and_then(|rest| rest.strip_suffix(".supabase.co"));
    let middle = middle.or_else(|| odd_pooler_label(&host));
    middle.filter(|label| !label.is_empty() && !label.contains('.')).map(str::to_owned)
}

/// The reference in `<role>.<ref>`.
pub(super) fn user_ref(dsn: &Dsn) -> Option<String> {
    let user = std::str::from_utf8(dsn.user()?).ok()?;
    let (_, reference) = user.rsplit_once('.')?;
    (!reference.is_empty()).then(|| reference.to_owned())
}

/// The label before `.pooler.supabase.com`, where it is not a shard of the form `aws-1-us-east-1`.
pub(super) fn odd_pooler_label(host: &str) -> Option<&str> {
    let label = host.strip_suffix(".pooler.supabase.com")?;
    (!is_shard(label)).then_some(label)
}

/// Whether a pooler's label is `<cloud>-<number>-<region>`.
fn is_shard(label: &str) -> bool {
    let mut parts = label.splitn(3, '-');
    let cloud = parts.next().unwrap_or_default();
    let number = parts.next().unwrap_or_default();
    let region = parts.next().unwrap_or_default();
    !cloud.is_empty()
        && cloud.bytes().all(|byte| byte.is_ascii_lowercase())
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && region.contains('-')
}
