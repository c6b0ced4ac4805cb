//! No file makes the look into archives fall, and it ends: what is unpacked is bounded.
#![no_main]

use std::io::{self, Cursor, Read};

use secret::packed::{Search, Unread, search, search_once};

/// Reads every text to its end.
#[derive(Default)]
struct Reader {
    head: Vec<u8>,
}

impl Search for Reader {
    fn first(&mut self, reader: &mut dyn Read) -> io::Result<usize> {
        self.head.clear();
        reader.take(64 * 1024).read_to_end(&mut self.head)
    }

    fn head(&self, len: usize) -> &[u8] {
        &self.head[..len]
    }

    fn text(&mut self, _: &str, _: usize, reader: &mut dyn Read) -> io::Result<()> {
        io::copy(reader, &mut io::sink()).map(drop)
    }

    fn name(&mut self, _: &str, _: &[u8]) {}

    fn unread(&mut self, _: &str, _: Unread) {}
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // An error is an answer too.
    drop(search(&mut Reader::default(), &mut Cursor::new(data)));
    drop(search_once(&mut Reader::default(), &mut &*data));
});
