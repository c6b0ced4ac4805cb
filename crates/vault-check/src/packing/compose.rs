//! Compose files: the images that they build, from which recipe and folder, and with what (compose-spec/compose-go).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::slice;

use envfile::Variables;
use secret::Secret;

use crate::packing::dockerfile::Argument;
use crate::packing::named::{Named, joined};
use crate::packing::wildcard::UNKNOWN;
use crate::packing::yaml::{self, Node};

/// The names that compose looks for, in its order.
const OWN_NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Files that include each other beyond this depth are not followed, nor services that extend each other.
const DEEPEST: usize = 16;
/// So many files and inclusions are read for one compose file: those that include each other twice have no end.
const MOST_FILES: usize = 256;
/// So many services of a file are looked at.
const MOST_SERVICES: usize = 1024;

/// Whether a file is one of compose's by its name: `compose.yaml`, `docker-compose.prod.yml`.
pub(super) fn is_one(name: &str) -> bool {
    rest_of_name(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

fn rest_of_name(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
    stem.strip_prefix("docker-").unwrap_or(stem).strip_prefix("compose")
}

/// Every image that a compose file has built, with those of the files that it includes or extends; `file` reads a file.
///
/// One of another name than compose looks for is read over the one beside it: `compose.override.yaml` is whenever compose
/// runs, and `compose.prod.yaml` as a rule, unless it says itself which folder is built.
pub(super) fn read(path: &Path, file: &dyn Fn(&Path) -> Option<String>) -> Vec<Named> {
    let folder = path.parent().unwrap_or(path);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let reader = Reader { file, read: RefCell::default(), n_left: Cell::new(MOST_FILES) };
    let mut files = vec![path.to_owned()];
    if !OWN_NAMES.contains(&name) {
        let beside = OWN_NAMES.iter().map(|name| folder.join(name));
        let base = beside.into_iter().find(|path| reader.document(path).is_some());
        files.splice(0..0, base);
    }
    let project = Project {
        folder: folder.to_owned(),
        env: reader.env(folder).into_iter().collect(),
        is_whole: !rest_of_name(name).is_some_and(|rest| rest.ends_with("override")),
        files,
    };
    let mut images = Vec::new();
    reader.project(&project, 0, &mut images);
    images
}

/// Files that are read over each other.
struct Project {
    files: Vec<PathBuf>,
    /// What paths are seen from.
    folder: PathBuf,
    /// The texts of env files, those that count more first.
    env: Vec<Rc<Secret>>,
    /// Whether a later file that says which folder is built says all of it.
    is_whole: bool,
}

/// The services of a file, and how its texts are read.
struct Layer<'a> {
    path: &'a Path,
    folder: &'a Path,
    services: Node,
    variables: &'a Variables,
}

/// What a service says of its image; what it does not say may come from elsewhere.
#[derive(Clone)]
struct Build {
    by: PathBuf,
    context: Option<Context>,
    /// The recipe, with [`UNKNOWN`] where nobody can say.
    recipe: Option<String>,
    /// The recipe itself, and the file that has it.
    inline: Option<(PathBuf, String)>,
    arguments: Vec<Argument>,
    /// Further folders, by the name that the recipe has for them.
    folders: Vec<(String, PathBuf)>,
}

#[derive(Clone)]
struct Context {
    folder: PathBuf,
    is_certain: bool,
}

struct Reader<'a> {
    file: &'a dyn Fn(&Path) -> Option<String>,
    /// What was read already.
    read: RefCell<HashMap<PathBuf, Option<Node>>>,
    n_left: Cell<usize>,
}

