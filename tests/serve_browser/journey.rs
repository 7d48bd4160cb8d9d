//! From signing in to the proof that everything has arrived.

use crate::browser::Browser;
use crate::person::{PASSWORD, empty, slow_museum};
use crate::support::page::Page;

#[test]
fn a_whole_migration_is_done_in_the_browser() {
    let Some(browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let page = Page::of(&dir.path().join("a.redb"), &["--allow-any-server"]);
    let source = slow_museum(40);
    browser.sign_in(&page);

    // A backup that is watched, and looked at again in the middle.
    browser.begin_backup(&page, &source.url(), PASSWORD);
    browser.wait_for(&["running"]);
    browser.wait("progress", |browser| browser.has("#done"));
    browser.wait("lines of the log", |browser| browser.has("#log li"));
    let run = browser.url();
    browser.reload();
    browser.wait_for(&["running", "done"]);
    browser.wait_for(&["done"]);
    assert!(!browser.script("return document.documentElement.outerHTML").to_string().contains(PASSWORD));
    browser.wait("the report", |browser| browser.has("#report"));

    // What is in it.
    browser.home(&page);
    browser.click("#backups a");
    browser.wait("the content", |browser| browser.has("#content-of"));
    assert!(browser.text("body").contains("manifest.json"));
    browser.goto(&format!("http://{}/inspect/migration/museum/manifest.json", page.address));
    browser.wait("the manifest", |browser| browser.text("body").contains("payloads"));

    // Into two instances, which destroys what they hold: nothing begins before both hosts are typed.
    let targets = [empty(60), empty(60)];
    browser.home(&page);
    browser.open("#restore-backup");
    browser.click("#restore-form input[name=start][value=purge]");
    browser.fill_access("restore", &targets[0].url(), PASSWORD);
    browser.open("#restore-more-targets");
    browser.fill_access("restore-2", &targets[1].url(), PASSWORD);
    browser.select("#restore-file-api", "put");
    browser.click("#restore-submit");
    browser.wait("the plan", |browser| browser.has("#plan[data-state=ready]"));
    let plan = browser.text("#plan");
    for target in &targets {
        assert!(plan.contains(&format!("This will destroy all data on \"{}", target.url())), "{plan}");
    }
    browser.fill("#host-1-host", "another.example");
    assert!(browser.has("#start-submit:disabled"));
    browser.confirm("127.0.0.1", 2);

    // Cancelled, and continued with the passwords, which nobody has kept.
    browser.wait_for(&["running"]);
    browser.wait("records that are over there", |browser| browser.has("#targets"));
    browser.click("#cancel button");
    browser.wait_for(&["cancelled"]);
    browser.wait("a way on", |browser| browser.has("#continue"));
    browser.fill("#continue-password-0", PASSWORD);
    browser.fill("#continue-password-1", PASSWORD);
    browser.click("#continue button");
    browser.wait("another run", |browser| !browser.has("#continue"));
    browser.wait_for(&["done"]);

    // Proved.
    browser.goto(&format!("http://{}/inspect/migration/museum/", page.address));
    browser.open("#verify");
    browser.fill_access("verify", &targets[1].url(), PASSWORD);
    browser.click("#verify-submit");
    browser.wait("the page of the run", |browser| browser.has("#run"));
    browser.wait_for(&["done"]);
    browser.wait("a clean report", |browser| browser.has("#clean"));

    // All of it is listed, the first run, too.
    browser.goto(&format!("http://{}/inspect/migration/runs/", page.address));
    let path = run.split_once("/inspect").expect("a path").1.to_owned();
    browser.wait("the runs", |browser| browser.has("#runs"));
    assert!(browser.has(&format!("#runs a[href=\"/inspect{path}\"]")), "{path} of {}", browser.text("#runs"));
}
