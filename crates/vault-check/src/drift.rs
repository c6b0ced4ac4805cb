//! Recognising one name under another spelling: `token_prod` for `api_token_prod`, `x.env.old` for `x.env`.

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
    ".new", ".old", ".bak", ".backup", ".orig", ".save", ".saved", ".tmp", ".temp", ".copy",
    ".swp", ".prev", "~",
];

const ENVIRONMENTS: [&str; 3] = ["prod", "staging", "dev"];

/// Returns the declared path that a found path stands for.
pub(crate) fn path<'d>(found: &str, declared: &[&'d str]) -> Option<(&'d str, Drift)> {
    let found = found.to_lowercase();
    if let Some(kept) = without_leftover(&found)
        && let Some(known) = declared.iter().find(|known| known.eq_ignore_ascii_case(kept))
    {
        return Some((known, Drift::Leftover));
    }
    let base = without_leftover(&found).unwrap_or(&found);
    let stem = without_extension(base);
    let words = words(stem);
    let same =
        |known: &&&str| words_agree(&words, &self::words(without_extension(&known.to_lowercase())));
    if let Some(known) = declared.iter().find(same) {
        let drift = if base == found { Drift::Alias } else { Drift::Leftover };
        return Some((known, drift));
    }
    nearest(&found, declared).map(|known| (known, Drift::Spelling))
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
    let most = (found.chars().count() / 8).clamp(1, 3);
    declared
        .iter()
        .map(|known| {
            (strsim::damerau_levenshtein(&found.to_lowercase(), &known.to_lowercase()), *known)
        })
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

fn without_leftover(path: &str) -> Option<&str> {
    LEFTOVERS.iter().find_map(|tail| path.strip_suffix(tail))
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
        assert_eq!(path(found, &DECLARED), expected, "{found}");
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
