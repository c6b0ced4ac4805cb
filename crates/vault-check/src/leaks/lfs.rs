//! Pointers of Git LFS: what git keeps of such a file is only where it lies.

use packed::Unread;

use crate::git::Git;
use crate::leaks::archive::{self, Inside};
use crate::leaks::look::Look;
use crate::leaks::stream::Scratch;
use crate::leaks::tree;

/// A pointer is no longer than this, in bytes (the format's own limit).
pub(crate) const LONGEST: u64 = 1024;

/// What a finding names as the member that a leak stands in.
const MEMBER: &str = "(in Git LFS)";

/// Searches the file that a pointer stands for, where it is here; otherwise tells that it was not read.
pub(crate) fn follow(
    look: &Look<'_>,
    git: &Git<'_>,
    scratch: &mut Scratch,
    text: &[u8],
    inside: &mut Inside,
) {
    let Some(id) = pointed_to(text) else { return };
    // Whether it is here is known now.
    inside.unread.retain(|(member, why)| !(member.is_empty() && *why == Unread::Elsewhere));
    let path = git.path_of("lfs/objects").map(|at| at.join(&id[..2]).join(&id[2..4]).join(id));
    let mut of_file = Inside::default();
    let is_read = path
        .and_then(|path| tree::open(&path).ok())
        .filter(|file| file.metadata().is_ok_and(|found| found.is_file()))
        .is_some_and(|mut file| archive::search(look, scratch, &mut file, &mut of_file).is_ok());
    if !is_read {
        inside.unread.push((String::new(), Unread::Elsewhere));
    }
    let member = |inner: String| match inner.as_str() {
        "" => MEMBER.to_owned(),
        inner => format!("{MEMBER} {inner}"),
    };
    inside.found.extend(of_file.found.into_iter().map(|(inner, found)| (member(inner), found)));
    inside.unread.extend(of_file.unread.into_iter().map(|(inner, why)| (member(inner), why)));
}

/// The id in a pointer, 64 hexadecimal digits (git-lfs, `docs/spec.md`).
fn pointed_to(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    if !text.starts_with("version https://git-lfs.github.com/spec/") {
        return None;
    }
    let id = text.lines().find_map(|line| line.strip_prefix("oid sha256:"))?;
    (id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_says_where_its_file_is() {
        let id = "00ff".repeat(16);
        let pointer =
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 5\n");
        assert_eq!(pointed_to(pointer.as_bytes()), Some(id.as_str()));
        assert_eq!(pointed_to(pointer.replace("00ff", "../.").as_bytes()), None);
        assert_eq!(pointed_to(b"oid sha256:00"), None);
    }
}
