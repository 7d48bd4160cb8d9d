//! What can go wrong, and how a person sees it.

use crate::browser::Browser;
use crate::person::{PASSWORD, empty, slow_museum};
use crate::support::page::Page;

#[test]
fn a_wrong_password_and_a_server_that_is_not_there_are_told() {
    let Some(browser) = Browser::start() else { return };
    let page = Page::start(&["--allow-any-server"]);
    let source = slow_museum(0);
    browser.sign_in(&page);
    browser.begin_backup(&page, &source.url(), "wrong");
    browser.wait_for(&["failed"]);
    let told = browser.text("#why");
    assert!(told.contains("password") && told.contains("root"), "{told}");
    // Nobody listens there any more.
    let url = source.url();
    drop(source);
    browser.home(&page);
    browser.open("#restore-backup");
    browser.begin_backup(&page, &url, PASSWORD);
    browser.wait_for(&["incomplete"]);
    assert!(browser.text("main").contains("127.0.0.1"), "{}", browser.text("main"));
}

#[test]
fn a_server_that_is_killed_leaves_runs_that_go_on() {
    let Some(browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let archive = dir.path().join("a.redb");
    let page = Page::of(&archive, &["--allow-any-server"]);
    let source = slow_museum(60);
    browser.sign_in(&page);
    browser.begin_backup(&page, &source.url(), PASSWORD);
    in_the_middle(&browser);
    page.kill();

    let page = Page::of(&archive, &["--allow-any-server"]);
    go_on(&browser, &page);

    // The same with a restore.
    let target = empty(60);
    browser.home(&page);
    browser.open("#restore-backup");
    browser.click("#restore-form input[name=start][value=new]");
    browser.fill_access("restore", &target.url(), PASSWORD);
    browser.click("#restore-submit");
    browser.wait("the plan", |browser| browser.has("#plan[data-state=ready]"));
    assert!(!browser.text("#plan").contains("destroy"), "{}", browser.text("#plan"));
    browser.confirm("127.0.0.1", 1);
    in_the_middle(&browser);
    page.kill();

    let page = Page::of(&archive, &["--allow-any-server"]);
    go_on(&browser, &page);
}

/// Waits until the run has begun, and got somewhere.
fn in_the_middle(browser: &Browser) {
    browser.wait("the number of the run", |browser| is_number(&browser.url()));
    browser.wait("progress", |browser| browser.has("#progress[value]:not([value=\"0\"])"));
    assert!(browser.has("#run[data-state=running]"), "too fast to look on: {}", browser.text("#run"));
}

/// Whether a run is in the archive, and has its number from there.
fn is_number(url: &str) -> bool {
    url.trim_end_matches('/').rsplit('/').next().is_some_and(|name| name.parse::<u64>().is_ok())
}

/// The newest run stands there as incomplete, and is done when it is continued.
fn go_on(browser: &Browser, page: &Page) {
    browser.sign_in(page);
    browser.goto(&format!("http://{}/inspect/migration/runs/", page.address));
    browser.wait("an incomplete run", |browser| browser.has("#runs [data-state=incomplete]"));
    browser.click("#runs a");
    browser.wait_for(&["incomplete"]);
    browser.fill("#continue-password-0", PASSWORD);
    browser.click("#continue button");
    browser.wait("another run", |browser| !browser.has("#continue"));
    browser.wait_for(&["done"]);
}
