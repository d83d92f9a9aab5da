use std::time::{Duration, Instant};

/// Generous: a machine that builds beside the tests is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so, looking every few milliseconds. What never comes is a failed test instead of one
/// that never ends.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut looks = 0;
/// chronicle_test_servers::until("it was looked at thrice", async || {
///     looks += 1;
///     looks == 3
/// })
/// .await;
/// # });
/// ```
///
/// # Panics
/// When it is not so after a minute.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < PATIENCE, "waited {} s for this: {what}", PATIENCE.as_secs());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
