//! Random queries of random rows of three related tables: SQLite, PostgREST (with aggregates, and without
//! them and in short answers), the failover pair (served by each of its two) and a model in memory give
//! one answer.
//!
//! `DIFFERENTIAL_CASES` is the number of queries, and `DIFFERENTIAL_SEED` repeats a run. What fails is made
//! as small as it gets, first the query and then the rows.
#![cfg(all(feature = "sqlite", feature = "postgrest", feature = "decimal"))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod ask;
mod condition;
mod draw;
mod entity;
mod oracle;
mod query;
mod stores;
mod summary;
mod tables;
mod value;
mod world;

use futures_util::StreamExt;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::time::{SystemTime, UNIX_EPOCH};
use stores::Stores;

/// Queries of a normal run.
const CASES: u64 = 2_000;

/// Queries over the same rows.
const BATCH: u64 = 100;

const AT_ONCE: usize = 8;

/// Most tries to find fewer rows over which a query fails.
const SMALLER: usize = 100;

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(proptest::test_runner::Config::default(), rng)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_everywhere() {
    let cases = from_environment("DIFFERENTIAL_CASES").unwrap_or(CASES);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = from_environment("DIFFERENTIAL_SEED").unwrap_or(now);
    let mut runner = runner(seed);
    let stores = Stores::start().await;
    let mut found = 0;
    for batch in 0..cases.div_ceil(BATCH) {
        let is_outage = batch % 2 == 1;
        let mut world = draw::world().new_tree(&mut runner).unwrap();
        let rows = world.current();
        stores.load(&rows, is_outage).await;
        let trees: Vec<_> = (0..BATCH.min(cases - batch * BATCH))
            .map(|_| query::query().new_tree(&mut runner).unwrap())
            .collect();
        let queries: Vec<query::Query> = trees.iter().map(ValueTree::current).collect();
        let is_found = |query: &&query::Query| oracle::finds(&rows, query);
        found += queries.iter().filter(is_found).count() as u64;
        let asked = futures_util::stream::iter(queries.iter().enumerate())
            .map(|(at, query)| {
                let mistake = stores.mistake(&rows, query);
                async move { (at, mistake.await) }
            })
            .buffer_unordered(AT_ONCE);
        let failed = asked.filter(|(_, mistake)| std::future::ready(mistake.is_some()));
        let Some((at, _)) = std::pin::pin!(failed).next().await else { continue };
        let mut tree = trees.into_iter().nth(at).unwrap();
        let mistake = smallest(&stores, &mut world, &mut tree, is_outage).await;
        panic!("DIFFERENTIAL_SEED={seed}, batch {batch}, outage: {is_outage}\n{mistake}");
    }
    // Else little would be compared.
    assert!(found >= cases / 4, "{found} of {cases} queries find rows, DIFFERENTIAL_SEED={seed}");
}

/// The mistake with as small a query, and then as few rows, as are found.
async fn smallest<W, Q>(stores: &Stores, world: &mut W, query: &mut Q, is_outage: bool) -> String
where
    W: ValueTree<Value = world::World>,
    Q: ValueTree<Value = query::Query>,
{
    let rows = world.current();
    let mut report = stores.mistake(&rows, &query.current()).await;
    let mut smallest = query.current();
    let mut is_smaller = query.simplify();
    while is_smaller {
        let mistake = stores.mistake(&rows, &query.current()).await;
        is_smaller = if mistake.is_some() {
            (report, smallest) = (mistake, query.current());
            query.simplify()
        } else {
            query.complicate()
        };
    }
    let mut fewest = rows;
    let mut is_smaller = world.simplify();
    for _ in 0..SMALLER {
        if !is_smaller {
            break;
        }
        let rows = world.current();
        stores.load(&rows, is_outage).await;
        let mistake = stores.mistake(&rows, &smallest).await;
        is_smaller = if mistake.is_some() {
            (report, fewest) = (mistake, rows);
            world.simplify()
        } else {
            world.complicate()
        };
    }
    format!(
        "{}\n\n{fewest:?}",
        report.unwrap_or_else(|| "it failed once, and not again".to_owned())
    )
}
