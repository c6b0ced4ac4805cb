//! The `[vault]` section: which files there must be, which keys in each, and what their values look like.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::grammar::{Key, Kind, Section};
use crate::node::{Node, Table};
use crate::pattern;
use crate::words::CredentialName;

/// The vault as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSection {
    /// The vault's folder, relative to the folder of ops.toml.
    pub root: String,
    /// The files, in the order of ops.toml; no path twice.
    pub file: Vec<Arc<VaultFile>>,
}

/// One file of the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultFile {
    /// Relative to the vault's root, with `/`.
    pub path: String,
    /// The keys it must hold, each with the shape of its value. Empty where `whole` is set.
    pub keys: Arc<BTreeMap<String, Shape>>,
    /// Set where the file is no env file but one credential as a whole, of this shape.
    pub whole: Option<Shape>,
    /// Which environment it belongs to.
    pub environment: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How old it may become.
    pub rotate: Option<Duration>,
    /// The purposes that need it (`for` in the file). Empty: every purpose needs it.
    pub purposes: Vec<String>,
    /// Whether its absence is fine.
    pub optional: bool,
    /// The keys whose values are no secrets, as a publishable key or the name of a bucket.
    pub public: Vec<String>,
}

/// What a credential's value must look like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Anything that is not empty.
    Any,
    /// A Postgres connection string.
    PostgresUrl,
    /// A Redis connection string.
    RedisUrl,
    /// A URL with the scheme `https`.
    HttpsUrl,
    /// A URL.
    Url,
    /// A host name.
    Hostname,
    /// A port number.
    Port,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Bool,
    /// An e-mail address.
    Email,
    /// A token of Fly's.
    FlyToken,
    /// A key of a Supabase project.
    SupabaseKey,
    /// A JSON web token.
    Jwt,
    /// A UUID.
    Uuid,
    /// Hexadecimal digits.
    Hex,
    /// Base64 text.
    Base64,
    /// A private key in PEM.
    PrivateKey,
    /// JSON text.
    Json,
    /// A value that this pattern matches as a whole.
    Regex(String),
}

/// Every shape that is a word of its own.
pub const SHAPES: &[(&str, Shape)] = &[
    ("any", Shape::Any),
    ("postgres-url", Shape::PostgresUrl),
    ("redis-url", Shape::RedisUrl),
    ("https-url", Shape::HttpsUrl),
    ("url", Shape::Url),
    ("hostname", Shape::Hostname),
    ("port", Shape::Port),
    ("integer", Shape::Integer),
    ("bool", Shape::Bool),
    ("email", Shape::Email),
    ("fly-token", Shape::FlyToken),
    ("supabase-key", Shape::SupabaseKey),
    ("jwt", Shape::Jwt),
    ("uuid", Shape::Uuid),
    ("hex", Shape::Hex),
    ("base64", Shape::Base64),
    ("private-key", Shape::PrivateKey),
    ("json", Shape::Json),
];

impl Shape {
    /// Returns the shape as ops.toml writes it.
    pub fn as_str(&self) -> &str {
        if let Shape::Regex(_) = self {
            return "regex";
        }
        SHAPES.iter().find(|(_, shape)| shape == self).map_or("any", |(word, _)| word)
    }

    /// Reads a shape's word, or `regex:` and a pattern.
    pub fn from_word(word: &str) -> Option<Shape> {
        if let Some(pattern) = word.strip_prefix("regex:") {
            let is_pattern = !pattern.is_empty() && regex_syntax::parse(pattern).is_ok();
            return is_pattern.then(|| Shape::Regex(pattern.to_owned()));
        }
        SHAPES.iter().find(|(known, _)| *known == word).map(|(_, shape)| shape.clone())
    }
}

impl VaultSection {
    /// Returns the declaration of a file, by its path from the vault's root.
    pub fn file(&self, path: &str) -> Option<&VaultFile> {
        self.file.iter().find(|file| file.path == path).map(AsRef::as_ref)
    }

