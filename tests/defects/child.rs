//! Processes of their own: this test program, started once more for the one test that does as it is told.

use std::process::Stdio;
use tokio::process::{Child, Command};

const ORDER: &str = "CHRONICLE_TEST_DEFECTS_CHILD";

/// Does its order, if it was started as a child of one of these tests; else it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordered_process() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let mut words = order.split('\n');
    let what = words.next().unwrap();
    let rest: Vec<&str> = words.collect();
    match what {
        "relative path" => crate::lost::change_the_folder(rest.try_into().unwrap()).await,
        "no certificates" => {
            crate::stuck::write_without_certificates(rest.try_into().unwrap()).await;
        }
        "no descriptors" => crate::stuck::write_without_descriptors(rest.try_into().unwrap()).await,
        "writer" => crate::kills::write(rest.try_into().unwrap()).await,
        _ => panic!("an order of {order:?}"),
    }
}

/// The program with an order.
pub(crate) fn command(what: &str, words: &[&str]) -> Command {
    let order: Vec<&str> = std::iter::once(what).chain(words.iter().copied()).collect();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["child::ordered_process", "--exact", "--nocapture", "--test-threads=1"])
        .env(ORDER, order.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Starts it.
pub(crate) fn start(what: &str, words: &[&str]) -> Child {
    command(what, words).spawn().unwrap()
}
