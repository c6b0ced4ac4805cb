//! Images that another file has built: fly.toml and compose files say from which recipe, and from which folder.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::packing::yaml::{self, Node};

/// The recipe of an image, and what is known of how it is built.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The recipe, or the file that has it inside.
    pub(crate) path: PathBuf,
    /// The recipe itself, where it is no file.
    pub(crate) inline: Option<String>,
    /// The folder that goes to the builder.
    pub(crate) context: PathBuf,
    /// Whether that is certain.
    pub(crate) is_certain: bool,
    /// What fly.toml names as `ignorefile`.
    pub(crate) ignorefile: Option<PathBuf>,
    /// The file that has it built, if one does.
    pub(crate) by: Option<PathBuf>,
}

/// Whether a file says how images are built, by its name: `fly.toml`, `fly.staging.toml`, `compose.yaml`,
/// `docker-compose.prod.yml`.
pub(crate) fn names_images(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    is_fly(name) || is_compose(name)
}

/// Every image that such a file has built, by its text. `fly deploy` sends the folder that it is called in: for a
/// fly.toml above the vault its own, for others `folder` as a rule.
pub(crate) fn read(path: &Path, text: &str, folder: &Path, is_above: bool) -> Vec<Named> {
    let own = path.parent().unwrap_or(path);
    match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if is_compose(name) => composed(path, own, text),
        _ => deployed(path, own, text, if is_above { own } else { folder }, is_above)
            .into_iter()
            .collect(),
    }
}

/// Every image once for each context, as it is known best.
pub(crate) fn each_once(mut images: Vec<Named>) -> Vec<Named> {
    let key = |image: &Named| (image.path.clone(), image.context.clone(), image.inline.clone());
    let is_worse = |image: &Named| (!image.is_certain, image.ignorefile.is_none());
    images.sort_by_cached_key(|image| (key(image), is_worse(image), image.by.clone()));
    images.dedup_by_key(|image| key(image));
    images
}

/// A path as seen from a folder, without `.` and `..`.
pub(crate) fn joined(folder: &Path, path: &str) -> PathBuf {
    let mut joined = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(joined.pop()),
            part => joined.push(part),
        }
    }
    joined
}

impl Named {
    /// A recipe that is known by its own name.
    pub(crate) fn new(path: PathBuf, context: PathBuf, is_certain: bool) -> Named {
        Named { path, inline: None, context, is_certain, ignorefile: None, by: None }
    }
}

fn is_fly(name: &str) -> bool {
    name.strip_prefix("fly").and_then(|rest| rest.strip_suffix("toml")).is_some_and(|middle| {
        middle == "." || (middle.starts_with('.') && middle.ends_with('.') && middle.len() > 2)
    })
}

