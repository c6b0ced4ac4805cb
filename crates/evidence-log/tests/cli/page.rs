//! The page of `report` in a real browser: at two widths, light and dark, without a script of its own.

use testbed::Bed;

use crate::ops::{is_there, unsigned};
use crate::{open, tool};

/// What a browser tells of the page. It runs in a copy that is allowed to; the page itself allows no script.
const PROBE: &str = r"<script>
const all = selector => [...document.querySelectorAll(selector)];
const runs = all('details.run');
document.title = JSON.stringify({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  open: runs.map(run => run.open),
  labels: runs.map(run => run.querySelector('.label').textContent),
  exact: getComputedStyle(document.querySelector('pre.output span[style]')).color,
  red: getComputedStyle(document.querySelector('.f1')).color,
  page: getComputedStyle(document.body).backgroundColor,
  text: getComputedStyle(document.body).color,
  output: document.querySelector('pre.output').textContent,
  picture: document.querySelector('figure img').naturalWidth,
  reachable: all('summary, a, pre[tabindex]').filter(part => part.tabIndex >= 0).length,
});
</script>";

fn bundle_with_everything(bed: &Bed) -> String {
    let bundle = open(bed);
    let run = |label: &str, command: &str| {
        let run = ["run", "--into", &bundle, "--label", label, "--", "sh", "-c", command];
        let _ = tool(bed).args(run).run();
    };
    run("good", "seq 1 300");
    run("long", "head -c 4000 /dev/zero | tr '\\0' x");
    run(
        "bad",
        "printf '10%%\\r100%%\\n\\033[31mred\\033[0m \\033[38;5;226myellow\\033[0m\\n'; exit 3",
    );
    // A picture of one pixel.
    let png = data_encoding::BASE64
        .decode(b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
        .unwrap();
    bed.write("shot.png", png);
    assert_eq!(tool(bed).args(["attach", &bundle, "shot.png"]).run().code(), 0);
    assert_eq!(tool(bed).args(["note", &bundle, &"a long word ".repeat(40)]).run().code(), 0);
    assert_eq!(tool(bed).args(["seal", &bundle]).run().code(), 0);
    bundle
}

fn look(bed: &Bed, width: u32, is_dark: bool) -> serde_json::Value {
    let url = format!("file://{}", bed.path("probe.html").display());
    let scheme = u8::from(!is_dark);
    let window = format!("--window-size={width},900");
    let settings = format!("--blink-settings=preferredColorScheme={scheme}");
    let dumped = bed
        .command("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=profile"])
        .args([window.as_str(), &settings, "--dump-dom", &url])
        .unguarded()
        .run();
    let title =
        dumped.stdout().split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    assert!(title.is_some(), "no title in {dumped}");
    let title = title.unwrap().0;
    serde_json::from_str(&title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        .unwrap()
}

#[test]
fn a_browser_shows_the_page_at_any_width_in_light_and_dark() {
    let test = "a_browser_shows_the_page_at_any_width_in_light_and_dark";
    if !is_there("chromium") {
        testbed::not_run(test, "chromium is not installed");
        return;
    }
    let bed = unsigned();
    let bundle = bundle_with_everything(&bed);
    assert_eq!(tool(&bed).args(["report", &bundle, "--output", "page.html"]).run().code(), 0);
    let page = bed.read("page.html");
    let (before, rest) = page.split_once("<meta http-equiv=").unwrap();
    let (_, after) = rest.split_once('>').unwrap();
    bed.write(
        "probe.html",
        format!("{before}{}", after.replace("</body>", &format!("{PROBE}</body>"))),
    );
    for width in [1200, 500] {
        let (light, dark) = (look(&bed, width, false), look(&bed, width, true));
        for seen in [&light, &dark] {
            assert_eq!(seen["overflow"], 0, "{width}: nothing sticks out at the side");
            assert_eq!(
                seen["labels"],
                serde_json::json!(["bad", "good", "long"]),
                "failures first"
            );
            assert_eq!(seen["open"], serde_json::json!([true, false, false]), "the rest is folded");
            assert_eq!(
                seen["output"], "100%\nred yellow\n",
                "a line that was written over shows its last state"
            );
            assert_eq!(seen["picture"], 1, "the attached picture is shown");
            assert!(seen["reachable"].as_u64().unwrap() >= 10, "{seen}");
        }
        assert_ne!(light["page"], dark["page"]);
        assert_ne!(light["text"], dark["text"]);
        assert_ne!(light["red"], dark["red"], "colours are chosen for their background");
        assert_eq!(dark["exact"], "rgb(255, 255, 0)", "a colour that can be read is as it was");
        assert_eq!(light["exact"], "rgb(111, 111, 0)", "yellow on white cannot be read");
    }
}

#[test]
fn on_paper_long_outputs_are_cut_and_folded_ones_are_named() {
    let test = "on_paper_long_outputs_are_cut_and_folded_ones_are_named";
    if !is_there("chromium") {
        testbed::not_run(test, "chromium is not installed");
        return;
    }
    let bed = unsigned();
    let bundle = open(&bed);
    let wide = "head -c 168000 /dev/zero | tr '\\0' x; exit 3";
    let runs = [("good", "seq 1 30000"), ("bad", "seq 1 30000; exit 3"), ("wide", wide)];
    for (label, command) in runs {
        let run = ["run", "--into", &bundle, "--label", label, "--", "sh", "-c", command];
        let _ = tool(&bed).args(run).run();
    }
    assert_eq!(tool(&bed).args(["report", &bundle, "--output", "page.html"]).run().code(), 0);
    let page = bed.read("page.html");
    assert!(page.contains("29900 lines are left out on paper; they are in 002-bad.out"));
    assert!(page.contains("not on paper; it is in 001-good.out"));
    let printed = bed
        .command("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=profile"])
        .arg("--print-to-pdf=page.pdf")
        .arg(format!("file://{}", bed.path("page.html").display()))
        .unguarded()
        .run();
    assert_eq!(printed.code(), 0, "{printed}");
    let pdf = String::from_utf8_lossy(&bed.read_bytes("page.pdf")).into_owned();
    let pages = pdf.matches("/Type /Page\n").count();
    assert!((2..10).contains(&pages), "{pages} pages");
}