    /// Tells whether a path of ops.toml lies in the vault.
    pub(crate) fn contains(&self, path: &str) -> bool {
        path.strip_prefix(self.root.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Tells whether a file is declared with this key.
    pub fn declares(&self, name: &CredentialName) -> bool {
        self.file(&name.file).is_some_and(|file| file.keys.contains_key(&name.key))
    }

    /// Returns every purpose that a file names, sorted, each once.
    pub fn purposes(&self) -> Vec<&str> {
        let mut purposes: Vec<_> =
            self.file.iter().flat_map(|file| file.purposes.iter().map(String::as_str)).collect();
        purposes.sort_unstable();
        purposes.dedup();
        purposes
    }
}

impl VaultFile {
    /// Tells whether a purpose needs this file; a file that names no purpose is needed for each.
    pub fn is_for(&self, purpose: &str) -> bool {
        self.purposes.is_empty() || self.purposes.iter().any(|known| known == purpose)
    }
}

pub(crate) const SECTION: Section = Section {
    about: "The folder of credential files, and what must be in it.",
    keys: &[
        Key::required("root", Kind::Path, "The vault's folder; git must ignore it."),
        Key::optional("file", Kind::List(&Kind::Table(&FILE), 0), "The files of the vault."),
    ],
    choices: &[],
};

const FILE: Section = Section {
    about: "One file of the vault.",
    keys: &[
        Key::required("path", Kind::Path, "The file, relative to the vault's root."),
        Key::optional(
            "keys",
            Kind::Map(&Kind::Variable, &Kind::Shape, 1),
            "The keys it must hold, each with the shape of its value; `any` where there is none.",
        ),
        Key::optional(
            "whole",
            Kind::Shape,
            "Instead of `keys`: the file is no env file but one credential as a whole, of this shape.",
        ),
        Key::default("environment", Kind::Name, "\"shared\"", "Which environment it belongs to."),
        Key::optional("owner", Kind::Line, "Who answers for it."),
        Key::optional(
            "rotate",
            Kind::Duration,
            "How old it may become, from `# rotated: YYYY-MM-DD` in the file, else from when it was last changed.",
        ),
        Key::optional(
            "for",
            Kind::List(&Kind::Name, 1),
            "The purposes that need it; without this key every purpose does.",
        ),
        Key::default("optional", Kind::Flag, "false", "Whether its absence is fine."),
        Key::optional(
            "public",
            Kind::List(&Kind::Variable, 1),
            "The keys whose values are no secrets, as a publishable key: never searched for, never redacted.",
        ),
    ],
    choices: &[&["keys", "whole"]],
};

/// Reads the section; `plain` are its files, where they were read before.
pub(crate) fn read(
    node: &Node<'_>,
    plain: Option<Vec<Arc<VaultFile>>>,
) -> Result<VaultSection, Error> {
    let table = node.table(&SECTION)?;
    let root_node = table.need("root")?;
    let root = root_node.path()?;
    if root == "." {
        return Err(root_node.error("must be a folder of its own, which git ignores"));
    }
    if let Some(file) = plain {
        return match table.get("file") {
            // For the general parser to read.
            Some(more) => Err(more.error("are files elsewhere")),
            None => Ok(VaultSection { root, file }),
        };
    }
    let mut files = Vec::new();
    let mut seen = HashMap::new();
    for item in table.items("file")? {
        let table = item.table(&FILE)?;
        let file = read_file(&table)?;
        let path = table.need("path")?;
        if let Some(first) = seen.insert(file.path.clone(), path) {
            return Err(path.error(format!("is declared twice, first on line {}", first.line())));
        }
        files.push(Arc::new(file));
    }
    Ok(VaultSection { root, file: files })
}

fn read_file(table: &Table<'_>) -> Result<VaultFile, Error> {
    let path_node = table.need("path")?;
    let path = path_node.path()?;
    if path == "." {
        return Err(path_node.error("must name a file"));
    }
    let whole = table.get("whole").map(|node| shape(&node)).transpose()?;
    let keys = table.get("keys").map_or_else(|| Ok(BTreeMap::new()), |node| keys(&node))?;
    let public = public(table, &keys)?;
    Ok(VaultFile {
        path,
        public,
        keys: Arc::new(keys),
        whole,
        environment: match table.get("environment") {
            Some(node) => node.name()?.to_owned(),
            None => "shared".to_owned(),
        },
        owner: table.get("owner").map(|node| node.line_of_text().map(str::to_owned)).transpose()?,
        rotate: table.get("rotate").map(|node| node.duration()).transpose()?,
        purposes: purposes(table)?,
        optional: table.get("optional").map_or(Ok(false), |node| node.flag())?,
    })
}

fn keys(node: &Node<'_>) -> Result<BTreeMap<String, Shape>, Error> {
    let mut keys = BTreeMap::new();
    for (name, place, value) in node.any_table()?.entries() {
        if !crate::words::is_variable(name) {
            return Err(place.not_a_variable());
        }
        keys.insert(name.to_owned(), shape(&value)?);
    }
    if keys.is_empty() {
        return Err(node.error("must name at least one key"));
    }
    Ok(keys)
}

fn shape(node: &Node<'_>) -> Result<Shape, Error> {
    let word = node.text()?;
    Shape::from_word(word).ok_or_else(|| {
        if let Some(pattern) = word.strip_prefix("regex:") {
            let refusal = pattern::refusal(pattern);
            let refusal = refusal.unwrap_or_else(|| "must be no empty text".to_owned());
            return node.error(format!("what stands behind `regex:` {refusal}"));
        }
        let words = SHAPES.iter().map(|(word, _)| *word);
        let list: Vec<_> = words.clone().map(|word| format!("`{word}`")).collect();
        node.unknown(format!("must be a shape: {} or `regex:…`", list.join(", ")), words)
    })
}

fn public(table: &Table<'_>, keys: &BTreeMap<String, Shape>) -> Result<Vec<String>, Error> {
    let read = |item: &Node<'_>| {
        let key = item.text()?;
        if keys.contains_key(key) {
            return Ok(key.to_owned());
        }
        let known = keys.keys().map(String::as_str);
        Err(item.unknown("must be one of the file's `keys`".to_owned(), known))
    };
    table.some_items("public")?.iter().map(read).collect()
}

fn purposes(table: &Table<'_>) -> Result<Vec<String>, Error> {
    table.some_items("for")?.iter().map(|item| item.name().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SHAPES, Shape};
    use crate::check::{example, read, refusal, refusal_of_example};

    #[test]
    fn a_file_is_read_with_all_its_keys() {
        let vault = read(&example()).expect("the example is right").vault.expect("it has a vault");
        let file = vault.file("supabase/database_url_staging.env").expect("it is declared");
        assert_eq!(file.keys.get("DATABASE_URL"), Some(&Shape::PostgresUrl));
        assert_eq!(
            (file.environment.as_str(), file.owner.as_deref()),
            ("staging", Some("reliability"))
        );
        assert_eq!(file.rotate, Some(Duration::from_hours(90 * 24)));
        assert!(file.is_for("align") && !file.is_for("smoke"));
        assert_eq!(vault.purposes(), ["align", "preflight", "refresh"]);
        let token = vault.file("fly/api_token.env").expect("it is declared");
        assert_eq!(token.environment, "shared");
        assert!(token.is_for("smoke"), "a file that names no purpose is needed for each");
    }

    #[test]
    fn keys_can_be_public() {
        let text = "version = 1\n[vault]\nroot = 'v'\n[[vault.file]]\npath = 'a.env'\nkeys = { S3_BUCKET = 'any', S3_KEY = 'any' }\npublic = ['S3_BUCKET']\n";
        let vault = read(text).expect("this is right").vault.expect("it has a vault");
        assert_eq!(vault.file[0].public, ["S3_BUCKET"]);
        insta::assert_snapshot!(refusal(&text.replace("['S3_BUCKET']", "['S3_BUCKE']")), @"
        7:11: vault.file[0].public[0]: must be one of the file's `keys`
        hint: did you mean `S3_BUCKET`?
        ");
        insta::assert_snapshot!(refusal(&text.replace("['S3_BUCKET']", "[]")), @"7:10: vault.file[0].public: must not be an empty list");
    }

    #[test]
    fn a_whole_file_can_be_a_credential() {
        let text = "version = 1\n[vault]\nroot = 'v'\n[[vault.file]]\npath = './google//account.json'\nwhole = 'json'\n";
        let vault = read(text).expect("this is right").vault.expect("it has a vault");
        assert_eq!(vault.file[0].path, "google/account.json");
        assert_eq!(
            (vault.file[0].whole.as_ref(), vault.file[0].keys.len()),
            (Some(&Shape::Json), 0)
        );
    }

    #[test]
    fn every_shape_is_read_back_from_its_word() {
        for (word, shape) in SHAPES {
            assert_eq!(Shape::from_word(word).as_ref(), Some(shape));
            assert_eq!(shape.as_str(), *word);
        }
        assert_eq!(Shape::from_word("regex:^a+$"), Some(Shape::Regex("^a+$".to_owned())));
        assert_eq!(Shape::from_word("regex:"), None);
        assert_eq!(Shape::from_word("regex:[a-"), None);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_place() {
        insta::assert_snapshot!(refusal_of_example("root = \"vault/occ\"", "rot = \"vault/occ\""), @"
        4:1: vault.rot: unknown key
        hint: did you mean `root`?
        ");
        insta::assert_snapshot!(refusal_of_example("root = \"vault/occ\"", ""), @"3:1: vault: `root` is missing");
        insta::assert_snapshot!(refusal_of_example("root = \"vault/occ\"", "root = \"../vault\""), @"4:8: vault.root: leaves the repo: `..` is not allowed");
        insta::assert_snapshot!(refusal_of_example("root = \"vault/occ\"", "root = \"/vault\""), @"4:8: vault.root: must be a relative path");
        insta::assert_snapshot!(refusal_of_example("root = \"vault/occ\"", "root = \"vault\\\\occ\""), @"4:8: vault.root: must be written with `/`");
        insta::assert_snapshot!(refusal_of_example("root = \"vault/occ\"", "root = \"C:/vault\""), @"4:8: vault.root: must be a relative path");
        insta::assert_snapshot!(refusal_of_example("{ DATABASE_URL = \"postgres-url\" }", "{ DATABASE_URL = \"postgres_url\" }"), @"
        7:25: vault.file[0].keys.DATABASE_URL: must be a shape: `any`, `postgres-url`, `redis-url`, `https-url`, `url`, `hostname`, `port`, `integer`, `bool`, `email`, `fly-token`, `supabase-key`, `jwt`, `uuid`, `hex`, `base64`, `private-key`, `json` or `regex:…`
        hint: did you mean `postgres-url`?
        ");
        insta::assert_snapshot!(refusal_of_example("\"postgres-url\" }", "'regex:^(?=a)' }"), @"7:25: vault.file[0].keys.DATABASE_URL: what stands behind `regex:` must be a regular expression; at its character 2: look-around, including look-ahead and look-behind, is not supported");
        insta::assert_snapshot!(refusal_of_example("\"postgres-url\" }", "'regex:^[a-z' }"), @"7:25: vault.file[0].keys.DATABASE_URL: what stands behind `regex:` must be a regular expression; at its character 2: unclosed character class");
        insta::assert_snapshot!(refusal_of_example("\"postgres-url\" }", "'regex:' }"), @"7:25: vault.file[0].keys.DATABASE_URL: what stands behind `regex:` must be no empty text");
        insta::assert_snapshot!(refusal_of_example("{ DATABASE_URL = \"postgres-url\" }", "{ \"DATABASE URL\" = \"any\" }"), @r#"7:10: vault.file[0].keys."DATABASE URL": must be a variable's name: letters, digits and `_`, not beginning with a digit"#);
        insta::assert_snapshot!(refusal_of_example("{ DATABASE_URL = \"postgres-url\" }", "{}"), @"7:8: vault.file[0].keys: must name at least one key");
        insta::assert_snapshot!(refusal_of_example("keys = { DATABASE_URL = \"postgres-url\" } ", "# "), @"5:1: vault.file[0]: one of `keys`, `whole` is missing");
        insta::assert_snapshot!(refusal_of_example("optional = false", "optional = false\nwhole = \"json\""), @"13:9: vault.file[0].whole: cannot stand beside `keys`");
        insta::assert_snapshot!(refusal_of_example("rotate = \"90d\"", "rotate = \"90 days\""), @r#"10:10: vault.file[0].rotate: must be a duration: a whole number above 0 and `ms`, `s`, `m`, `h`, `d` or `w`, as "30s""#);
        insta::assert_snapshot!(refusal_of_example("rotate = \"90d\"", "rotate = 90"), @"10:10: vault.file[0].rotate: must be text, is a whole number");
        insta::assert_snapshot!(refusal_of_example("optional = false", "optional = \"no\""), @"12:12: vault.file[0].optional: must be true or false, is text");
        insta::assert_snapshot!(refusal_of_example("environment = \"staging\"", "enviroment = \"staging\""), @"
        8:1: vault.file[0].enviroment: unknown key
        hint: did you mean `environment`?
        ");
        insta::assert_snapshot!(refusal_of_example("environment = \"staging\"", "environment = \"\""), @"8:15: vault.file[0].environment: must be a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100");
        insta::assert_snapshot!(refusal_of_example("[\"preflight\", \"align\", \"refresh\"]", "\"preflight\""), @"11:7: vault.file[0].for: must be a list, is text");
        insta::assert_snapshot!(refusal_of_example("[\"preflight\", \"align\", \"refresh\"]", "[]"), @"11:7: vault.file[0].for: must not be an empty list");
        insta::assert_snapshot!(refusal_of_example("[\"preflight\", \"align\", \"refresh\"]", "[\"preflight\", 3]"), @"11:21: vault.file[0].for[1]: must be text, is a whole number");
    }

    #[test]
    fn a_file_is_declared_once() {
        let again = format!(
            "{}[[vault.file]]\npath = \"fly/./api_token.env\"\nkeys = {{ A = \"any\" }}\n",
            example()
        );
        insta::assert_snapshot!(refusal(&again), @"69:8: vault.file[3].path: is declared twice, first on line 63");
    }
}
