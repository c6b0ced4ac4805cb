//! What a credential probably is: its shape and its environment, for `init` to propose.

use opsfile::Shape;
use secret::Secret;

/// Shapes that say enough of a value to be proposed by it alone, the telling ones first.
const TELLING: [Shape; 9] = [
    Shape::PostgresUrl,
    Shape::RedisUrl,
    Shape::PrivateKey,
    Shape::SupabaseKey,
    Shape::Jwt,
    Shape::Uuid,
    Shape::HttpsUrl,
    Shape::Url,
    Shape::Email,
];

/// Proposes a shape for a value by its form and its key's name.
pub(crate) fn shape(key: &str, value: &Secret) -> Shape {
    // The bytes are compared with shapes and go nowhere.
    let bytes = value.expose();
    let fits = |shape: &Shape| vault::fits(shape, bytes).is_ok();
    let is_real = !bytes.is_empty() && vault::placeholder(key, bytes).is_none();
    // `8888` and `999` are numbers like others where no secret is meant.
    let is_number = fits(&Shape::Integer) && bytes.len() <= 4 && bytes.first() != Some(&b'0');
    if !is_real && !is_number {
        return by_name(key);
    }
    let names_secret = names_secret(&key.to_ascii_uppercase());
    let tells = |shape: &&Shape| fits(shape) && !(names_secret && **shape == Shape::Email);
    if let Some(shape) = TELLING.iter().find(tells) {
        return shape.clone();
    }
    let begins = |prefix: &str| bytes.starts_with(prefix.as_bytes());
    if (begins("FlyV1 ") || begins("fo1_") || begins("fm2_") || begins("fm1"))
        && fits(&Shape::FlyToken)
    {
        return Shape::FlyToken;
    }
    if (begins("{") || begins("[")) && fits(&Shape::Json) {
        return Shape::Json;
    }
    // The next password may be of anything.
    if names_secret {
        return Shape::Any;
    }
    if fits(&Shape::Bool) {
        return Shape::Bool;
    }
    let named = by_name(key);
    if matches!(named, Shape::Port | Shape::Hostname | Shape::Integer) && fits(&named) {
        return named;
    }
    // A long row of digits may be a token; an id or a number is short.
    if fits(&Shape::Integer) && bytes.len() <= 9 { Shape::Integer } else { Shape::Any }
}

fn by_name(key: &str) -> Shape {
    let key = key.to_ascii_uppercase();
    let has = |word: &str| key.split('_').any(|part| part == word);
    let ends = |words: &[&str]| words.contains(&last_word(&key));
    let is_address = has("URL") || has("DSN");
    match () {
        () if has("FLY") && has("TOKEN") => Shape::FlyToken,
        () if names_secret(&key) => Shape::Any,
        () if (has("DATABASE") || has("POSTGRES") || has("PG")) && is_address => Shape::PostgresUrl,
        () if has("REDIS") && has("URL") => Shape::RedisUrl,
        () if has("URL") => Shape::Url,
        () if ends(&["PORT"]) => Shape::Port,
        () if ends(&["HOST", "HOSTNAME", "DOMAIN"]) => Shape::Hostname,
        () if ends(&["EMAIL"]) => Shape::Email,
        () => Shape::Any,
    }
}

/// Whether a key in capitals names a secret, whatever it is a secret of: `EMAIL_HOST_PASSWORD`.
fn names_secret(key: &str) -> bool {
    let words = ["KEY", "PASS", "PASSPHRASE", "PASSWD", "PASSWORD", "PWD", "SECRET", "TOKEN"];
    words.contains(&last_word(key))
}

fn last_word(key: &str) -> &str {
    key.rsplit('_').next().unwrap_or(key)
}

/// Proposes an environment by the words of a path; none where it names none.
pub(crate) fn environment(path: &str) -> Option<&'static str> {
    path.to_ascii_lowercase().split(['/', '_', '-', '.']).find_map(|word| match word {
        "staging" | "stage" | "stg" => Some("staging"),
        "prod" | "production" | "live" => Some("production"),
        "dev" | "development" | "local" => Some("development"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, value: &str, expected: &str) {
        assert_eq!(shape(key, &Secret::from(value.to_owned())).as_str(), expected, "{key}");
    }

    #[test]
    fn values_tell_their_shape() {
        check("X", "postgresql://u:CANARYp@h:5432/db", "postgres-url");
        check("X", "rediss://:CANARYp@h", "redis-url");
        check("X", "https://h.example/path", "https-url");
        check("X", "amqp://h.example/path", "url");
        check("X", "fo1_CANARYabcdefghijklmnop", "fly-token");
        check("X", "123e4567-e89b-12d3-a456-426614174000", "uuid");
        check("X", "a@b.example", "email");
        check("X", "{\"a\": 1}", "json");
        check("X", "true", "bool");
        check("X", "42", "integer");
        check("X", "999", "integer");
        check("X", "0000", "any");
        check("X_PORT", "8888", "port");
        check("X_PASSWORD", "1111", "any");
        check("X", "CANARYsomething", "any");
        check("X", "123456789012345", "any");
    }

    #[test]
    fn names_tell_it_where_values_do_not() {
        check("DATABASE_URL", "", "postgres-url");
        check("REDIS_URL", "changeme", "redis-url");
        check("POSTGRES_PORT", "5432", "port");
        check("POSTGRES_HOST", "db.example", "hostname");
        check("CHATWOOT_ACCOUNT_ID", "7", "integer");
        check("CLOUDFLARE_ACCOUNT_ID", "", "any");
        check("API_KEY", "<key>", "any");
        check("SENTRY_DSN", "", "any");
        check("POSTGRES_DSN", "", "postgres-url");
        check("FLY_API_TOKEN", "", "fly-token");
    }

    #[test]
    fn a_secret_may_be_followed_by_one_of_another_shape() {
        check("EMAIL_HOST_PASSWORD", "CANARYabcd", "any");
        check("EMAIL_HOST_PASSWORD", "", "any");
        check("EMAIL_HOST_USER", "apikey", "any");
        check("DB_PASSWORD", "12345678", "any");
        check("PASSWORD", "CANARY@ss.word", "any");
        check("PORTAL_TOKEN", "1234", "any");
        check("URL_SIGNING_SECRET", "", "any");
        check("DEPLOY_KEY", "123e4567-e89b-12d3-a456-426614174000", "uuid");
    }

    #[test]
    fn paths_tell_the_environment() {
        assert_eq!(environment("supabase/service_key_prod.env"), Some("production"));
        assert_eq!(environment("chatwoot/redis_staging.env"), Some("staging"));
        assert_eq!(environment("fly/api_token.env"), None);
        assert_eq!(environment("supabase/product_key.env"), None);
    }
}
