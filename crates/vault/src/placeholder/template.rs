//! What only a template says: a value spelt out of the words for one, and the marks that tools replace.

use std::collections::HashSet;

use super::{ASKED_FOR, between, is_name, is_variable, placeholder};

/// The words that ask for a value, or call one a sham.
const ASKING: [&str; 21] = [
    "bogus", "dummy", "enter", "fake", "fill", "filled", "goes", "here", "insert", "mock", "my",
    "not", "paste", "provided", "put", "replaced", "sample", "set", "supply", "tbd", "your",
];

/// The words that stand beside them.
const BESIDE: [&str; 31] = [
    "a",
    "access",
    "account",
    "admin",
    "api",
    "apikey",
    "auth",
    "be",
    "bearer",
    "client",
    "credential",
    "credentials",
    "in",
    "key",
    "me",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "please",
    "private",
    "pwd",
    "real",
    "secret",
    "service",
    "signing",
    "the",
    "to",
    "token",
    "value",
    "webhook",
];

/// How long the words are.
const LONGEST_WORD: usize = 11;

/// Longer ones are sentences, which nobody puts in.
const LONGEST: usize = 48;

/// `insert_token_here`, `my-api-key`, `not-a-real-token`: of two words or more each is one of these, and one asks.
///
/// A passphrase of random words has others, and a random token has digits.
pub(super) fn is_spelt_out(plain: &str) -> bool {
    let is_separator = |byte: u8| b"-_ ".contains(&byte);
    // Most values have something else among their first bytes, or no word ends there.
    let first = plain.bytes().take(LONGEST_WORD + 1).position(|byte| !byte.is_ascii_alphabetic());
    if !first.is_some_and(|at| is_separator(plain.as_bytes()[at]))
        || plain.len() > LONGEST
        || !plain.bytes().all(|byte| byte.is_ascii_alphabetic() || is_separator(byte))
    {
        return false;
    }
    let is_one_of =
        |words: &[&str], word: &str| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    let mut words = plain.split(['-', '_', ' ']);
    let mut asks = false;
    let is_known = words.all(|word| {
        let is_asking = is_one_of(&ASKING, word);
        asks |= is_asking;
        is_asking || is_one_of(&BESIDE, word)
    });
    is_known && asks
}

/// `XXXX-XXXX-XXXX`.
pub(super) fn is_crossed_out(text: &str) -> bool {
    let is_cross = |byte: u8| matches!(byte, b'x' | b'X');
    text.bytes().next().is_some_and(is_cross)
        && text.bytes().all(|byte| is_cross(byte) || b"-_ .".contains(&byte))
        && text.bytes().filter(|byte| is_cross(*byte)).count() >= 4
}

/// `__TOKEN__`, `@@TOKEN@@`, `#{Token}`, `<%= … %>`: the marks of Azure, Octopus, ERB and others.
pub(super) fn has_marks(text: &str) -> bool {
    let whole = |open: &str, close: &str| {
        let inner = text.strip_prefix(open)?.strip_suffix(close)?;
        (!inner.is_empty()).then_some(inner)
    };
    // The name of PyPI's user is `__token__`, in small letters.
    whole("__", "__").is_some_and(is_variable)
        || whole("@@", "@@").is_some_and(is_variable)
        || whole("#{", "}").is_some()
        || whole("<%", "%>").is_some()
        || between(text, "#{", "}").any(|(inner, _)| is_variable(inner))
        || between(text, "<%=", "%>").any(|(inner, _)| !inner.is_empty())
}

/// The schemes by which programs name a secret that lies elsewhere.
const ELSEWHERE: [&str; 16] = [
    "akv",
    "aws-sm",
    "aws-ssm",
    "awssm",
    "awsssm",
    "azure-kv",
    "azurekeyvault",
    "bws",
    "doppler",
    "gcp-sm",
    "gcpsm",
    "infisical",
    "keyvault",
    "op",
    "secret",
    "secretsmanager",
];

/// `aws-sm://prod/x`, `ref+vault://…`: where a value lies is no value.
pub(super) fn is_elsewhere(scheme: &str) -> bool {
    scheme.starts_with("ref+") || ELSEWHERE.iter().any(|known| known.eq_ignore_ascii_case(scheme))
}

/// The keys that AWS prints: `AKIA…EXAMPLE` and `…EXAMPLEKEY`, whatever stands between.
pub(super) fn is_of_aws(folded: &str) -> bool {
    let is_id = (folded.starts_with("akia") || folded.starts_with("asia")) && folded.len() == 20;
    (is_id && folded.ends_with("example")) || (folded.len() >= 30 && folded.ends_with("examplekey"))
}

