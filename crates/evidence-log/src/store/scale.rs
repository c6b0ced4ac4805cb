//! How many requests things cost, and whether that grows: the figures of docs/scale.md.
//!
//! `cargo test --release -p evidence-log --lib scale -- --ignored --nocapture` measures a million bundles.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use chrono::{TimeZone, Utc};
use evidence::{Body, Bundle, Checkpoint, CompactRange, Open};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::{Store, Written};
use crate::export::log::SignedLog;
use crate::push::{Load, Progress, Tally, history};

/// S3 lists so many keys in one answer.
const PAGE: usize = 1000;

/// A store in memory that counts what is asked of it.
#[derive(Debug, Default)]
struct Counting {
    inner: InMemory,
    puts: AtomicUsize,
    gets: AtomicUsize,
    pages: Arc<AtomicUsize>,
}

impl fmt::Display for Counting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("memory")
    }
}

impl Counting {
    fn take(&self) -> (usize, usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::Relaxed);
        (take(&self.puts), take(&self.gets), take(&self.pages))
    }
}

/// Counts a page for each thousand keys that are taken from a listing, and one for none.
fn paged(
    listing: BoxStream<'static, Result<ObjectMeta>>,
    pages: &Arc<AtomicUsize>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    pages.fetch_add(1, Ordering::Relaxed);
    let pages = Arc::clone(pages);
    let counted = listing.enumerate().inspect(move |(n, _)| {
        if *n > 0 && n % PAGE == 0 {
            pages.fetch_add(1, Ordering::Relaxed);
        }
    });
    counted.map(|(_, found)| found).boxed()
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.puts.fetch_add(1, Ordering::Relaxed);
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        paged(self.inner.list(prefix), &self.pages)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        paged(self.inner.list_with_offset(prefix, offset), &self.pages)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

fn store() -> (Store, Arc<Counting>) {
    let inner = Arc::new(Counting::default());
    let (shown, place) = ("memory".to_owned(), "memory".to_owned());
    (Store { inner: inner.clone(), prefix: Path::default(), shown, place, folder: None }, inner)
}

fn log(size: usize) -> SignedLog {
    let lines: Vec<Vec<u8>> = (0..size).map(|n| format!("{n:0250}").into_bytes()).collect();
    let mut range = CompactRange::default();
    for line in &lines {
        range.push(line);
    }
    let checkpoint = Checkpoint::new("host-1a2b", range.size(), range.root());
    SignedLog { lines, checkpoint, fault: None }
}

/// A sealed bundle with one attached file of so many bytes.
fn bundle(folder: &std::path::Path, bytes: usize) -> Load {
    let now = Utc.with_ymd_and_hms(2026, 11, 22, 17, 0, 0).unwrap();
    let folder = evidence::create(folder, "area", "check", now).unwrap();
    let open = Open {
        name: "check".into(),
        area: "area".into(),
        tool: "test".into(),
        host: String::new(),
    };
    evidence::append(&folder, now, |_| vec![Body::Open(open)]).unwrap();
    std::fs::write(folder.join("file"), vec![b'x'; bytes]).unwrap();
    evidence::seal(&folder, now, None, None).unwrap();
    Load::of(&Bundle::open(&folder).unwrap()).unwrap()
}

/// A store that knows a log of this size, with a checkpoint for every second line before it.
async fn with_history(store: &Store, counting: &Counting, size: usize) {
    let mut tally = Tally::default();
    history::send(store, &log(size), &mut tally).await.unwrap();
    let folder = "checkpoints/host-1a2b";
    for earlier in (1..size).step_by(2) {
        let path = Path::from(format!("{folder}/{earlier:020}"));
        counting.inner.put(&path, PutPayload::from_static(b"x")).await.unwrap();
    }
    counting.take();
}

#[test]
fn a_push_costs_the_same_however_long_the_history() {
    let here = tempfile::tempdir().unwrap();
    let load = bundle(here.path(), 1000);
    let mut costs = Vec::new();
    for size in [10, 3000] {
        let (store, counting) = store();
        super::runtime().unwrap().block_on(async {
            with_history(&store, &counting, size).await;
            store.probe().await.unwrap();
            let mut tally = load.send(&store, &Progress::none()).await.unwrap();
            history::send(&store, &log(size + 2), &mut tally).await.unwrap();
        });
        costs.push(counting.take());
    }
    // Probe 2 and 1, three small objects and two files, the checkpoint that is known, entries, tiles, checkpoint.
    assert_eq!(costs[0], (9, 9, 1));
    assert_eq!(costs[1], costs[0]);
}

#[test]
fn of_many_writers_of_one_key_one_wins_and_all_others_know() {
    let (store, _) = store();
    let outcomes = super::runtime().unwrap().block_on(async {
        let race = (0..200).map(|n: usize| store.create("key", n.to_string().into_bytes()));
        futures_util::future::join_all(race).await
    });
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Written::New))).count();
    let told = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(super::Error::Other { .. })))
        .count();
    assert_eq!((won, told), (1, 199));
}

