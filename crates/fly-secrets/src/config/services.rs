//! The parts of a fly.toml that the checks ask about: services with their checks, process groups, machines' sizes.

use std::ops::Range;

use toml_edit::{Item, Table, TableLike, Value};

/// A service: `[http_service]` or one of `[[services]]`.
pub(super) struct Service<'a> {
    pub(super) table: &'a dyn TableLike,
    pub(super) span: Option<Range<usize>>,
    pub(super) name: &'static str,
}

/// A check of any kind.
pub(super) struct Check<'a> {
    pub(super) table: &'a dyn TableLike,
    pub(super) span: Option<Range<usize>>,
    pub(super) is_http: bool,
    /// Whether it stands in the top-level `[checks]`, where times are hard limits.
    pub(super) is_top_level: bool,
}

/// Every service of the file.
pub(super) fn services(file: &Table) -> Vec<Service<'_>> {
    let mut found = Vec::new();
    for (key, name) in [("http_service", "[http_service]"), ("services", "[[services]]")] {
        let tables = file.get(key).map(tables).unwrap_or_default();
        found.extend(tables.into_iter().map(|(table, span)| Service { table, span, name }));
    }
    found
}

impl<'a> Service<'a> {
    /// Its checks.
    pub(super) fn checks(&self) -> Vec<Check<'a>> {
        let kinds = if self.name == "[http_service]" {
            [("checks", true), ("machine_checks", false), ("tcp_checks", false)]
        } else {
            [("http_checks", true), ("tcp_checks", false), ("machine_checks", false)]
        };
        let mut found = Vec::new();
        for (key, is_http) in kinds {
            let tables = self.table.get(key).map(tables).unwrap_or_default();
            found.extend(tables.into_iter().map(|(table, span)| Check {
                table,
                span,
                is_http,
                is_top_level: false,
            }));
        }
        found
    }
}

/// The checks of the top-level `[checks]`.
pub(super) fn top_level_checks(file: &Table) -> Vec<Check<'_>> {
    let Some(checks) = file.get("checks").and_then(Item::as_table_like) else { return Vec::new() };
    let tables = checks.iter().flat_map(|(_, item)| tables(item));
    tables
        .map(|(table, span)| {
            let is_http = text(table, "type").is_none_or(|kind| kind == "http");
            Check { table, span, is_http, is_top_level: true }
        })
        .collect()
}

/// The process groups; `app` alone where none is named.
pub(super) fn groups(file: &Table) -> Vec<&str> {
    let declared = file.get("processes").and_then(Item::as_table_like);
    let names: Vec<&str> =
        declared.map(|table| table.iter().map(|(name, _)| name).collect()).unwrap_or_default();
    if names.is_empty() { vec!["app"] } else { names }
}

/// The memory that `[[vm]]` gives a group, in MB, as flyctl reckons sizes.
pub(super) fn memory(file: &Table, group: &str) -> Option<u64> {
    let sizes = file.get("vm").map(tables).unwrap_or_default();
    let (table, _) = sizes.into_iter().find(|(table, _)| match words(*table, "processes") {
        None => true,
        Some(processes) => processes.contains(&group),
    })?;
    if let Some(megabytes) = table.get("memory_mb").and_then(Item::as_integer) {
        return u64::try_from(megabytes).ok();
    }
    match table.get("memory").and_then(Item::as_value) {
        Some(Value::String(text)) => megabytes(text.value()),
        Some(Value::Integer(number)) => u64::try_from(*number.value()).ok(),
        _ => preset(text(table, "size")?),
    }
}

/// `2gb`, `512mb`, `1024`.
fn megabytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().ok()?;
    match text[digits.len()..].trim() {
        "" | "mb" | "mib" | "m" => Some(number),
        "gb" | "gib" | "g" => number.checked_mul(1024),
        _ => None,
    }
}

/// What a size has when nothing else is said.
fn preset(size: &str) -> Option<u64> {
    let count: u64 = size.rsplit_once('-')?.1.strip_suffix('x')?.parse().ok()?;
    if size.starts_with("shared-") { Some(256 * count) } else { Some(2048 * count) }
}

/// Whether any volume is mounted.
pub(super) fn has_mounts(file: &Table) -> bool {
    file.contains_key("mounts") || file.contains_key("mount")
}

pub(super) fn text<'a>(table: &'a dyn TableLike, key: &str) -> Option<&'a str> {
    table.get(key)?.as_str()
}

pub(super) fn words<'a>(table: &'a dyn TableLike, key: &str) -> Option<Vec<&'a str>> {
    let array = table.get(key)?.as_array()?;
    Some(array.iter().filter_map(Value::as_str).collect())
}

/// Seconds of a duration as Go writes it (`15s`, `1m30s`, `500ms`), or of a bare number.
pub(super) fn seconds(item: &Item) -> Option<f64> {
    if let Some(number) = item.as_integer() {
        return u32::try_from(number).ok().map(f64::from);
    }
    let mut rest = item.as_str()?;
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Some(total)
}

/// A table, or each of an array of tables, or of an inline array.
fn tables(item: &Item) -> Vec<(&dyn TableLike, Option<Range<usize>>)> {
    match item {
        Item::ArrayOfTables(array) => {
            array.iter().map(|table| (table as &dyn TableLike, table.span())).collect()
        }
        Item::Table(table) => vec![(table as &dyn TableLike, table.span())],
        Item::Value(Value::InlineTable(table)) => vec![(table as &dyn TableLike, table.span())],
        Item::Value(Value::Array(array)) => array
            .iter()
            .filter_map(Value::as_inline_table)
            .map(|table| (table as &dyn TableLike, table.span()))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_as_fly_reads_them() {
        for (text, expected) in [
            ("15s", Some(15.0)),
            ("1m30s", Some(90.0)),
            ("500ms", Some(0.5)),
            ("soon", None),
            ("5", None),
        ] {
            assert_eq!(seconds(&toml_edit::value(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("2gb", Some(2048)),
            ("512mb", Some(512)),
            ("512", Some(512)),
            ("2 GB", Some(2048)),
            ("much", None),
        ] {
            assert_eq!(megabytes(text), expected, "{text}");
        }
        for (size, expected) in [
            ("shared-cpu-2x", Some(512)),
            ("performance-1x", Some(2048)),
            ("performance-2x", Some(4096)),
            ("a100", None),
        ] {
            assert_eq!(preset(size), expected, "{size}");
        }
    }
}
