//! What a client of a store can use: it takes every setting as it is, and panics when a request cannot carry it.

use reqwest::Url;
use reqwest::header::HeaderValue;

/// Why a setting cannot be used, if it cannot. The value is not told: it may be a credential.
pub(super) fn fault(name: &str, value: &str) -> Option<&'static str> {
    let is_address = name.contains("ENDPOINT")
        || name.ends_with("FULL_URI")
        || matches!(name, "GOOGLE_BASE_URL" | "AZURE_AUTHORITY_HOST" | "STORAGE_EMULATOR_HOST");
    if is_address && !is_url(value) {
        return Some("is no address of the form https://HOST");
    }
    if name.ends_with("RELATIVE_URI") && !is_path(value) {
        return Some("is no path of the form /PATH");
    }
    let is_part = name.ends_with("REGION")
        || matches!(name, "AZURE_STORAGE_ACCOUNT_NAME" | "AZURE_TENANT_ID");
    if is_part && !is_name(value) {
        return Some("has a character that no address can carry");
    }
    // A service account is JSON, which no header carries.
    let is_carried = name != "GOOGLE_SERVICE_ACCOUNT_KEY";
    (is_carried && HeaderValue::from_str(value).is_err()).then_some("has a control character in it")
}

/// Whether a bucket, container or region can be part of a host's name or a path.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-$".contains(&byte))
}

/// What stands behind the host of the credentials' server.
fn is_path(value: &str) -> bool {
    value.starts_with('/') && is_written_out(value)
}

/// Whether nothing in it would have to be escaped first.
fn is_written_out(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_url(value: &str) -> bool {
    is_written_out(value)
        && Url::parse(value).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_request_can_carry_is_told_by_name() {
        let address = Some("is no address of the form https://HOST");
        let path = Some("is no path of the form /PATH");
        let part = Some("has a character that no address can carry");
        for (name, value, expected) in [
            ("AWS_ENDPOINT_URL", "https://s3.example.org/path", None),
            ("AWS_ENDPOINT_URL", "http://[::1]:9000", None),
            ("AWS_ENDPOINT_URL_S3", "localhost:9000", address),
            ("AWS_ENDPOINT_URL", "s3.example.org", address),
            ("AWS_ENDPOINT_URL", "http://", address),
            ("AWS_ENDPOINT_URL", "https://a b", address),
            ("AWS_ENDPOINT_URL", "https://a/b c", address),
            ("AWS_ENDPOINT_URL", "https://ä.example", address),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:99999", address),
            ("AWS_ENDPOINT_URL", "https://example.org?a=b", address),
            ("AZURE_STORAGE_ENDPOINT", "ftp://example.org", address),
            ("GOOGLE_BASE_URL", "example", address),
            ("AWS_REGION", "eu-central-1", None),
            ("AWS_REGION", "eu central", part),
            ("AZURE_STORAGE_ACCOUNT_NAME", "an account", part),
            ("AZURE_TENANT_ID", "a/b", part),
            ("STORAGE_EMULATOR_HOST", "http://a b", address),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials", None),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "x y", address),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials?id=1", None),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x y", path),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "v2", path),
            ("AWS_SECRET_ACCESS_KEY", "a/b+c=", None),
            ("AWS_SESSION_TOKEN", "a\nb", Some("has a control character in it")),
            ("GOOGLE_SERVICE_ACCOUNT_KEY", "{\n}", None),
        ] {
            assert_eq!(fault(name, value), expected, "{name} {value}");
        }
    }
}
