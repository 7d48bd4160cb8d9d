//! A headless Chromium, driven over `WebDriver` the way a person would: it clicks, types, and waits for what it should see.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::runtime::Runtime;

/// How long something may take to be seen, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

pub struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    driver: Child,
}

impl Browser {
    /// A new one with nothing remembered; none, with a line that says so, where none is installed.
    pub fn start() -> Option<Self> {
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = driver else {
            eprintln!("skipped: no chromedriver is installed (Debian: apt-get install chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = lines.find_map(|line| {
            line.ok()?.split_once("successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("a driver that tells its port");
        // What it goes on to say must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let runtime = Runtime::new().expect("a runtime");
        let chrome = json!({ "goog:chromeOptions": { "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000",
            // Nothing but the page under test is asked for.
            "--disable-background-networking", "--disable-component-update", "--no-first-run",
        ] } });
        let capabilities = chrome.as_object().expect("an object").clone();
        let url = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = runtime.block_on(builder.capabilities(capabilities).connect(&url)).expect("a browser");
        Some(Self { runtime, client: Some(client), driver })
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("it is there until it is dropped")
    }

    pub fn goto(&self, url: &str) {
        self.runtime.block_on(self.client().goto(url)).expect("a page");
    }

    pub fn reload(&self) {
        self.runtime.block_on(self.client().refresh()).expect("a page");
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.runtime.block_on(self.client().current_url()).expect("an URL").to_string()
    }

    /// What a person reads there, as soon as it is on the page.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        self.find(selector, async |element| element.text().await)
    }

    /// An attribute of what is on the page, or will be.
    #[track_caller]
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        self.find(selector, async |element| element.attr(name).await).unwrap_or_default()
    }

    /// Whether there is such a thing on the page now.
    pub fn has(&self, selector: &str) -> bool {
        let found = self.runtime.block_on(self.client().find_all(Locator::Css(selector)));
        !found.expect("a look at the page").is_empty()
    }

    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.find(selector, async |element| element.click().await);
    }

    /// Writes into a field, in place of what is there.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        self.find(selector, async |element| {
            element.clear().await?;
            element.send_keys(text).await
        });
    }

    /// Chooses from a list by value.
    #[track_caller]
    pub fn select(&self, selector: &str, value: &str) {
        self.find(selector, async |element| element.select_by_value(value).await);
    }

    /// What a script on the page answers.
    #[track_caller]
    pub fn script(&self, script: &str) -> serde_json::Value {
        self.runtime.block_on(self.client().execute(script, Vec::new())).expect("an answer")
    }

    /// Waits until it can be seen.
    ///
    /// # Panics
    /// With what is on the page instead, when it does not come.
    #[track_caller]
    pub fn wait(&self, what: &str, is_there: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_there(self) {
            assert!(began.elapsed() < PATIENCE, "{what} does not come; at {}:\n{}", self.url(), self.text("body"));
            std::thread::sleep(PAUSE);
        }
    }

    /// Does something with an element that is there, or comes. A page may be replaced in the middle: then it is looked
    /// for again.
    #[track_caller]
    fn find<T>(&self, selector: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        let began = Instant::now();
        loop {
            let done = self.runtime.block_on(async {
                let element = self.client().find(Locator::Css(selector)).await?;
                act(element).await
            });
            match done {
                Ok(done) => return done,
                Err(error) if began.elapsed() > PATIENCE => panic!("{selector} at {}: {error}", self.url()),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // A browser that is gone already needs no end.
            let _ = self.runtime.block_on(client.close());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
