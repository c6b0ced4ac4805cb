//! Any timing over any output gives lines of JSON or an error, and no letter twice.
#![no_main]

use evidence_log::asciicast::{Cast, Gap, Header, Stream, Streams};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    let (mut timing, mut out) = (&data[..at], &data[at..]);
    let most = out.len() * 3 + 16;
    let header = Header { size: (80, 24), started: 0, command: None, title: "fuzz" };
    let mut cast = Cast::new(Vec::new(), &header).unwrap();
    let mut err = &b""[..];
    let gap = timing.last().filter(|&&byte| byte % 2 == 1).map(|&byte| {
        let from = u64::from(byte) / 8;
        Gap { from, to: from * 3, line: from / 2 }
    });
    let mut streams = Streams {
        out: Stream { bytes: &mut out, gap },
        err: Stream { bytes: &mut err, gap: None },
        is_raw: true,
    };
    if cast.run(0, &mut timing, &mut streams).is_err() {
        return;
    }
    let mut shown = 0;
    for line in String::from_utf8(cast.finish()).unwrap().lines().skip(1) {
        let (_, code, text): (f64, String, String) = serde_json::from_str(line).unwrap();
        assert_eq!(code, "o");
        shown += text.len();
    }
    assert!(shown <= most);
});
