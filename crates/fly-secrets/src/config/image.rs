//! What is known of images: which pages they have for a check, how much memory they need, which tasks they have.
//!
//! From the images' own routes and task files; an image that is not here is not judged.

use super::reference::Reference;

/// What is known of one image.
pub(super) struct Image {
    /// The repository, without a registry and a tag.
    repository: &'static str,
    /// Pages that answer a check.
    pub(super) good_pages: &'static [&'static str],
    /// Pages that are asked for by habit, and that it does not have.
    pub(super) bad_pages: &'static [&'static str],
    /// The least memory that it starts with, in MB.
    pub(super) memory_mb: u64,
    /// Words of a release command that name no task of it.
    pub(super) unknown_tasks: &'static [&'static str],
}

const KNOWN: &[Image] = &[Image {
    repository: "chatwoot/chatwoot",
    good_pages: &["/api", "/health"],
    bad_pages: &["/rails/health", "/up", "/healthz", "/hc", "/status", "/ping"],
    memory_mb: 2048,
    unknown_tasks: &["chatwoot:create_redis_keys", "chatwoot:create_super_admin"],
}];

/// What is known of an image by its reference.
pub(super) fn known(reference: &str) -> Option<&'static Image> {
    let repository = Reference::parse(reference).repository;
    KNOWN.iter().find(|image| {
        repository == image.repository || repository.ends_with(&format!("/{}", image.repository))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_known_with_and_without_registry_and_tag() {
        for reference in [
            "chatwoot/chatwoot",
            "chatwoot/chatwoot:v4.6.0",
            "docker.io/chatwoot/chatwoot@sha256:00",
        ] {
            assert!(known(reference).is_some(), "{reference}");
        }
        assert!(known("localhost:5000/other").is_none());
    }
}
