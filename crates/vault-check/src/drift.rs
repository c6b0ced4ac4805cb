//! Recognising one name under another spelling: `token_prod` for `api_token_prod`, `x.env.old` for `x.env`.

use std::collections::HashMap;

/// How a name departs from the one it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drift {
    /// A copy that an editor or a careful person left behind: `.new`, `.old`, `.bak`.
    Leftover,
    /// The same words, written or ordered another way.
    Alias,
    /// A slip of the hand.
    Spelling,
}

const LEFTOVERS: [&str; 13] = [
    ".new", ".old", ".bak", ".backup", ".orig", ".save", ".saved", ".tmp", ".temp", ".copy", SWAP,
    ".prev", "~",
];

/// Where vim keeps what is not saved yet, of `a.env` in `.a.env.swp`. It is no text.
const SWAP: &str = ".swp";

const ENVIRONMENTS: [&str; 3] = ["prod", "staging", "dev"];

/// Declared paths, taken apart once.
pub(crate) struct Declared<'d>(Vec<(&'d str, Name)>);

impl<'d> Declared<'d> {
    /// Takes the paths apart.
    pub(crate) fn new(paths: impl IntoIterator<Item = &'d str>) -> Self {
        Self(paths.into_iter().map(|path| (path, Name::new(path.to_lowercase()))).collect())
    }

    /// Returns the path that a found one stands for: the one that it is nearest to.
    pub(crate) fn meant_by(&self, found: &str) -> Option<(&'d str, Drift)> {
        let found = Found::new(found);
        let distances = self.0.iter().filter_map(|(path, known)| {
            found.distance(known).map(|(far, drift)| (far, *path, drift))
        });
        distances.min_by_key(|(far, _, _)| *far).map(|(_, path, drift)| (path, drift))
    }

    /// Returns for each path the found one that most likely holds what it should, where there is
    /// one. A found path stands in for those only to which it is nearest, and vim's own notes for none.
    pub(crate) fn stand_ins<'f>(&self, found: &[&'f str]) -> HashMap<&'d str, &'f str> {
        let mut best: HashMap<&str, (usize, &str)> = HashMap::new();
        for path in found.iter().filter(|path| !path.ends_with(SWAP)) {
            let name = Found::new(path);
            let distances: Vec<(usize, &str)> = self
                .0
                .iter()
                .filter_map(|(wanted, known)| Some((name.distance(known)?.0, *wanted)))
                .collect();
            let Some(least) = distances.iter().map(|(far, _)| *far).min() else { continue };
            for (far, wanted) in distances.into_iter().filter(|(far, _)| *far == least) {
                let known = best.entry(wanted).or_insert((far, path));
                *known = (*known).min((far, path));
            }
        }
        best.into_iter().map(|(wanted, (_, path))| (wanted, path)).collect()
    }
}

/// Whether a path is that of a copy left behind, as `x.env.old`.
pub(crate) fn is_leftover(path: &str) -> bool {
    without_leftover(&path.to_lowercase()).is_some()
}

/// A path in small letters, and what it is compared by.
struct Name {
    lower: String,
    words: Vec<String>,
    digits: String,
}

impl Name {
    fn new(lower: String) -> Name {
        let words = words(without_extension(&lower));
        let digits = digits(&lower);
        Name { lower, words, digits }
    }
}

/// A path that was found: whole, and without the tail of a copy.
struct Found {
    whole: Name,
    base: Option<Name>,
}

impl Found {
    fn new(path: &str) -> Found {
        let lower = path.to_lowercase();
        let base = without_leftover(&lower).map(Name::new);
        Found { whole: Name::new(lower), base }
    }

    /// How far it is from a declared path, and in what it departs; `None` where it is another.
    fn distance(&self, known: &Name) -> Option<(usize, Drift)> {
        let (base, drift) = match &self.base {
            Some(base) => (base, Drift::Leftover),
            None => (&self.whole, Drift::Alias),
        };
        if base.lower == known.lower {
            Some((1, drift))
        } else if base.words == known.words && !known.words.is_empty() {
            Some((2, drift))
        } else if let Some(far) = misspelt(&self.whole, known) {
            Some((2 + far, Drift::Spelling))
        } else if words_agree(&base.words, &known.words) {
            // An environment that only one of them names is further than any slip.
            Some((10, drift))
        } else {
            None
        }
    }
}