impl Reader<'_> {
    fn project(&self, project: &Project, depth: usize, images: &mut Vec<Named>) {
        let sources = project.env.iter().map(|text| text.expose());
        let variables = &Variables::of(sources);
        let mut builds: BTreeMap<String, Build> = BTreeMap::new();
        for path in &project.files {
            let Some(document) = self.document(path) else { continue };
            let included = document.get("include").map(Node::items).unwrap_or_default();
            for include in included {
                if let Some(included) = self.included(project, include, variables)
                    && depth < DEEPEST
                {
                    self.project(&included, depth + 1, images);
                }
            }
            let services = document.get("services").cloned().unwrap_or(Node::Other);
            let layer = Layer { path, folder: &project.folder, services, variables };
            for (name, _) in layer.services.entries().iter().take(MOST_SERVICES) {
                let Some(name) = name.text() else { continue };
                let Some(build) = self.service(&layer, name, 0) else { continue };
                let build = match builds.remove(name) {
                    Some(base) if !project.is_whole || build.context.is_none() => base.under(build),
                    _ => build,
                };
                builds.insert(name.to_owned(), build);
            }
        }
        images.extend(builds.into_values().flat_map(|build| build.images(&project.folder)));
    }

    /// What `include` names: a path, or a mapping with `path`, `project_directory` and `env_file` (`loader/include.go`).
    fn included(&self, by: &Project, include: &Node, variables: &Variables) -> Option<Project> {
        self.n_left.set(self.n_left.get().checked_sub(1)?);
        let path = |node: &Node| Some(joined(&by.folder, &filled_in(node, variables)?));
        let paths = |node: &Node| one_or_more(node).iter().filter_map(path).collect::<Vec<_>>();
        let files = match include.text() {
            Some(_) => vec![path(include)?],
            None => paths(include.get("path")?),
        };
        let folder = match include.get("project_directory") {
            Some(folder) => path(folder)?,
            None => files.first()?.parent()?.to_owned(),
        };
        let env = match include.get("env_file") {
            Some(files) => paths(files).iter().rev().filter_map(|path| self.secret(path)).collect(),
            None => Vec::from_iter(self.env(&folder)),
        };
        let env = by.env.iter().cloned().chain(env).collect();
        Some(Project { files, folder, env, is_whole: false })
    }

    /// What a service says, over what it extends: paths are seen from the file that has them (`loader/extends.go`).
    fn service(&self, layer: &Layer<'_>, name: &str, depth: usize) -> Option<Build> {
        let service = layer.services.get(name)?;
        let own = service.get("build").and_then(|build| Build::read(build, layer));
        let base = service.get("extends").filter(|_| depth < DEEPEST).and_then(|extends| {
            let text = |node| filled_in(node, layer.variables);
            if extends.text().is_some() {
                return self.service(layer, &text(extends)?, depth + 1);
            }
            let name = text(extends.get("service")?)?;
            let Some(file) = extends.get("file") else {
                return self.service(layer, &name, depth + 1);
            };
            let path = &joined(layer.folder, &text(file)?);
            let folder = path.parent()?;
            let document = self.document(path)?;
            let variables = layer.variables;
            let services = document.get("services")?.clone();
            self.service(&Layer { path, folder, services, variables }, &name, depth + 1)
        });
        match (base, own) {
            (Some(base), Some(own)) => Some(base.under(own)),
            (base, own) => own.or(base),
        }
    }

    fn document(&self, path: &Path) -> Option<Node> {
        if let Some(known) = self.read.borrow().get(path) {
            return known.clone();
        }
        self.n_left.set(self.n_left.get().checked_sub(1)?);
        let document = (self.file)(path).map(|text| yaml::read(&text));
        self.read.borrow_mut().insert(path.to_owned(), document.clone());
        document
    }

    fn env(&self, folder: &Path) -> Option<Rc<Secret>> {
        self.secret(&folder.join(".env"))
    }

    fn secret(&self, path: &Path) -> Option<Rc<Secret>> {
        (self.file)(path).map(|text| Rc::new(Secret::new(text.into_bytes())))
    }
}

