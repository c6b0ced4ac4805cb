//! What npm and cargo really pack, against what is said of it here.

use testbed::{Bed, not_run};

use super::{GitSays, cargo, npm};

/// The files of the vault in each case.
const VAULT: [&str; 5] = [
    "vault/c.env",
    "vault/occ/.hidden",
    "vault/occ/a.env",
    "vault/occ/a.env.orig",
    "vault/occ/b.txt",
];

/// What is beside the vault, and which of its files are packed. The answers are those of npm 11.
const NPM: [(&[(&str, &str)], &str); 40] = [
    (&[("package.json", "")], ALL),
    (&[("package.json", ""), (".gitignore", "/vault/\n")], ""),
    (&[("package.json", ""), (".gitignore", "vault\n"), (".npmignore", "test\n")], ALL),
    (&[("package.json", ""), (".npmignore", "*.env\n")], "vault/occ/.hidden vault/occ/b.txt"),
    (
        &[("package.json", ""), (".npmignore", "*.env\n!a.env\n")],
        "vault/occ/.hidden vault/occ/a.env vault/occ/b.txt",
    ),
    (&[("package.json", ""), ("vault/.gitignore", "*\n")], ""),
    (
        &[("package.json", ""), ("vault/.npmignore", "occ\n"), ("vault/.gitignore", "*\n")],
        "vault/c.env",
    ),
    (
        &[("package.json", ""), (".gitignore", "*.env\n"), ("vault/.npmignore", "!c.env\n")],
        "vault/c.env vault/occ/.hidden vault/occ/b.txt",
    ),
    (&[("package.json", r#","files":["dist"]"#)], ""),
    (&[("package.json", r#","files":["*.env"]"#)], ""),
    (&[("package.json", r#","files":["vault"]"#), (".gitignore", "vault\n")], ALL),
    (&[("package.json", r#","files":["vault/*.env"]"#)], "vault/c.env"),
    (&[("package.json", r#","files":["**/*.env"]"#)], "vault/c.env vault/occ/a.env"),
    (&[("package.json", r#","files":["vault","!vault/occ"]"#)], "vault/c.env"),
    (
        &[("package.json", r#","files":["/vault/occ/"]"#), ("vault/.npmignore", "*.env\n")],
        "vault/occ/.hidden vault/occ/b.txt",
    ),
    (&[("package.json", r#","files":["."]"#)], ""),
    (&[("package.json", r#","files":["./"]"#)], ALL),
    (&[("package.json", r#","files":["lib/../vault/*.env"]"#)], "vault/c.env"),
    (&[("package.json", ""), (".npmignore", "vault\n!vault/c.env\n")], ALL),
    (&[("package.json", ""), (".npmignore", "vault/\n!vault/\n")], ALL),
    (&[("package.json", ""), (".npmignore", "vault/*\n!vault/c.env\n")], "vault/c.env"),
    (&[("package.json", ""), (".npmignore", "*\n!vault\n")], ""),
    (&[("package.json", ""), (".npmignore", "*\n!vault/**\n")], ALL),
    (&[("package.json", ""), (".npmignore", "./vault\n#vault\n")], ALL),
    (&[("package.json", ""), (".npmignore", "  VAULT \r\n")], ""),
    (&[("package.json", ""), (".npmignore", "{vault,x}\n")], ""),
    (&[("package.json", ""), (".npmignore", "v[!x]ult\n")], ""),
    (
        &[("package.json", ""), (".npmignore", "*.env\n!C.env\n")],
        "vault/c.env vault/occ/.hidden vault/occ/b.txt",
    ),
    (&[("package.json", ""), ("vault/.gitignore", "!*\n")], ALL),
    (&[("package.json", r#","files":["vault","!*.env"]"#)], "vault/occ/.hidden vault/occ/b.txt"),
    (&[("package.json", r#","files":["vault","!vault/**"]"#)], ""),
    (&[("package.json", r#","files":["vault/c.env","!vault/c.env"]"#)], "vault/c.env"),
    (
        &[("package.json", r#","files":["vault/c.env"]"#), ("vault/.npmignore", "*.env\n")],
        "vault/c.env",
    ),
    (&[("package.json", r#","files":["*"]"#)], ALL),
    (&[("package.json", r#","files":["va*"]"#)], ""),
    (&[("package.json", r#","files":["VAULT"]"#)], ""),
    (&[("package.json", r#","files":["occ"]"#)], ""),
    (&[("package.json", r#","files":["vault/*"]"#)], ALL),
    (&[("package.json", r#","files":["vault/{c,d}.env"]"#)], "vault/c.env"),
    (&[("package.json", r#","files":["lib"],"main":"lib/../vault/c.env""#)], "vault/c.env"),
];

const ALL: &str = "vault/c.env vault/occ/.hidden vault/occ/a.env vault/occ/b.txt";
const WITH_ORIG: &str =
    "vault/c.env vault/occ/.hidden vault/occ/a.env vault/occ/a.env.orig vault/occ/b.txt";

/// What the manifest says, what git does, and which of the vault's files are packed. The answers are those of cargo
/// 1.95.
const CARGO: [(&str, GitSays, &str); 33] = [
    ("", GitSays::Shown, WITH_ORIG),
    ("", GitSays::Ignored, ""),
    ("", GitSays::NoManifest, "vault/c.env vault/occ/a.env vault/occ/a.env.orig vault/occ/b.txt"),
    ("exclude = [\"/vault\"]", GitSays::NoManifest, ""),
    ("exclude = [\"occ\"]", GitSays::NoManifest, "vault/c.env"),
    ("include = [\"*.txt\"]", GitSays::NoManifest, "vault/occ/b.txt"),
    ("exclude = [\"/vault\"]", GitSays::Shown, ""),
    (
        "exclude = [\"*.env\"]",
        GitSays::Shown,
        "vault/occ/.hidden vault/occ/a.env.orig vault/occ/b.txt",
    ),
    ("exclude = [\"vault/*\", \"!vault/c.env\"]", GitSays::Shown, "vault/c.env"),
    ("exclude = [\"vault\", \"!vault/c.env\"]", GitSays::Shown, "vault/c.env"),
    ("exclude = [\"vault/\", \"!*.env\"]", GitSays::Shown, "vault/c.env vault/occ/a.env"),
    ("exclude = [\"*\", \"!vault\"]", GitSays::Shown, ""),
    ("exclude = [\"vault/**\", \"!/vault/occ/\"]", GitSays::Shown, ""),
    ("exclude = [\"/vault\", \"!/vault/occ/\"]", GitSays::Shown, WITHOUT_C),
    ("exclude = [\"occ\"]", GitSays::Shown, "vault/c.env"),
    ("exclude = [\"./vault\"]", GitSays::Shown, WITH_ORIG),
    ("exclude = [\"{vault,x}\"]", GitSays::Shown, ""),
    ("exclude = [\"Vault\", \"#vault\"]", GitSays::Shown, WITH_ORIG),
    ("exclude = [\"vault \"]", GitSays::Shown, ""),
    ("exclude = [\"occ/**\"]", GitSays::Shown, WITH_ORIG),
    ("include = [\"src/**\"]", GitSays::Shown, ""),
    ("include = [\"**/*.env\"]", GitSays::Ignored, "vault/c.env vault/occ/a.env"),
    ("include = [\"/vault\", \"src\"]", GitSays::Ignored, WITH_ORIG),
    ("include = [\"*.txt\"]", GitSays::Shown, "vault/occ/b.txt"),
    ("include = [\"vault\", \"!vault/occ\"]", GitSays::Shown, "vault/c.env"),
    ("include = [\"*.env\", \"!occ/\"]", GitSays::Shown, "vault/c.env vault/occ/a.env"),
    ("include = [\"vault/\"]\nexclude = [\"vault/c.env\"]", GitSays::Shown, WITH_ORIG),
    ("include = []", GitSays::Shown, WITH_ORIG),
    ("", GitSays::NoRepository, "vault/c.env vault/occ/a.env vault/occ/a.env.orig vault/occ/b.txt"),
    ("exclude = [\"!.hidden\"]", GitSays::NoRepository, WITH_ORIG),
    ("exclude = [\"vault\", \"!vault/c.env\"]", GitSays::NoRepository, ""),
    (
        "exclude = [\"*.env\", \"!c.env\"]",
        GitSays::NoRepository,
        "vault/c.env vault/occ/a.env.orig vault/occ/b.txt",
    ),
    ("include = [\".hidden\"]", GitSays::NoRepository, "vault/occ/.hidden"),
];

const WITHOUT_C: &str = "vault/occ/.hidden vault/occ/a.env vault/occ/a.env.orig vault/occ/b.txt";

/// Writes a vault and the files beside it.
fn fill(bed: &Bed, folder: &str, files: &[(&str, &str)]) {
    for path in VAULT {
        bed.write(format!("{folder}/{path}"), "A=1\n");
    }
    for (path, text) in files {
        bed.write(format!("{folder}/{path}"), text);
    }
}

fn package(rest: &str) -> String {
    format!(r#"{{"name":"a","version":"1.0.0"{rest}}}"#)
}

fn manifest(rest: &str) -> String {
    format!(
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{rest}\n[workspace]\n"
    )
}

fn joined<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let mut paths: Vec<&str> = paths.filter(|path| VAULT.contains(path)).collect();
    paths.sort_unstable();
    paths.join(" ")
}

#[test]
fn what_npm_packs_is_known() {
    for (files, expected) in NPM {
        let file = |name: &str| {
            let found = files.iter().find(|(path, _)| *path == name);
            found.map(|(_, text)| (*text).to_owned())
        };
        let kind = |path: &str| match path {
            "" | "vault" | "vault/occ" => Some(npm::Kind::Folder),
            path => VAULT.contains(&path).then_some(npm::Kind::File),
        };
        let around = npm::Around { text: &file, kind: &kind, above: String::new() };
        let known = npm::read(&package(files[0].1), "vault", &around).unwrap();
        let packed = joined(VAULT.into_iter().filter(|path| known.packs(path)));
        assert_eq!(packed, expected, "{files:?}");
    }
}

#[test]
fn npm_packs_as_recorded() {
    if duct::cmd!("npm", "--version").stdout_null().stderr_null().run().is_err() {
        return not_run("npm_packs_as_recorded", "npm is not installed");
    }
    // One start of npm for all.
    let bed = Bed::new();
    let folders: Vec<String> = (0..NPM.len()).map(|number| format!("./case{number}")).collect();
    for ((files, _), folder) in NPM.iter().zip(&folders) {
        fill(&bed, folder, files);
        bed.write(format!("{folder}/package.json"), package(files[0].1));
    }
    let args = ["pack", "--dry-run", "--json", "--offline", "--ignore-scripts"];
    let args = args.into_iter().map(str::to_owned).chain(folders);
    let output = duct::cmd("npm", args).dir(bed.root()).stderr_null().read().unwrap();
    let answer: serde_json::Value = serde_json::from_str(&output).unwrap();
    for ((files, expected), package) in NPM.iter().zip(answer.as_array().unwrap()) {
        let packed: Vec<&str> = package["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].as_str().unwrap())
            .collect();
        assert_eq!(joined(packed.into_iter()), *expected, "{files:?}");
    }
}

#[test]
fn what_cargo_packs_is_known() {
    for (rest, git, expected) in CARGO {
        let known = cargo::read(&manifest(rest), None).unwrap();
        let packed = VAULT.into_iter().filter(|path| known.packs(path, git));
        assert_eq!(joined(packed), expected, "{rest}");
    }
}

#[test]
fn cargo_packs_as_recorded() {
    for (rest, git, expected) in CARGO {
        let ignored =
            if matches!(git, GitSays::Ignored | GitSays::NoManifest) { "/vault/\n" } else { "" };
        let bed = Bed::new();
        let manifest = manifest(rest);
        fill(&bed, ".", &[(".gitignore", ignored), ("src/lib.rs", ""), ("Cargo.toml", &manifest)]);
        if git != GitSays::NoRepository {
            bed.git_init();
            bed.git(["add", "src", ".gitignore"]);
        }
        if !matches!(git, GitSays::NoRepository | GitSays::NoManifest) {
            bed.git(["add", "Cargo.toml"]);
        }
        let args = ["package", "--list", "--allow-dirty", "--offline"];
        let cargo = duct::cmd("cargo", args).dir(bed.root()).stderr_null();
        let Ok(output) = cargo.read() else {
            return not_run("cargo_packs_as_recorded", "cargo could not list a package");
        };
        assert_eq!(joined(output.lines()), expected, "{rest}");
    }
}
