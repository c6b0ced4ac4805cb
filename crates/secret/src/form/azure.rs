//! Keys of Azure, and the signatures that give access in its URLs.

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::assigned::{is_random, value_start};
use super::placeholder::is_placeholder;
use super::{LONGEST_LEAD, Place, Verdict};

/// `AccountKey=…`, `AZURE_STORAGE_KEY=…`: the Base64 of 64 bytes.
pub(super) fn key(place: &Place<'_>) -> Verdict {
    const LENGTH: usize = 88;
    let Some(start) = value_start(place) else { return Verdict::Nothing };
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let Some(end) = place.run(start, LENGTH + 1, belongs) else { return Verdict::Open(start) };
    let value = &place.text[start..end];
    let is_key = value.len() == LENGTH && value.ends_with(b"==") && is_random(value);
    let is_public = AZURE_EMULATORS.iter().any(|head| value.starts_with(head));
    if is_key && !is_public && !is_placeholder(value) {
        Verdict::Found("azure-key", start..end)
    } else {
        Verdict::Nothing
    }
}

/// `…?sv=…&sig=…`: 32 bytes in Base64, beside another parameter of a shared access signature.
pub(super) fn signature(place: &Place<'_>) -> Verdict {
    const LENGTH: usize = 43;
    let start = place.after();
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || b"%+/=_-".contains(&byte);
    let Some(end) = place.run(start, 3 * LENGTH, belongs) else { return Verdict::Open(start) };
    let before = &place.text[start.saturating_sub(LONGEST_LEAD)..place.at];
    let is_beside = [&b"sv="[..], b"se=", b"sr="]
        .iter()
        .any(|parameter| memchr::memmem::find(before, parameter).is_some());
    let bytes = Zeroizing::new(percent_decode(&place.text[start..end]).collect::<Vec<u8>>());
    let value = bytes.strip_suffix(b"=").unwrap_or(&bytes);
    if is_beside && value.len() == LENGTH && is_random(value) && !is_placeholder(value) {
        Verdict::Found("azure-key", start..end)
    } else {
        Verdict::Nothing
    }
}

/// How the keys begin that the emulators of Azure Storage and Cosmos DB have everywhere, as their manuals print them.
const AZURE_EMULATORS: [&[u8]; 2] = [b"Eby8vdM02xNOcqFl", b"C2y6yDjf5/R+ob0N"];