/// `<your-password>`, and no element of XML, which is closed: `<password>…</password>` is judged by what it holds.
pub(super) fn has_tag(folded: &str) -> bool {
    let tags = folded.match_indices('<').map_while(|(at, _)| folded[at + 1..].split_once('>'));
    let mut asked = tags
        .filter(|(name, _)| is_name(name) && ASKED_FOR.iter().any(|word| name.contains(word)))
        .peekable();
    if asked.peek().is_none() {
        return false;
    }
    let closed: HashSet<&str> =
        between(folded, "</", ">").map(|(name, _)| name).filter(|name| is_name(name)).collect();
    let is_stand_in = |name: &str, behind: &str| {
        let content = behind.split('<').next().unwrap_or_default().trim();
        let is_secret = ["pass", "secret", "token", "key"].iter().any(|word| name.contains(word));
        is_secret && placeholder(name, content.as_bytes()).is_some()
    };
    asked.any(|(name, behind)| !closed.contains(name) || is_stand_in(name, behind))
}

/// Whether a name in brackets is a part of another name, by what stands behind it: `filter[name]=open`.
pub(super) fn is_index(behind: &str) -> bool {
    ["=", "[", "%5b", "%3d"].iter().any(|next| behind.starts_with(next))
}

/// Whether a host in brackets has a port behind it, as in a file of known hosts: `[db-host.example.com]:2222`.
pub(super) fn is_port(behind: &str) -> bool {
    behind
        .strip_prefix(':')
        .is_some_and(|port| port.starts_with(|first: char| first.is_ascii_digit()))
}

/// Whether a text is that of an INI file: each line with a name in brackets has nothing else, and another with `=`
/// follows the first.
pub(super) fn is_of_sections(folded: &str) -> bool {
    let mut lines = folded.lines().map(str::trim).filter(|line| line.contains(['[', '=']));
    let is_section =
        |line: &str| line.starts_with('[') && line.ends_with(']') && !line.contains("your");
    let Some(first) = lines.next() else { return false };
    let mut has_setting = false;
    is_section(first)
        && lines.all(|line| {
            has_setting |= line.contains('=');
            line.contains('=') && !line.contains('[') || is_section(line)
        })
        && has_setting
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_word_is_longer_than_what_is_looked_at_first() {
        let longest = ASKING.iter().chain(&BESIDE).map(|word| word.len()).max();
        assert_eq!(longest, Some(LONGEST_WORD));
    }

    #[test]
    fn words_that_are_not_for_a_value_spare_the_rest() {
        for text in [
            "my-app",
            "api_key",
            "secret-key",
            "put",
            "sample_db",
            "test_user",
            "my_key_9",
            "my--key",
        ] {
            assert!(!is_spelt_out(text), "{text}");
        }
        for text in ["MY_API_KEY", "put the key here", "Fake-Token", "SET_ME", "not-set", "fill-in"]
        {
            assert!(is_spelt_out(text), "{text}");
        }
    }

    #[test]
    fn an_element_of_xml_is_no_template() {
        let check = |text: &str, expected: bool| {
            let is_stand_in = placeholder("", text.as_bytes()).is_some();
            assert_eq!(is_stand_in, expected, "{text}");
        };
        let file = |password: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<servers>\n  <username>deployer</username>\n  <password>{password}</password>\n</servers>\n"
            )
        };
        check(&file("CANARYMv7Vw2xTzP"), false);
        check(&file("changeit"), true);
        check(&file("YOUR_PASSWORD"), true);
        check(&file("<your-password>"), true);
        check("<password>CANARYMv7Vw2xTzP", true);
        check("https://u:<token>@h/</x>", true);
        check("[user]\nname = deployer\ntoken = CANARYkq7Vw2xTzP\n", false);
        check("[api]\r\nkey = CANARYkq7Vw2xTzP\r\n[host]\r\na = b\r\n", false);
        check("[api]\nkey = [token]\n", true);
        check("[your-key]\na = b\n", true);
        check("[api]\n", true);
    }

    #[test]
    fn a_text_of_tags_is_judged_in_time() {
        let text = format!("{}{}", "<key>".repeat(100_000), "</key>");
        assert_eq!(placeholder("", text.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn random_words_are_no_template(text in "[b-z]{5,9}([-_ ][b-z]{5,9}){1,4}") {
            prop_assume!(!ASKING.iter().any(|word| text.to_ascii_lowercase().contains(word)));
            prop_assert!(!is_spelt_out(&text));
            prop_assert!(!has_marks(&text));
        }

        #[test]
        fn random_passwords_have_no_marks(text in "[!-~]{8,40}") {
            prop_assume!(!text.contains("#{") && !text.contains("<%"));
            prop_assume!(!text.starts_with("__") && !text.starts_with("@@"));
            prop_assert!(!has_marks(&text) && !is_crossed_out(&text));
        }
    }
}