#[test]
#[ignore = "measures for docs/scale.md; takes a minute and a gigabyte"]
fn scale_of_two_hundred_operators_and_a_million_bundles() {
    const OPERATORS: usize = 200;
    const EACH: usize = 5000;
    let (store, counting) = store();
    let runtime = super::runtime().unwrap();
    runtime.block_on(async {
        let begun = Instant::now();
        for operator in 0..OPERATORS {
            for n in 0..EACH {
                let stamp = format!("2026{:02}{:02}T{n:06}Z", n / 420 % 12 + 1, n / 15 % 28 + 1);
                for key in [
                    format!("bundles/area-{operator:03}/check-{stamp}/manifest.sha256"),
                    format!("checkpoints/host-{operator:03}/{:020}", 2 * n + 2),
                ] {
                    counting
                        .inner
                        .put(&Path::from(key), PutPayload::from_static(b"x"))
                        .await
                        .unwrap();
                }
            }
        }
        println!(
            "{} keys laid out in {:.1} s",
            2 * OPERATORS * EACH,
            begun.elapsed().as_secs_f64()
        );
        let list = async |what: &str, prefix: &str| {
            let begun = Instant::now();
            let prefix = Path::from(prefix);
            let found = store.inner.list(Some(&prefix)).count().await;
            let (_, _, pages) = counting.take();
            println!(
                "{what}: {found} keys, {pages} requests, {:.3} s here",
                begun.elapsed().as_secs_f64()
            );
        };
        list("list one area", "bundles/area-007").await;
        list("list everything", "bundles").await;
        let begun = Instant::now();
        let newest = history::latest(&store, "host-007", 2 * EACH as u64).await.unwrap();
        println!(
            "newest checkpoint {newest:?}: {:?} requests, {:.3} s here",
            counting.take(),
            begun.elapsed().as_secs_f64()
        );
        let race = (0..OPERATORS).map(|n| store.create("one-key", n.to_string().into_bytes()));
        let begun = Instant::now();
        let outcomes = futures_util::future::join_all(race).await;
        let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Written::New))).count();
        println!(
            "{OPERATORS} writers of one key: {won} won, {:?} requests, {:.3} s here",
            counting.take(),
            begun.elapsed().as_secs_f64()
        );
    });
    for size in [10_000, 100_000] {
        let begun = Instant::now();
        let log = log(size);
        let lines: Vec<&[u8]> = log.lines.iter().map(Vec::as_slice).collect();
        let made = Instant::now();
        let tiles = crate::tiles::tiles(&lines).unwrap().len();
        println!(
            "log of {size} lines: made in {:.3} s, {tiles} tiles in {:.3} s",
            (made - begun).as_secs_f64(),
            made.elapsed().as_secs_f64()
        );
    }
}
