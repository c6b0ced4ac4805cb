//! Whether a file holds a credential that cannot be cut out of it, and which part of it nobody can look into.

use std::io::{self, Read};

use packed::{Search, Unread};
use secret::{Redactor, SecretSet};

use super::utf16::{Decoder, Order};

/// What a look into a file says about it.
#[derive(Default)]
pub(super) struct Inspected {
    /// Replacing bytes does not break it.
    pub(super) is_text: bool,
    /// It is text in UTF-16, and is redacted as that.
    pub(super) utf16: Option<Order>,
    /// The parts that hold a credential: empty for the file itself, else the member.
    pub(super) holding: Vec<String>,
    /// The parts that could not be looked into, and why.
    pub(super) unread: Vec<(String, &'static str)>,
}

/// Looks into a file, and into what is packed in it.
pub(super) fn inspect<R: Read + io::Seek>(
    reader: &mut R,
    set: &SecretSet,
) -> io::Result<Inspected> {
    let inspected = Inspected { is_text: true, ..Inspected::default() };
    let mut inspector = Inspector { set, buffer: vec![0; 64 * 1024], inspected };
    packed::search(&mut inspector, reader)?;
    Ok(inspector.inspected)
}

struct Inspector<'set> {
    set: &'set SecretSet,
    buffer: Vec<u8>,
    inspected: Inspected,
}

impl Search for Inspector<'_> {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn text(&mut self, member: &str, mut len: usize, reader: &mut dyn Read) -> io::Result<()> {
        let head = &self.buffer[..len];
        if !member.is_empty() || packed::is_packed(head) {
            self.inspected.is_text = false;
        }
        let utf16 = Order::of(head).filter(|_| member.is_empty());
        let mut decoder = utf16.map(Decoder::new);
        let (mut redactor, mut clean) = (Redactor::with_forms(self.set), Vec::new());
        let outcome = loop {
            let piece = &self.buffer[..len];
            self.inspected.is_text &= !piece.contains(&0);
            redactor.push(piece, &mut clean);
            clean.clear();
            if decoder.as_mut().is_some_and(|decoder| decoder.push(piece, &mut clean).is_err()) {
                decoder = None;
            }
            clean.clear();
            match reader.read(&mut self.buffer) {
                Ok(0) => break Ok(()),
                Ok(n_read) => len = n_read,
                Err(again) if again.kind() == io::ErrorKind::Interrupted => len = 0,
                Err(failed) => break Err(failed),
            }
        };
        redactor.finish(&mut clean);
        self.inspected.utf16 = decoder.filter(Decoder::is_whole).and(utf16);
        if redactor.counts().values().any(|&count| count > 0) {
            self.inspected.holding.push(member.to_owned());
        }
        outcome
    }

    fn name(&mut self, member: &str, name: &[u8]) {
        let mut redactor = Redactor::with_forms(self.set);
        let mut clean = Vec::new();
        redactor.push(name, &mut clean);
        redactor.finish(&mut clean);
        if redactor.counts().values().any(|&count| count > 0) {
            self.inspected.holding.push(member.to_owned());
        }
    }

    fn unread(&mut self, member: &str, why: Unread) {
        self.inspected.unread.push((member.to_owned(), why.text()));
    }

    fn wants_words(&self) -> bool {
        true
    }
}