/// Returns the declared key that a found key stands for.
pub(crate) fn key<'d>(found: &str, declared: &[&'d str]) -> Option<&'d str> {
    let words = words(&found.to_lowercase());
    declared
        .iter()
        .find(|known| words_agree(&words, &self::words(&known.to_lowercase())))
        .copied()
        .or_else(|| nearest(found, declared))
}

fn nearest<'d>(found: &str, declared: &[&'d str]) -> Option<&'d str> {
    let found = Name::new(found.to_lowercase());
    declared
        .iter()
        .filter_map(|known| {
            misspelt(&found, &Name::new(known.to_lowercase())).map(|far| (far, *known))
        })
        .min()
        .map(|(_, known)| known)
}

/// By how many slips of the hand two names differ, if by few. Another number is no slip: `key_1`
/// and `key_2` are two names.
fn misspelt(found: &Name, known: &Name) -> Option<usize> {
    let most = (found.lower.chars().count() / 8).clamp(1, 3);
    // A character has at most four bytes.
    let is_near = found.lower.len().abs_diff(known.lower.len()) <= most * 4;
    if !is_near || found.digits != known.digits {
        return None;
    }
    let far = strsim::damerau_levenshtein(&found.lower, &known.lower);
    (far <= most).then_some(far)
}

fn digits(name: &str) -> String {
    name.chars().filter(char::is_ascii_digit).collect()
}

/// The path that a copy was made of, by its tail, or by what stands before or behind `.env`.
fn without_leftover(path: &str) -> Option<String> {
    // Where Emacs keeps what is not saved yet.
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
    if let Some(base) = name.strip_prefix('#').and_then(|name| name.strip_suffix('#')) {
        return Some(format!("{folder}{base}"));
    }
    if let Some(base) = LEFTOVERS.iter().find_map(|tail| path.strip_suffix(tail)) {
        return Some(base.to_owned());
    }
    let (stem, tail) = path.rsplit_once(".env")?;
    if tail.is_empty() {
        let numbered = stem.strip_suffix(')').and_then(|stem| stem.rsplit_once(" ("));
        let numbered = numbered.filter(|(_, number)| is_number(number)).map(|(stem, _)| stem);
        let copied = [" - copy", " copy", "_old", "-old"];
        let named = || copied.iter().find_map(|word| stem.strip_suffix(word));
        return Some(format!("{}.env", numbered.or_else(named)?));
    }
    let word = tail.strip_prefix(['.', '-', '_'])?;
    let is_copy =
        is_number(word) || LEFTOVERS.iter().any(|known| known.strip_prefix('.') == Some(word));
    is_copy.then(|| format!("{stem}.env"))
}

/// A number, or a date.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn without_extension(path: &str) -> &str {
    [".env", ".txt", ".json", ".key"]
        .iter()
        .find_map(|tail| path.strip_suffix(tail))
        .unwrap_or(path)
}

/// The words of a name, sorted, each in the one spelling that counts; `api` says nothing.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = name
        .split(['/', '_', '-', '.', ' '])
        .filter(|word| !word.is_empty() && *word != "api")
        .map(|word| match word {
            "production" | "live" | "prd" => "prod".to_owned(),
            "stage" | "stg" | "stag" => "staging".to_owned(),
            "development" => "dev".to_owned(),
            "username" => "user".to_owned(),
            "dbname" | "db" => "database".to_owned(),
            "passwd" | "pass" => "password".to_owned(),
            word => word.to_owned(),
        })
        .collect();
    words.sort();
    words.dedup();
    words
}

