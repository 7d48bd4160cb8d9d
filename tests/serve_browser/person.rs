//! What a person does on the page.

use fonds::rehearsal::{Instance, Options};

use crate::browser::Browser;
use crate::support::instances;
use crate::support::page::Page;

/// The password of every instance here.
pub const PASSWORD: &str = "admin";

/// A museum whose answers take long enough for somebody to look on.
pub fn slow_museum(milliseconds: u64) -> Instance {
    instances::filled(Options { latency: std::time::Duration::from_millis(milliseconds), ..Options::default() })
}

/// An empty instance.
pub fn empty(milliseconds: u64) -> Instance {
    let latency = std::time::Duration::from_millis(milliseconds);
    Instance::start(Options { latency, ..Options::default() }).expect("an instance")
}

impl Browser {
    /// Follows the link that was printed.
    pub fn sign_in(&self, page: &Page) {
        self.goto(&page.link);
        self.wait("the list of backups", |browser| browser.has("#create-backup"));
        assert!(!self.url().contains("code="), "the code stays in sight: {}", self.url());
    }

    /// Goes to the list of backups.
    pub fn home(&self, page: &Page) {
        self.goto(&format!("http://{}/inspect/migration/", page.address));
    }

    /// Fills in who is asked, in a form whose ids begin with `form`.
    pub fn fill_access(&self, form: &str, url: &str, password: &str) {
        self.fill(&format!("#{form}-server"), url);
        self.fill(&format!("#{form}-login"), "root");
        self.fill(&format!("#{form}-password"), password);
    }

    /// Fills in the form of a backup with all files, and sends it.
    pub fn begin_backup(&self, page: &Page, url: &str, password: &str) {
        self.home(page);
        self.open("#create-backup");
        self.fill("#backup-name", "museum");
        self.fill_access("backup", url, password);
        self.select("#backup-include-files", "with-versions");
        self.click("#backup-submit");
        self.wait("the page of the run", |browser| browser.has("#run"));
    }

    /// Opens a panel if it is shut.
    pub fn open(&self, panel: &str) {
        if self.attribute(panel, "open").is_empty() && !self.has(&format!("{panel}[open]")) {
            self.click(&format!("{panel} > summary"));
        }
    }

    /// Waits for one of the states.
    #[track_caller]
    pub fn wait_for(&self, states: &[&str]) {
        let selectors: Vec<String> = states.iter().map(|state| format!("#run[data-state=\"{state}\"]")).collect();
        self.wait(&states.join(" or "), |browser| browser.has(&selectors.join(",")));
    }

    /// Types the host of each target into the plan, and starts.
    pub fn confirm(&self, host: &str, targets: usize) {
        for target in 1..=targets {
            self.fill(&format!("#host-{target}-host"), host);
        }
        self.click("#start-submit");
        self.wait("the page of the run", |browser| browser.has("#run"));
    }
}
