//! The short strings by which credentials are found, and the search for them.

use std::sync::LazyLock;

use super::{
    Place, Verdict, assigned, azure, block, carried, connection, is_word, option, password_file,
    short_label, statement, token,
};

pub(crate) type Judge = fn(&Place<'_>) -> Verdict;

/// Strings that begin a secret themselves, so that a cut-off one must be held back.
const HEADS: &[(&str, Judge)] = &[
    ("-----BEGIN ", block::private_key),
    ("eyJ", token::jwt),
    ("ghp_", token::github),
    ("gho_", token::github),
    ("ghu_", token::github),
    ("ghs_", token::github),
    ("ghr_", token::github),
    ("github_pat_", token::github_fine_grained),
    ("npm_", token::npm),
    ("AKIA", token::aws),
    ("ASIA", token::aws),
    ("xoxb-", token::slack),
    ("xoxp-", token::slack),
    ("xoxa-", token::slack),
    ("xoxr-", token::slack),
    ("xoxs-", token::slack),
    ("xoxe", token::slack),
    ("xapp-", token::slack),
    ("sk_live_", token::stripe),
    ("rk_live_", token::stripe),
    ("sk_test_", token::stripe),
    ("rk_test_", token::stripe),
    ("whsec_", token::stripe),
    ("fo1_", token::fly),
    ("fm2_", token::fly),
    ("fm1r_", token::fly),
    ("fm1a_", token::fly),
    ("sbp_", token::supabase),
    ("sb_secret_", token::supabase),
    ("AIza", token::google),
    ("GOCSPX-", token::google),
    ("sk-ant-", token::anthropic),
    ("sk-proj-", token::openai),
    ("sk-svcacct-", token::openai),
    ("glpat-", token::gitlab),
    ("shpat_", token::shopify),
    ("shpss_", token::shopify),
    ("shppa_", token::shopify),
    ("shpca_", token::shopify),
    ("SG.", token::sendgrid),
    ("dop_v1_", token::digitalocean),
    ("dckr_pat_", token::docker),
    ("pypi-AgEI", token::pypi),
    ("hf_", token::huggingface),
    ("AGE-SECRET-KEY-1", token::age),
    ("ya29.", token::google_access),
    ("hvs.", token::hashicorp),
    ("hvr.", token::hashicorp),
    ("hvb.", token::hashicorp_batch),
];

/// Strings that stand before a secret, and where in each a rare piece begins. Their first letter
/// is left away where it has two cases.
const LABELS: &[(&str, usize, Judge)] = &[
    ("://", 0, connection::password),
    ("hooks.slack.com/services/", 4, token::slack_webhook),
    ("uthorization", 4, assigned::header),
    ("UTHORIZATION", 4, assigned::header),
    ("earer ", 1, assigned::header),
    ("api_access_token", 2, assigned::header),
    ("pi-key", 1, assigned::token),
    ("pi-Key", 1, assigned::token),
    ("pi_key", 1, assigned::token),
    ("PI_KEY", 1, assigned::token),
    ("piKey", 1, assigned::token),
    ("pikey", 1, assigned::token),
    ("oken", 0, assigned::token),
    ("OKEN", 0, assigned::token),
    ("ecret", 0, assigned::token),
    ("ECRET", 0, assigned::token),
    ("ccess_key", 4, assigned::token),
    ("CCESS_KEY", 4, assigned::token),
    ("ccessKey", 4, assigned::token),
    ("assword", 1, assigned::password),
    ("ASSWORD", 1, assigned::password),
    ("asswd", 1, assigned::password),
    ("PASSWD", 2, assigned::password),
    ("_PASS", 0, short_label::password),
    ("_pass", 0, short_label::password),
    ("_PWD", 0, short_label::password),
    ("_pwd", 0, short_label::password),
    (";Pwd=", 1, connection::pwd),
    (";PWD=", 1, connection::pwd),
    (";pwd=", 1, connection::pwd),
    ("ookie", 1, carried::cookie),
    ("OOKIE", 1, carried::cookie),
    (" -u ", 0, carried::login),
    ("--user", 0, carried::login),
    ("mysql -u", 0, option::mysql),
    ("mysql -h", 0, option::mysql),
    ("mysql -p", 0, option::mysql),
    ("mysql --", 0, option::mysql),
    ("mysqldump ", 2, option::mysql),
    ("mysqladmin ", 3, option::mysql),
    ("mariadb -", 1, option::mysql),
    ("mariadb-dump ", 1, option::mysql),
    ("redis-cli -", 1, option::redis),
    ("sshpass -p", 0, option::sshpass),
    ("sqlcmd -", 0, option::sqlcmd),
    ("smbclient ", 0, option::smbclient),
    ("-passin pass:", 0, option::openssl),
    ("-passout pass:", 0, option::openssl),
    ("REDISCLI_AUTH", 4, assigned::certain),
    ("DENTIFIED ", 1, statement::identified),
    ("dentified by ", 2, statement::identified),
    ("dentified with ", 2, statement::identified),
    (":5432:", 0, password_file::pgpass),
    (":6432:", 0, password_file::pgpass),
    (":6543:", 0, password_file::pgpass),
    (":*:*:", 0, password_file::pgpass),
    ("\"auth\": \"", 0, password_file::docker),
    ("\"auth\":\"", 0, password_file::docker),
    ("\"auth\\\": \\\"", 0, password_file::docker),
    ("\"auth\\\":\\\"", 0, password_file::docker),
    ("ccountKey", 1, azure::key),
    ("ccount_key", 1, azure::key),
    ("CCOUNT_KEY", 2, azure::key),
    ("TORAGE_KEY", 2, azure::key),
    ("&sig=", 0, azure::signature),
    (";sig=", 0, azure::signature),
    ("6sig=", 0, azure::signature),
];

/// How many strings there are, and how many of them begin a secret; these come first.
pub(super) const N_ANCHORS: usize = HEADS.len() + LABELS.len();
pub(super) const N_HEADS: usize = HEADS.len();

/// Calls `judge` for each anchor in `text` with its place and length, in order of place.
///
/// Every second byte three bytes are looked up, so that of two pieces of an anchor that begin
/// one after the other one is met.
pub(super) fn each(text: &[u8], mut judge: impl FnMut(usize, usize, Judge)) {
    let pieces = &*PIECES;
    let mut at = 0;
    while let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk::<{ BLOCK + 2 }>) {
        // Most blocks have nothing, and that is all that has to be known of them.
        let seen = (0..BLOCK / 2).fold(0, |seen, go| seen | pieces.present[slot(&block[go * 2..])]);
        if seen != 0 {
            for go in (0..BLOCK).step_by(2).filter(|&go| pieces.present[slot(&block[go..])] != 0) {
                pieces.judge_at(text, at + go, &mut judge);
            }
        }
        at += BLOCK;
    }
    while at + 3 <= text.len() {
        pieces.judge_at(text, at, &mut judge);
        at += 2;
    }
}