/// The same words, or the same but for an environment that one of them leaves out.
fn words_agree(a: &[String], b: &[String]) -> bool {
    let environments = |words: &[String]| {
        words.iter().filter(|word| ENVIRONMENTS.contains(&word.as_str())).count()
    };
    let plain = |words: &[String]| -> Vec<String> {
        words.iter().filter(|word| !ENVIRONMENTS.contains(&word.as_str())).cloned().collect()
    };
    if a == b {
        return !a.is_empty();
    }
    (environments(a) == 0 || environments(b) == 0) && !plain(a).is_empty() && plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: [&str; 6] = [
        "chatwoot/api_token_prod.env",
        "chatwoot/redis_staging.env",
        "chatwoot/webhook_secret.env",
        "fly/api_token.env",
        "supabase/service_key_staging.env",
        "supabase/database_url_prod.env",
    ];

    fn check(found: &str, expected: Option<(&str, Drift)>) {
        assert_eq!(Declared::new(DECLARED).meant_by(found), expected, "{found}");
    }

    #[test]
    fn drifted_paths_find_their_canonical_one() {
        check("chatwoot/token_prod.env", Some(("chatwoot/api_token_prod.env", Drift::Alias)));
        check(
            "chatwoot/api_token_production.env",
            Some(("chatwoot/api_token_prod.env", Drift::Alias)),
        );
        check(
            "chatwoot/redis_staging.env.new",
            Some(("chatwoot/redis_staging.env", Drift::Leftover)),
        );
        check(
            "chatwoot/redis_staging.env.old",
            Some(("chatwoot/redis_staging.env", Drift::Leftover)),
        );
        check("chatwoot/redis_staging.env~", Some(("chatwoot/redis_staging.env", Drift::Leftover)));
        check(
            "chatwoot/redis_staging copy.env",
            Some(("chatwoot/redis_staging.env", Drift::Leftover)),
        );
        check("fly/api_token.env.20251001", Some(("fly/api_token.env", Drift::Leftover)));
        check("fly/api-token.txt", Some(("fly/api_token.env", Drift::Alias)));
        check(
            "chatwoot/webhook_secret_staging.env",
            Some(("chatwoot/webhook_secret.env", Drift::Alias)),
        );
        check(
            "supabase/staging/service_key.env",
            Some(("supabase/service_key_staging.env", Drift::Alias)),
        );
        check(
            "supabase/database_url_production.env.bak",
            Some(("supabase/database_url_prod.env", Drift::Leftover)),
        );
        check("chatwoot/reids_staging.env", Some(("chatwoot/redis_staging.env", Drift::Spelling)));
    }

    #[test]
    fn the_nearest_name_stands_in() {
        let missing = ["chatwoot/redis_prod.env", "chatwoot/redis_staging.env"];
        let check = |found: &[&str], expected: [Option<&str>; 2]| {
            let stand_ins = Declared::new(missing).stand_ins(found);
            assert_eq!(missing.map(|path| stand_ins.get(path).copied()), expected, "{found:?}");
        };
        let found = [
            "chatwoot/redis.env",
            "chatwoot/redis_stagin.env",
            "chatwoot/redis_production.env",
            "chatwoot/redis_staging.env.old",
        ];
        check(
            &found,
            [Some("chatwoot/redis_production.env"), Some("chatwoot/redis_staging.env.old")],
        );
        check(&found[..2], [Some("chatwoot/redis.env"), Some("chatwoot/redis_stagin.env")]);
        check(&found[..1], [Some("chatwoot/redis.env"); 2]);
        check(&["chatwoot/.redis_prod.env.swp"], [None; 2]);
        check(&["chatwoot/#redis_prod.env#"], [Some("chatwoot/#redis_prod.env#"), None]);
        // What is nearer to another missing file is not offered for this one.
        check(&["chatwoot/redis_production.env"], [Some("chatwoot/redis_production.env"), None]);
        check(&["chatwoot/redis_stage.env"], [None, Some("chatwoot/redis_stage.env")]);
        assert!(Declared::new(["k/key_1.env"]).stand_ins(&["k/key_2.env"]).is_empty());
    }

    #[test]
    fn copies_are_known_by_their_tail() {
        for path in [
            "a.env.old",
            "a.env.NEW",
            "a.env~",
            "x/a.env.bak",
            "a.env-backup",
            "a.env.20251001",
            "a.env.2025-10-01",
            "a copy.env",
            "a - Copy.env",
            "a (1).env",
            "a_old.env",
            "#a.env#",
            "x/#a.env#",
            "x/.a.env.swp",
        ] {
            assert!(is_leftover(path), "{path}");
        }
        for path in ["a.env", "old.env", "new/a.env", ".env.local", "s3_backup.env", "a (eu).env"] {
            assert!(!is_leftover(path), "{path}");
        }
    }

    #[test]
    fn other_names_stay_other_names() {
        check("supabase/service_key_prod.env", None);
        check("github/pat.env", None);
        check("README.md", None);
    }

    #[test]
    fn drifted_keys_find_theirs() {
        let declared = ["CHATWOOT_API_TOKEN_STAGING", "POSTGRES_USERNAME", "SUPABASE_SERVICE_KEY"];
        let check = |found, expected| assert_eq!(key(found, &declared), expected, "{found}");
        check("CHATWOOT_TOKEN_STAGING", Some("CHATWOOT_API_TOKEN_STAGING"));
        check("POSTGRES_USER", Some("POSTGRES_USERNAME"));
        check("SUPABASE_SERVICE_KYE", Some("SUPABASE_SERVICE_KEY"));
        check("SUPABASE_ANON_KEY", None);
    }
}
