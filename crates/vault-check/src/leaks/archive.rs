//! Searches a file, and what is packed in it, for leaks.

use std::io::{self, Read, Seek};

use packed::Search;

use crate::leaks::look::Look;
use crate::leaks::stream::{Found, Scratch, in_text};

pub(crate) use packed::Unread;

/// What was found in one file, and which members of it could not be read.
#[derive(Default)]
pub(crate) struct Inside {
    /// Each with the member it stands in; empty for the file itself.
    pub(crate) found: Vec<(String, Found)>,
    /// Each with the member, empty for the file itself.
    pub(crate) unread: Vec<(String, Unread)>,
}

/// Searches a text that can be sought in, and all that is packed in it.
pub(crate) fn search<R: Read + Seek>(
    look: &Look<'_>,
    scratch: &mut Scratch,
    reader: &mut R,
    inside: &mut Inside,
) -> io::Result<()> {
    packed::search(&mut Searcher { look, scratch, inside }, reader)
}

/// Searches what can only be read once, as a pipe, and all that is packed in it.
pub(crate) fn search_once(
    look: &Look<'_>,
    scratch: &mut Scratch,
    reader: &mut dyn Read,
    inside: &mut Inside,
) -> io::Result<()> {
    packed::search_once(&mut Searcher { look, scratch, inside }, reader)
}

struct Searcher<'a> {
    look: &'a Look<'a>,
    scratch: &'a mut Scratch,
    inside: &'a mut Inside,
}

impl Search for Searcher<'_> {
    fn buffer(&mut self) -> &mut [u8] {
        self.scratch.buffer()
    }

    fn text(&mut self, member: &str, len: usize, reader: &mut dyn Read) -> io::Result<()> {
        let mut found = Vec::new();
        self.scratch.search(self.look, len, reader, &mut found)?;
        self.inside.found.extend(found.into_iter().map(|found| (member.to_owned(), found)));
        Ok(())
    }

    fn name(&mut self, member: &str, name: &[u8]) {
        if name.len() < secret::SHORTEST {
            return;
        }
        let found = in_text(self.look, name);
        self.inside.found.extend(found.into_iter().map(|found| (member.to_owned(), found)));
    }

    fn unread(&mut self, member: &str, why: Unread) {
        self.inside.unread.push((member.to_owned(), why));
    }
}
