//! As much of DER (X.690) as tells where an element ends.

/// The tag of a sequence.
pub(crate) const SEQUENCE: u8 = 0x30;

/// One element of DER: its tag, its content, and what follows.
pub(crate) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let n_bytes = usize::from(*first & 0x7f);
        let (bytes, rest) =
            rest.split_at_checked(n_bytes).filter(|_| (1..=4).contains(&n_bytes))?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}
