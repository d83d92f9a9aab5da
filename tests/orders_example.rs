//! The example application: its screens while all is well, offline, and back.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "../examples/orders/main.rs"]
#[allow(dead_code, reason = "its `main` is not called")]
mod orders;

#[tokio::test(flavor = "multi_thread")]
async fn its_screens_are_the_same_offline_and_both_sides_hold_the_same_in_the_end() {
    let mut output = Vec::new();
    orders::run(&mut output).await.unwrap();
    let text = String::from_utf8(output).unwrap();
    let parts: Vec<&str> = text.split("\n-- ").collect();
    let [start, online, offline, back] = parts[..] else { panic!("{text}") };
    let holds = |part: &str, lines: &[&str]| {
        for line in lines {
            assert!(part.lines().any(|one| one == *line), "{line}\nis not in\n{text}");
        }
    };

    holds(start, &["The first token had expired; refreshed: 1"]);
    for part in [online, offline, back] {
        holds(
            part,
            &[
                "search änn       ÄNNE",
                "search ANN       Anna, Hannah",
                "page 1           Anna, Edsger, Grace",
                "page 2           Hannah, Joan, Zoë",
                "page 3           ÄNNE",
                // A colleague's order is paid as well, and row level security hides it.
                "total            1 Paid, 54.50 €",
                "order            Paid, 54.50 €, Grace: 1 pot, 5 tea",
            ],
        );
    }
    for part in [offline, back] {
        holds(
            part,
            &[
                "total            1 Open, 83.00 €",
                "order            Open, 83.00 €, Anna: 4 cup, 10 tea",
                "log              5450 cents of Grace; 8300 cents of Anna",
            ],
        );
    }
    holds(online, &["stock            12 cup, 2 pot, 95 tea"]);
    holds(offline, &["stock            8 cup, 2 pot, 85 tea", "the two orders: [Stored, Waiting]"]);
    holds(
        back,
        &[
            "Healthy, all sent: true, refused: 0",
            "The file and the server hold the same rows.",
            "stock            8 cup, 2 pot, 65 tea",
        ],
    );
}

#[test]
fn the_readme_shows_what_is_run() {
    let readme = include_str!("../README.md");
    let (_, section) = readme.split_once("cargo run --example orders\n").unwrap();
    let (_, shown) = section.split_once("```rust,ignore\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    assert!(include_str!("../examples/orders/screens.rs").contains(shown), "{shown}");
}
