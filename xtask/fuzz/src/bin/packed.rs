//! No file makes the look into archives fall, and it ends: what is unpacked is bounded.
#![no_main]

use std::io::{self, Cursor, Read};

use packed::{Search, Unread, search, search_once};

/// Reads every text to its end.
struct Reader([u8; 64 * 1024]);

impl Search for Reader {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn text(&mut self, _: &str, _: usize, reader: &mut dyn Read) -> io::Result<()> {
        io::copy(reader, &mut io::sink()).map(drop)
    }

    fn name(&mut self, _: &str, _: &[u8]) {}

    fn unread(&mut self, _: &str, _: Unread) {}
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // An error is an answer too.
    let mut reader = Reader([0; 64 * 1024]);
    drop(search(&mut reader, &mut Cursor::new(data)));
    drop(search_once(&mut reader, &mut &*data));
});
