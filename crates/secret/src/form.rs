//! Strings that are credentials by their form alone.

mod anchors;
mod assigned;
mod azure;
mod block;
mod carried;
mod checksum;
mod connection;
mod option;
mod password_file;
pub(crate) mod pieces;
mod placeholder;
mod reference;
mod short_label;
mod statement;
mod token;

use std::ops::Range;

pub use placeholder::is_placeholder;

/// One kind of string that is a credential by form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormRule {
    /// The rule's name, shown in markers and findings.
    pub id: &'static str,
    /// What such a string is.
    pub summary: &'static str,
}

/// One place where a credential stands by form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormMatch {
    /// The [`FormRule::id`] of the rule.
    pub rule: &'static str,
    /// Where, in bytes: the secret alone, without the user, host or label around it.
    pub range: Range<usize>,
}

/// The longest secret, in bytes, that is recognised as one; a longer one is cut there.
pub const LONGEST: usize = 16 * 1024;

/// How far before a secret, in bytes, its label, scheme or user may begin.
pub const LONGEST_LEAD: usize = 256;

/// All rules, by id.
pub static RULES: &[FormRule] = &[
    rule("age-key", "a secret key of age"),
    rule("anthropic-key", "an Anthropic API key"),
    rule("assigned-password", "a password after its label, as in `**Password**: …`"),
    rule(
        "assigned-token",
        "a value that looks random after a label as `token`, `secret` or `api_key`",
    ),
    rule("auth-header", "the value of an Authorization, Bearer or API token header"),
    rule("aws-key", "an AWS access key id"),
    rule(
        "azure-key",
        "an account key of Azure Storage or Cosmos DB, or the signature in a URL that gives access",
    ),
    rule("command-login", "the password in a command, as `curl -u user:password` or `mysql -p…`"),
    rule(
        "connection-string",
        "the password in a URL `scheme://user:password@host`, or among the parameters of a connection string",
    ),
    rule("cookie", "the value of a session's cookie"),
    rule("digitalocean-token", "a DigitalOcean token"),
    rule("docker-login", "the login of a registry in Docker's config.json"),
    rule("docker-token", "a Docker Hub access token"),
    rule("fly-token", "a Fly.io token: fo1_, fm1r_ or fm2_"),
    rule("github-token", "a GitHub token whose checksum holds, or a fine-grained one"),
    rule("gitlab-token", "a GitLab token"),
    rule("google-key", "a Google API key, OAuth client secret or access token"),
    rule("hashicorp-token", "a token of HashiCorp Vault: hvs., hvb. or hvr."),
    rule("huggingface-token", "a Hugging Face token"),
    rule("jwt", "a signed JSON Web Token"),
    rule("npm-token", "an npm token whose checksum holds"),
    rule("openai-key", "an OpenAI API key"),
    rule("password-file", "the password in an entry of .netrc or .pgpass"),
    rule("private-key", "a private key in PEM armour"),
    rule("pypi-token", "a PyPI upload token"),
    rule("sendgrid-key", "a SendGrid API key"),
    rule("shopify-token", "a Shopify access token or app secret"),
    rule("slack-token", "a Slack token"),
    rule("slack-webhook", "the secret part of a Slack webhook URL"),
    rule(
        "sql-password",
        "the password in a statement of SQL, as `PASSWORD '…'` or `IDENTIFIED BY '…'`",
    ),
    rule("stripe-key", "a Stripe secret, restricted or webhook key"),
    rule("supabase-key", "a Supabase access token or secret key"),
];

const fn rule(id: &'static str, summary: &'static str) -> FormRule {
    FormRule { id, summary }
}

/// Every credential by form in `text`, in order, none overlapping.
///
/// Placeholders, masked values and variables are spared, and so are the digests, ids and
/// timestamps that look random but are public: nothing is found for its randomness alone.
pub fn find(text: &[u8]) -> Vec<FormMatch> {
    scan(text, 0, true).0
}

/// The short strings by which credentials are found.
#[cfg(test)]
pub(crate) fn anchor_texts() -> impl Iterator<Item = &'static str> {
    (0..anchors::N_ANCHORS).map(|anchor| anchors::anchor_at(anchor).0)
}

/// What a rule says about a place where its anchor stands.
pub(crate) enum Verdict {
    /// No credential.
    Nothing,
    /// A credential of the named rule.
    Found(&'static str, Range<usize>),
    /// A secret may begin here; the text ends before that is known.
    Open(usize),
}

/// Every credential by form that begins at `from` or later, and where in `text` one may have
/// begun that is not yet whole. Earlier bytes are context.
pub(crate) fn scan(text: &[u8], from: usize, is_end: bool) -> (Vec<FormMatch>, usize) {
    let mut scan = Scan::new(text, from, is_end);
    anchors::each(text, |at, len, rule| scan.judge(at, len, rule));
    scan.finish()
}

/// A text that is being searched.
pub(crate) struct Scan<'text> {
    text: &'text [u8],
    from: usize,
    is_end: bool,
    /// Each with the place of its anchor.
    found: Vec<(usize, FormMatch)>,
    settled: usize,
}

