//! Images that another file has built: fly.toml and compose files say from which recipe, and from which folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use secret::Secret;
use serde::Deserialize;

use crate::packing::compose;
use crate::packing::dockerfile::Argument;

/// The recipe of an image, and what is known of how it is built.
pub(crate) struct Named {
    /// The recipe, or the file that has it inside.
    pub(crate) path: PathBuf,
    /// The recipe itself, where it is no file.
    pub(crate) inline: Option<String>,
    /// The folder that goes to the builder.
    pub(crate) context: PathBuf,
    /// The name that the recipe has for that folder, where it is not the one that the image is built in.
    pub(crate) alias: Option<String>,
    /// Whether that is certain.
    pub(crate) is_certain: bool,
    /// What fly.toml names as `ignorefile`.
    pub(crate) ignorefile: Option<PathBuf>,
    /// The values that the recipe's arguments get.
    pub(crate) arguments: Vec<Argument>,
    /// The file that has it built, if one does.
    pub(crate) by: Option<PathBuf>,
}

/// Whether a file says how images are built, by its name: `fly.toml`, `fly.staging.toml`, `compose.yaml`,
/// `docker-compose.prod.yml`.
pub(crate) fn names_images(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    is_fly(name) || compose::is_one(name)
}

/// Every image that such a file has built; `file` reads a file. `fly deploy` sends the folder that it is called in: for
/// a fly.toml above the vault its own, for others `folder` as a rule.
pub(crate) fn read(
    path: &Path,
    folder: &Path,
    is_above: bool,
    file: &dyn Fn(&Path) -> Option<String>,
) -> Vec<Named> {
    match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if compose::is_one(name) => compose::read(path, file),
        _ => {
            let own = path.parent().unwrap_or(path);
            let context = if is_above { own } else { folder };
            let text = file(path).unwrap_or_default();
            deployed(path, own, &text, context, is_above).into_iter().collect()
        }
    }
}

/// So many ways to build one recipe from one folder are told apart.
const MOST_WAYS: usize = 64;

/// Every image once for each context and for each list of arguments, as it is known best. Where a file says how a recipe
/// is built, what else could be done with it there does not count, nor a context that is a guess.
pub(crate) fn each_once(mut images: Vec<Named>) -> Vec<Named> {
    let told = images.iter().filter(|image| image.is_certain && image.by.is_some());
    let told: BTreeSet<PathBuf> = told.map(|image| image.path.clone()).collect();
    images.retain(|image| image.is_certain || image.by.is_some() || !told.contains(&image.path));
    let is_worse =
        |image: &Named| (!image.is_certain, image.by.is_none(), image.ignorefile.is_none());
    images.sort_by(|one, other| {
        let by_place = one.place().cmp(&other.place());
        by_place
            .then_with(|| is_worse(one).cmp(&is_worse(other)))
            .then_with(|| one.by.cmp(&other.by))
    });
    let mut once: Vec<Named> = Vec::new();
    for image in images {
        let known = once.iter().rev().take_while(|known| known.place() == image.place());
        let known: Vec<&Named> = known.take(MOST_WAYS).collect();
        let says_all = |known: &&Named| image.by.is_none() || known.has_arguments_of(&image);
        if known.len() < MOST_WAYS && !known.iter().any(says_all) {
            once.push(image);
        }
    }
    once
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
    /// A recipe and the folder that it is built from, of which nothing else is known.
    pub(crate) fn new(path: PathBuf, context: PathBuf, is_certain: bool) -> Named {
        Named {
            path,
            inline: None,
            context,
            alias: None,
            is_certain,
            ignorefile: None,
            arguments: Vec::new(),
            by: None,
        }
    }

    /// What is built from where.
    fn place(&self) -> (&Path, &Path, Option<&str>, Option<&str>) {
        (&self.path, &self.context, self.alias.as_deref(), self.inline.as_deref())
    }

    fn has_arguments_of(&self, other: &Named) -> bool {
        let is_same =
            |(one, other): (&Argument, &Argument)| one.0 == other.0 && one.1.same_as(&other.1);
        self.arguments.len() == other.arguments.len()
            && self.arguments.iter().zip(&other.arguments).all(is_same)
    }
}

fn is_fly(name: &str) -> bool {
    name.strip_prefix("fly").and_then(|rest| rest.strip_suffix("toml")).is_some_and(|middle| {
        middle == "." || (middle.starts_with('.') && middle.ends_with('.') && middle.len() > 2)
    })
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
    #[serde(default)]
    args: BTreeMap<String, toml::Value>,
}

fn deployed(
    path: &Path,
    own: &Path,
    text: &str,
    context: &Path,
    is_certain: bool,
) -> Option<Named> {
    let FlyBuild { dockerfile, ignorefile, args } = toml::from_str::<FlyToml>(text).ok()?.build?;
    if dockerfile.is_none() && ignorefile.is_none() && args.is_empty() {
        return None;
    }
    let argument = |(name, value)| {
        let value = match value {
            toml::Value::String(value) => value,
            toml::Value::Integer(value) => value.to_string(),
            toml::Value::Boolean(value) => value.to_string(),
            // No other names a file.
            _ => return None,
        };
        Some((name, Rc::new(Secret::from(value))))
    };
    let recipe = joined(own, dockerfile.as_deref().unwrap_or("Dockerfile"));
    Some(Named {
        ignorefile: ignorefile.map(|ignorefile| joined(own, &ignorefile)),
        arguments: args.into_iter().filter_map(argument).collect(),
        by: Some(path.to_owned()),
        ..Named::new(recipe, context.to_owned(), is_certain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, is_above: bool, expected: &str) {
        let file = |_: &Path| Some(text.to_owned());
        let images = read(Path::new(path), Path::new("/repo"), is_above, &file);
        let shown: Vec<String> = images
            .iter()
            .map(|image| {
                let certain = if image.is_certain { "" } else { "?" };
                let argument =
                    |(name, value): &Argument| format!(" {name}={}", value.expose_text().unwrap());
                let arguments: String = image.arguments.iter().map(argument).collect();
                let ignorefile =
                    image.ignorefile.as_ref().map(|path| format!(" !{}", path.display()));
                format!(
                    "{} <- {}{certain}{arguments}{}",
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
        check(
            "[build.args]\nSRC = \"src\"\nN = 1\n",
            true,
            "/repo/deploy/web/Dockerfile <- /repo/deploy/web N=1 SRC=src",
        );
        check("[build]\nimage = \"registry.example/x\"\n", true, "");
        check("[build", true, "");
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
    fn an_image_is_told_once_for_each_context_and_its_arguments() {
        let text = "services: {a: {build: .}, b: {build: .}, c: {build: {context: .., dockerfile: deploy/Dockerfile}}, d: {build: {args: [A=b]}}, e: {build: {args: [A=b]}}}";
        let path = Path::new("/repo/deploy/compose.yaml");
        let mut images = read(path, Path::new("/repo"), true, &|_| Some(text.to_owned()));
        let dockerfile = PathBuf::from("/repo/deploy/Dockerfile");
        images.push(Named::new(dockerfile.clone(), PathBuf::from("/repo"), false));
        images.push(Named::new(dockerfile.clone(), PathBuf::from("/repo/deploy"), true));
        images.push(Named::new(dockerfile, PathBuf::from("/repo/other"), false));
        let images = each_once(images);
        assert_eq!(images.len(), 3);
        assert!(images.iter().all(|image| image.is_certain && image.by.is_some()));
    }
}
