//! A reference to an image: which repository, and which of its images.

/// The parts of `REGISTRY/REPOSITORY:TAG@DIGEST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// The repository, without Docker's own registry and its mirrors.
    pub(super) repository: &'a str,
    pub(super) tag: Option<&'a str>,
    pub(super) digest: Option<&'a str>,
}

/// Docker's registry under its names, and the mirror of it that Fly pulls from.
const DOCKER: [&str; 4] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "docker-hub-mirror.fly.io"];

impl<'a> Reference<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let repository = match name.split_once('/') {
            Some((registry, rest)) if DOCKER.contains(&registry) => rest,
            _ => name,
        };
        Self { repository: repository.strip_prefix("library/").unwrap_or(repository), tag, digest }
    }

    /// Whether it names one image for good: by digest, or by a tag that is a version.
    pub(super) fn is_pinned(self) -> bool {
        const MOVING: [&str; 8] =
            ["latest", "latest-ce", "develop", "main", "master", "edge", "stable", "nightly"];
        self.digest.is_some() || self.tag.is_some_and(|tag| !MOVING.contains(&tag))
    }

    /// Whether a machine that runs `other` may run what this declares; what either leaves out is not compared.
    pub(super) fn admits(self, other: Self) -> bool {
        let agree = |a: Option<&str>, b: Option<&str>| a.is_none() || b.is_none() || a == b;
        self.repository == other.repository
            && match (self.digest, other.digest) {
                // A digest says it all; tags beside it are for reading.
                (Some(a), Some(b)) => a == b,
                _ => agree(Some(self.tag.unwrap_or("latest")), other.tag),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_up_to_four_parts() {
        let check = |text, repository, tag, digest| {
            assert_eq!(Reference::parse(text), Reference { repository, tag, digest }, "{text}");
        };
        check("a/b", "a/b", None, None);
        check("a/b:v1", "a/b", Some("v1"), None);
        check("docker.io/a/b:v1@sha256:00", "a/b", Some("v1"), Some("sha256:00"));
        check("registry-1.docker.io/library/redis:7", "redis", Some("7"), None);
        check("localhost:5000/b", "localhost:5000/b", None, None);
        check(
            "registry.fly.io/web:deployment-01",
            "registry.fly.io/web",
            Some("deployment-01"),
            None,
        );
    }

    #[test]
    fn a_moving_tag_pins_nothing() {
        for (text, expected) in [
            ("a/b:v4.6.0", true),
            ("a/b@sha256:00", true),
            ("a/b:latest", false),
            ("a/b", false),
            ("localhost:5000/b", false),
        ] {
            assert_eq!(Reference::parse(text).is_pinned(), expected, "{text}");
        }
    }

    #[test]
    fn the_same_image_under_another_registrys_name_is_admitted() {
        let check = |declared, runs, expected| {
            let admits = Reference::parse(declared).admits(Reference::parse(runs));
            assert_eq!(admits, expected, "{declared} {runs}");
        };
        check("a/b:v1", "docker-hub-mirror.fly.io/a/b:v1@sha256:00", true);
        check("a/b:v1@sha256:00", "registry-1.docker.io/a/b@sha256:00", true);
        check("a/b", "a/b:latest", true);
        check("a/b:v1", "a/b@sha256:00", true);
        check("a/b:v1", "a/b:v2", false);
        check("a/b:v1@sha256:00", "a/b:v1@sha256:11", false);
        check("a/b:v1", "ghcr.io/a/b:v1", false);
        check("a/b", "a/b:v1", false);
    }
}
