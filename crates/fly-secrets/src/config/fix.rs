//! `--fix`: the edits that need no thought, with everything else in the file kept byte for byte.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::error::Error;

/// What is to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fix {
    /// The page that every HTTP check asks for.
    Path(String),
}

impl Fix {
    /// Reads `path=/PAGE`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        match text.split_once('=') {
            Some(("path", page))
                if page.starts_with('/') && !page.chars().any(char::is_control) =>
            {
                Ok(Self::Path(page.to_owned()))
            }
            _ => Err(Error::Fix),
        }
    }

    /// The mended text, and how many checks were changed.
    pub(super) fn mend(&self, text: &str) -> Result<(String, usize), String> {
        let Self::Path(page) = self;
        let mut file: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| not_toml(text, &error))?;
        let mut count = 0;
        for (service, checks) in [("http_service", "checks"), ("services", "http_checks")] {
            let Some(item) = file.get_mut(service) else { continue };
            for_each(item, &mut |table| {
                if let Some(item) = table.get_mut(checks) {
                    for_each(item, &mut |check| count += usize::from(set_path(check, page)));
                }
            });
        }
        if let Some(checks) = file.get_mut("checks").and_then(Item::as_table_like_mut) {
            for (_, check) in checks.iter_mut() {
                for_each(check, &mut |check| count += usize::from(set_path(check, page)));
            }
        }
        Ok((file.to_string(), count))
    }
}

/// Where a file stops being TOML, and why; what stands there is not repeated.
pub(super) fn not_toml(text: &str, error: &toml_edit::TomlError) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {} is not TOML: {}", before.matches('\n').count() + 1, error.message())
}

fn set_path(check: &mut dyn TableLike, page: &str) -> bool {
    let Some(Value::String(path)) = check.get_mut("path").and_then(Item::as_value_mut) else {
        return false;
    };
    if path.value() == page {
        return false;
    }
    let decor = path.decor().clone();
    let mut value = toml_edit::Formatted::new(page.to_owned());
    *value.decor_mut() = decor;
    *path = value;
    true
}

fn for_each(item: &mut Item, act: &mut dyn FnMut(&mut dyn TableLike)) {
    match item {
        Item::ArrayOfTables(array) => array.iter_mut().for_each(|table| act(table)),
        Item::Table(table) => act(table),
        Item::Value(Value::InlineTable(table)) => act(table),
        Item::Value(Value::Array(array)) => {
            array.iter_mut().filter_map(Value::as_inline_table_mut).for_each(|table| act(table));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_changes() {
        let text = "# ours\napp = 'web'\n[[http_service.checks]]\n  path = '/rails/health'   # wrong\n  interval='15s'\n[[services]]\nhttp_checks = [{ path = \"/up\", timeout = 2 }]\n";
        let (mended, count) = Fix::parse("path=/api").unwrap().mend(text).unwrap();
        assert_eq!(count, 2);
        assert_eq!(
            mended,
            text.replace("'/rails/health'", "\"/api\"").replace("\"/up\"", "\"/api\"")
        );
        assert_eq!(Fix::parse("path=/api").unwrap().mend(&mended).unwrap(), (mended, 0));
    }

    #[test]
    fn other_fixes_are_refused() {
        for text in ["", "path", "path=api", "paths=/api"] {
            assert!(Fix::parse(text).is_err(), "{text}");
        }
    }
}