impl Build {
    /// Reads a `build`, which is a folder or a mapping; none where it is neither.
    fn read(build: &Node, layer: &Layer<'_>) -> Option<Build> {
        if build.is_other() {
            return None;
        }
        let text = |node: &Node| filled_in(node, layer.variables);
        let get = |key| build.get(key).filter(|node| node.text().is_some());
        let written = if build.text().is_some() { Some(build) } else { get("context") };
        // Of a context that nobody can say the file's own folder is the likeliest.
        let context = written.map(|written| match text(written) {
            Some(path) => Context { folder: joined(layer.folder, &path), is_certain: true },
            None => Context { folder: layer.folder.to_owned(), is_certain: false },
        });
        // What compose does not know the recipe itself may.
        let inline = |node: &Node| {
            let recipe = text(node).or_else(|| node.text().map(str::to_owned));
            Some((layer.path.to_owned(), recipe?))
        };
        let pairs = |key| build.get(key).map(pairs).unwrap_or_default();
        let argument = |(name, value): (&str, Option<&str>)| {
            let own = format!("${{{name}}}");
            let told = layer.variables.substitute(value.unwrap_or(&own).as_bytes());
            let unknown = || value.map(|_| Secret::from(UNKNOWN.to_string()));
            Some((name.to_owned(), Rc::new(told.or_else(unknown)?)))
        };
        let folder = |(name, value): (&str, Option<&str>)| {
            let path = substituted(value?, layer.variables)?;
            let is_elsewhere = path.contains("://")
                || ["service:", "github.com/", "git@"].iter().any(|mark| path.starts_with(mark));
            (!is_elsewhere).then(|| (name.to_owned(), joined(layer.folder, &path)))
        };
        Some(Build {
            by: layer.path.to_owned(),
            context,
            recipe: get("dockerfile").map(|node| text(node).unwrap_or_else(|| UNKNOWN.to_string())),
            inline: get("dockerfile_inline").and_then(inline),
            arguments: pairs("args").into_iter().filter_map(argument).collect(),
            folders: pairs("additional_contexts").into_iter().filter_map(folder).collect(),
        })
    }

    /// What comes of it where another says more.
    fn under(mut self, over: Build) -> Build {
        if over.inline.is_some() || over.recipe.is_some() {
            (self.inline, self.recipe) = (over.inline, over.recipe);
        }
        self.arguments.extend(over.arguments);
        self.folders.retain(|(name, _)| !over.folders.iter().any(|(other, _)| other == name));
        self.folders.extend(over.folders);
        Build { by: over.by, context: over.context.or(self.context), ..self }
    }

    /// The image, once for each folder that it may be made of; the recipe's path is seen from the context.
    fn images(self, folder: &Path) -> Vec<Named> {
        let context = self.context;
        let context =
            context.unwrap_or_else(|| Context { folder: folder.to_owned(), is_certain: true });
        let path = match (&self.inline, self.recipe.as_deref().unwrap_or("Dockerfile")) {
            (Some((file, _)), _) => file.clone(),
            (None, recipe) if recipe.contains(UNKNOWN) => return Vec::new(),
            (None, recipe) => joined(&context.folder, recipe),
        };
        let image = |alias: Option<String>, folder, is_certain| Named {
            inline: self.inline.as_ref().map(|(_, recipe)| recipe.clone()),
            alias,
            arguments: self.arguments.clone(),
            by: Some(self.by.clone()),
            ..Named::new(path.clone(), folder, is_certain)
        };
        let main = image(None, context.folder, context.is_certain);
        let folders =
            self.folders.into_iter().map(|(name, folder)| image(Some(name), folder, true));
        std::iter::once(main).chain(folders).collect()
    }
}

/// A text with its variables; none where nobody can say one.
fn filled_in(node: &Node, variables: &Variables) -> Option<String> {
    substituted(node.text()?, variables)
}

fn substituted(text: &str, variables: &Variables) -> Option<String> {
    // It names a file, a folder or a service.
    variables.substitute(text.as_bytes())?.expose_text().map(str::to_owned)
}

/// The names and values of a mapping, or of a list with `name=value`.
fn pairs(node: &Node) -> Vec<(&str, Option<&str>)> {
    let entries = node.entries().iter();
    let entries = entries.filter_map(|(name, value)| Some((name.text()?, value.text())));
    let items = node.items().iter().filter_map(Node::text);
    let items = items
        .map(|item| item.split_once('=').map_or((item, None), |(name, value)| (name, Some(value))));
    entries.chain(items).collect()
}

fn one_or_more(node: &Node) -> &[Node] {
    if let Node::List(_) = node { node.items() } else { slice::from_ref(node) }
}

#[cfg(test)]
mod tests;