/// How many bytes are looked at in one go.
const BLOCK: usize = 32;

/// Three bytes of an anchor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    bytes: u32,
    anchor: usize,
    /// Where in the anchor they begin, plus one: they may begin with the byte before it.
    offset_plus_one: usize,
}

struct Pieces {
    /// Not 0 in the slot of each piece; small enough for the first cache.
    present: Box<[u8; N_SLOTS]>,
    sorted: Vec<Piece>,
}

const N_SLOTS: usize = 1 << 15;

static PIECES: LazyLock<Pieces> = LazyLock::new(|| {
    let mut pieces = Pieces { present: Box::new([0; N_SLOTS]), sorted: Vec::new() };
    for anchor in 0..N_ANCHORS {
        let (bytes, rare, _) = anchor_at(anchor);
        let bytes = bytes.as_bytes();
        let mut add = |piece: &[u8], offset_plus_one| {
            pieces.sorted.push(Piece { bytes: read(piece), anchor, offset_plus_one });
        };
        add(&bytes[rare..], rare + 1);
        if bytes.len() > rare + 3 {
            add(&bytes[rare + 1..], rare + 2);
        } else {
            // An anchor of three bytes stands between bytes that are known by their kind.
            for other in (0..=u8::MAX).filter(|&byte| is_word(byte) || b"-+.".contains(&byte)) {
                match bytes {
                    b"://" => add(&[other, b':', b'/'], 0),
                    _ => add(&[bytes[1], bytes[2], other], 2),
                }
            }
        }
    }
    pieces.sorted.sort_unstable();
    for piece in &pieces.sorted {
        pieces.present[slot(&piece.bytes.to_le_bytes())] = 1;
    }
    pieces
});

impl Pieces {
    fn judge_at(&self, text: &[u8], at: usize, judge: &mut impl FnMut(usize, usize, Judge)) {
        let bytes = read(&text[at..]);
        let first = self.sorted.partition_point(|piece| piece.bytes < bytes);
        for piece in self.sorted[first..].iter().take_while(|piece| piece.bytes == bytes) {
            let (anchor, _, rule) = anchor_at(piece.anchor);
            let Some(start) = (at + 1).checked_sub(piece.offset_plus_one) else { continue };
            if text[start..].starts_with(anchor.as_bytes()) {
                judge(start, anchor.len(), rule);
            }
        }
    }
}

pub(super) fn anchor_at(index: usize) -> (&'static str, usize, Judge) {
    match HEADS.get(index) {
        Some(&(head, judge)) => (head, 0, judge),
        None => LABELS[index - HEADS.len()],
    }
}

/// The first three bytes of `text` as a number.
fn read(text: &[u8]) -> u32 {
    text.first_chunk::<3>().map_or(0, |[a, b, c]| u32::from_le_bytes([*a, *b, *c, 0]))
}

/// The slot of the first three of these four bytes, which differs for most pieces. The fourth is
/// shifted out: one load of four bytes is quicker than one of two and one of one.
#[inline]
fn slot(four: &[u8]) -> usize {
    let four = four.first_chunk().map_or(0, |four| u32::from_le_bytes(*four));
    (four.wrapping_mul(0x9e37_79b1 << 8) >> 17) as usize
}

/// Where at the end of `text` the beginning of a secret's own anchor stands.
pub(super) fn unfinished(text: &[u8]) -> usize {
    const LONGEST: usize = 16;
    let start = text.len().saturating_sub(LONGEST);
    (start..text.len())
        .find(|&at| {
            let tail = &text[at..];
            (at == 0 || !is_word(tail[0]) || !is_word(text[at - 1]))
                && HEADS
                    .iter()
                    .any(|(head, _)| head.len() >= tail.len() && head.as_bytes().starts_with(tail))
        })
        .unwrap_or(text.len())
}