fn is_compose(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    let rest =
        stem.and_then(|stem| stem.strip_prefix("docker-").unwrap_or(stem).strip_prefix("compose"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

#[derive(Deserialize)]
struct FlyToml {
    build: Option<FlyBuild>,
}

/// What flyctl builds from; paths are seen from the folder of fly.toml.
#[derive(Deserialize)]
struct FlyBuild {
    dockerfile: Option<String>,
    ignorefile: Option<String>,
}

fn deployed(
    path: &Path,
    own: &Path,
    text: &str,
    context: &Path,
    is_certain: bool,
) -> Option<Named> {
    let FlyBuild { dockerfile, ignorefile } = toml::from_str::<FlyToml>(text).ok()?.build?;
    if dockerfile.is_none() && ignorefile.is_none() {
        return None;
    }
    Some(Named {
        path: joined(own, dockerfile.as_deref().unwrap_or("Dockerfile")),
        inline: None,
        context: context.to_owned(),
        is_certain,
        ignorefile: ignorefile.map(|ignorefile| joined(own, &ignorefile)),
        by: Some(path.to_owned()),
    })
}

/// What compose builds from: the context is seen from the folder of the file, and the recipe from the context.
fn composed(path: &Path, own: &Path, text: &str) -> Vec<Named> {
    let compose = yaml::read(text);
    let services = compose.get("services").map(Node::entries).unwrap_or_default();
    let builds = services
        .iter()
        .filter_map(|(_, service)| service.get("build"))
        .filter(|build| !build.is_other());
    let read = |build: &Node| {
        let get = |key| build.get(key).and_then(Node::text);
        let (context, inline) = (build.text().or_else(|| get("context")), get("dockerfile_inline"));
        // Of a context that nobody can say the file's own folder is the likeliest.
        let known = filled_in(context.unwrap_or("."));
        let is_certain = known.is_some();
        let context = joined(own, known.as_deref().unwrap_or("."));
        let dockerfile = filled_in(get("dockerfile").unwrap_or("Dockerfile"));
        let path_of = |dockerfile: String| joined(&context, &dockerfile);
        Some(Named {
            path: if inline.is_some() { path.to_owned() } else { dockerfile.map(path_of)? },
            inline: inline.map(str::to_owned),
            context,
            is_certain,
            ignorefile: None,
            by: Some(path.to_owned()),
        })
    };
    builds.filter_map(read).collect()
}

/// A text with the defaults of its variables, `${NAME:-default}`; none where one has no default.
fn filled_in(text: &str) -> Option<String> {
    let mut rest = text;
    let mut filled = String::new();
    while let Some((before, variable)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some(behind) = variable.strip_prefix('$') {
            filled.push('$');
            rest = behind;
            continue;
        }
        let (variable, behind) = variable.strip_prefix('{')?.split_once('}')?;
        let at = variable.find(|other: char| !other.is_ascii_alphanumeric() && other != '_')?;
        let default = variable[at..].strip_prefix(':').unwrap_or(&variable[at..]);
        filled.push_str(default.strip_prefix('-')?);
        rest = behind;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, is_above: bool, expected: &str) {
        let images = read(Path::new(path), text, Path::new("/repo"), is_above);
        let shown: Vec<String> = images
            .iter()
            .map(|image| {
                let certain = if image.is_certain { "" } else { "?" };
                let inline =
                    image.inline.as_ref().map_or(String::new(), |text| format!(" {text:?}"));
                let ignorefile =
                    image.ignorefile.as_ref().map(|path| format!(" !{}", path.display()));
                format!(
                    "{} <- {}{certain}{inline}{}",
                    image.path.display(),
                    image.context.display(),
                    ignorefile.unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(shown.join("; "), expected, "{text}");
    }

    #[test]
    fn what_fly_toml_builds_is_read() {
        let check = |text: &str, is_above, expected: &str| {
            check("/repo/deploy/web/fly.toml", text, is_above, expected);
        };
        let text = "app = \"x\"\n[build]\ndockerfile = \"../Web.docker\"\n";
        check(text, false, "/repo/deploy/Web.docker <- /repo?");
        check(text, true, "/repo/deploy/Web.docker <- /repo/deploy/web");
        check(
            "[build]\nignorefile = \"./.flyignore\"\n",
            true,
            "/repo/deploy/web/Dockerfile <- /repo/deploy/web !/repo/deploy/web/.flyignore",
        );
        check("[build]\nimage = \"registry.example/x\"\n", true, "");
        check("[build", true, "");
    }

    #[test]
    fn what_a_compose_file_builds_is_read() {
        let check = |text: &str, expected: &str| {
            check("/repo/deploy/compose.yaml", text, true, expected);
        };
        check("services:\n  web:\n    build: ..\n", "/repo/Dockerfile <- /repo");
        check(
            "x-a: &a\n  build: {context: .., dockerfile: deploy/web.docker, args: [A=1]}\nservices:\n  db: {image: postgres}\n  one: *a\n  two:\n    <<: *a\n    ports: [\"80:80\"]\n  none:\n",
            "/repo/deploy/web.docker <- /repo; /repo/deploy/web.docker <- /repo",
        );
        check(
            "services:\n  web:\n    build:\n      dockerfile_inline: |\n        COPY . .\n",
            "/repo/deploy/compose.yaml <- /repo/deploy \"COPY . .\\n\"",
        );
        check(
            "services: {web: {build: {context: \"${ROOT:-..}/src$$\", dockerfile: \"${D-x}\"}}}",
            "/repo/src$/x <- /repo/src$",
        );
        check("services: {web: {build: \"${ROOT}\"}}", "/repo/deploy/Dockerfile <- /repo/deploy?");
        check("services: {web: {build: {dockerfile: $D}}}", "");
        check("services: {web: {build: null}}", "");
        check("version: '3'", "");
        check("services: [", "");
    }

    #[test]
    fn files_that_name_images_are_known_by_name() {
        for name in [
            "fly.toml",
            "fly.staging.toml",
            "compose.yaml",
            "compose.yml",
            "docker-compose.yml",
            "docker-compose.prod.yaml",
            "compose-dev.yml",
        ] {
            assert!(names_images(Path::new(name)), "{name}");
        }
        for name in ["fly..toml", "flytoml", "fly.tomlx", "composer.yaml", "compose.json", "x.yml"]
        {
            assert!(!names_images(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn an_image_is_told_once_for_each_context() {
        let text = "services: {a: {build: .}, b: {build: .}, c: {build: {context: .., dockerfile: deploy/Dockerfile}}}";
        let mut images =
            read(Path::new("/repo/deploy/compose.yaml"), text, Path::new("/repo"), true);
        let dockerfile = PathBuf::from("/repo/deploy/Dockerfile");
        images.push(Named::new(dockerfile, PathBuf::from("/repo"), false));
        let images = each_once(images);
        assert_eq!(images.len(), 2);
        assert!(images.iter().all(|image| image.is_certain && image.by.is_some()));
    }
}