impl<'text> Scan<'text> {
    pub(crate) fn new(text: &'text [u8], from: usize, is_end: bool) -> Self {
        let settled = if is_end { text.len() } else { anchors::unfinished(text).max(from) };
        Self { text, from, is_end, found: Vec::new(), settled }
    }

    /// Asks the rule of an anchor; the order does not matter.
    pub(crate) fn judge(&mut self, at: usize, len: usize, rule: anchors::Judge) {
        match rule(&Place { text: self.text, at, len, is_end: self.is_end }) {
            Verdict::Open(start) => self.settled = self.settled.min(start.max(self.from)),
            Verdict::Found(rule, range) if range.start >= self.from => {
                self.found.push((at, FormMatch { rule, range }));
            }
            Verdict::Found(..) | Verdict::Nothing => {}
        }
    }

    /// What was found, in order, none overlapping, and from where on nothing is settled.
    pub(crate) fn finish(self) -> (Vec<FormMatch>, usize) {
        let mut found = self.found;
        // Of two rules for the same secret the one whose anchor comes first has its name.
        found.sort_by_key(|(at, found)| (found.range.start, usize::MAX - found.range.end, *at));
        let mut found: Vec<FormMatch> = found.into_iter().map(|(_, found)| found).collect();
        found.dedup_by(|next, last| {
            let overlap = next.range.start < last.range.end;
            if overlap {
                last.range.end = last.range.end.max(next.range.end);
            }
            overlap
        });
        (found, self.settled)
    }
}

/// An anchor in a text.
pub(crate) struct Place<'text> {
    text: &'text [u8],
    at: usize,
    len: usize,
    is_end: bool,
}

impl Place<'_> {
    fn after(&self) -> usize {
        self.at + self.len
    }

    /// The end of the bytes from `start` on that `belongs` takes, at most `longest` of them;
    /// `None` where the text ends first and may go on.
    fn run(
        &self,
        start: usize,
        longest: usize,
        mut belongs: impl FnMut(u8) -> bool,
    ) -> Option<usize> {
        let rest = &self.text[start.min(self.text.len())..];
        let n_taken = rest.iter().take(longest).take_while(|&&byte| belongs(byte)).count();
        (n_taken < rest.len() || n_taken == longest || self.is_end).then_some(start + n_taken)
    }

    /// The same. What is long and has the anchor in it again ends there: a text of anchors is looked at once, and not
    /// from each to the same far end.
    fn run_before_next(
        &self,
        start: usize,
        longest: usize,
        belongs: impl Fn(u8) -> bool,
    ) -> Option<usize> {
        const LONG: usize = 256;
        let end = self.run(start, longest.min(LONG), &belongs)?;
        if end - start < LONG {
            return Some(end);
        }
        let anchor = &self.text[self.at..self.after()];
        match memchr::memmem::find(&self.text[start..end], anchor) {
            Some(at) => Some(start + at),
            None => self.run(start, longest, belongs),
        }
    }

    /// Whether no letter, digit or underscore stands before the anchor, but for one that is the end of an escape.
    fn begins_word(&self) -> bool {
        let before = &self.text[..self.at];
        match before.last() {
            Some(last) => !is_word(*last) || (may_end_escape(*last) && ends_with_escape(before)),
            None => true,
        }
    }
}

/// Whether a letter or digit can be the last of an escape or a colour code; see [`ends_with_escape`].
fn may_end_escape(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || b"nrtm".contains(&byte)
}

/// Whether a text ends with an escape of JSON or a shell, of a URL or of quoted-printable, or with a colour code.
pub fn ends_with_escape(text: &[u8]) -> bool {
    const LONGEST_COLOUR: usize = 20;
    let is_hex_behind = |mark: &[u8], n_digits: usize| {
        let split = text.len().checked_sub(n_digits).map(|at| text.split_at(at));
        split.is_some_and(|(head, digits)| {
            head.ends_with(mark) && digits.iter().all(u8::is_ascii_hexdigit)
        })
    };
    let is_colour = || {
        text.strip_suffix(b"m").is_some_and(|head| {
            let is_parameter = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
            let tail = head.iter().rev().take(LONGEST_COLOUR);
            let n_parameters = tail.take_while(is_parameter).count();
            head[..head.len() - n_parameters].ends_with(b"[")
        })
    };
    matches!(text, [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'])
        || is_hex_behind(b"%", 2)
        || is_hex_behind(b"\\x", 2)
        || is_hex_behind(b"\\u", 4)
        || text.ends_with(b"=3D")
        || is_colour()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests;
