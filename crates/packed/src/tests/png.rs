//! Pictures whose packed texts are searched.

use super::*;

fn chunk(kind: &str, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&len, kind.as_bytes(), body, b"sum."].concat()
}

/// A picture with these chunks in it.
pub(super) fn png(chunks: &[u8]) -> Vec<u8> {
    let (header, pixels) = (chunk("IHDR", &[0; 13]), chunk("IDAT", &zlib(&[7; 4000])));
    [super::super::png::SIGNATURE, &header, chunks, &pixels, &chunk("IEND", b"")].concat()
}

/// The same with a packed text.
pub(super) fn with_text(text: &[u8]) -> Vec<u8> {
    png(&chunk("zTXt", &[b"Comment\0\0", &zlib(text)[..]].concat()))
}

#[test]
fn packed_texts_of_a_picture_are_searched() {
    let text = format!("one\n{TOKEN}\n");
    let packed = zlib(text.as_bytes());
    let whole = with_text(text.as_bytes());
    for (kind, head) in [
        ("zTXt", &b"Comment\0\0"[..]),
        ("iCCP", b"icc\0\0"),
        ("iTXt", b"XML:com.adobe.xmp\0\x01\0en\0title\0"),
    ] {
        let picture = png(&chunk(kind, &[head, &packed].concat()));
        assert_eq!(searched(&picture), (1, vec![]), "{kind}");
        assert_eq!(searched_once(&picture), (1, vec![]), "{kind}");
        assert_eq!(searched(&gzip(&tar(&picture))), (1, vec![]), "{kind}");
    }
    for plain in [
        chunk("tEXt", &[b"Comment\0", text.as_bytes()].concat()),
        chunk("iTXt", &[b"Comment\0\0\0\0\0", text.as_bytes()].concat()),
        chunk("zTXt", &[b"Comment\0\0", &zlib(&gzip(text.as_bytes()))[..]].concat()),
    ] {
        assert_eq!(searched(&png(&plain)), (1, vec![]));
    }
    for behind in [text.as_bytes(), &packed, &gzip(text.as_bytes()), &whole] {
        assert_eq!(searched(&[&png(b""), behind].concat()), (1, vec![]));
    }
    let zipped = zip(text.as_bytes(), 8, 0);
    assert_eq!(searched(&[&png(b""), &b"some"[..], &zipped].concat()), (1, vec![]));
    assert_eq!(searched(&png(b"")), (0, vec![]));
    assert_eq!(searched(&png(b"")[..60]), (0, vec![]));
}

#[test]
fn pictures_in_a_row_and_inside_each_other_are_followed_so_far() {
    let small = [super::super::png::SIGNATURE, &chunk("IEND", b"")].concat();
    let row = small.repeat(20_000);
    for last in [with_text(TOKEN.as_bytes()), gzip(TOKEN.as_bytes()), TOKEN.as_bytes().to_vec()] {
        assert_eq!(searched(&[&row[..], &last].concat()), (1, vec![]));
        assert_eq!(searched_once(&[&row[..], &last].concat()), (1, vec![]));
    }
    let nested =
        |n_pictures| (0..n_pictures).fold(TOKEN.as_bytes().to_vec(), |inner, _| with_text(&inner));
    assert_eq!(searched(&nested(5)), (1, vec![]));
    assert_eq!(searched(&nested(6)).1, [Unread::TooDeep]);
    assert_eq!(searched(&nested(300)).1, [Unread::TooDeep]);
    let bomb = chunk("zTXt", &[b"a\0\0", &zlib(&vec![0; 512 << 10])[..]].concat());
    let (_, unread) = searched(&png(&bomb).repeat(50));
    assert!(!unread.is_empty() && unread.iter().all(|why| *why == Unread::TooLarge), "{unread:?}");
}

#[test]
fn packed_texts_that_cannot_be_read_are_told() {
    let packed = zlib(TOKEN.as_bytes());
    for (kind, body) in [
        ("zTXt", [b"Comment\0\x07", &packed[..]].concat()),
        ("zTXt", packed.clone()),
        ("iTXt", [b"Comment\0\x01\0en", &packed[..]].concat()),
        ("zTXt", [b"Comment\0\0", &packed[..packed.len() - 5]].concat()),
    ] {
        assert_eq!(searched(&png(&chunk(kind, &body))).1, [Unread::Damaged], "{kind} {body:?}");
    }
    let lost = png(b"\0\0\0\x01no letters, and no length either");
    assert_eq!(searched(&lost).1, [Unread::Damaged]);
    let long = chunk("iCCP", &[b"icc\0\0", &vec![7; 17 << 20][..]].concat());
    assert_eq!(searched(&png(&long)).1, [Unread::Picture]);
    let bomb = chunk("zTXt", &[b"a\0\0", &zlib(&vec![0; 8 << 20])[..]].concat());
    assert_eq!(searched(&png(&bomb)).1, [Unread::TooLarge]);
    let small = chunk("zTXt", &[b"a\0\0", &zlib(&vec![0; 512 << 10])[..]].concat());
    assert_eq!(searched(&png(&small.repeat(50))).1, [Unread::TooLarge]);
}
