//! The frame around every page: head, name, navigation, the way back, the choice of language.

use maud::{DOCTYPE, Markup, html};

use crate::web::look::assets;
use crate::web::words::{Language, frame};

/// The start page.
pub const HOME: &str = "/inspect/migration/";
/// The list of runs.
pub const RUNS: &str = "/inspect/migration/runs/";
/// Where the choice of a language goes to.
const LANGUAGE: &str = "/inspect/migration/language";

/// Which part of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    Backups,
    Runs,
}

/// A step of the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    pub label: String,
    pub path: String,
}

/// All of a page but its content.
pub struct Shell<'a> {
    pub language: Language,
    pub title: &'a str,
    pub here: Here,
    /// From the start page on, without the page itself.
    pub crumbs: Vec<Crumb>,
    /// The address of the page, with its query: to come back to.
    pub path: &'a str,
    /// The name of the archive's file.
    pub archive: &'a str,
    /// Seconds after which a browser without scripts asks again.
    pub refresh: Option<u32>,
}

impl Shell<'_> {
    /// The whole page around its content.
    #[must_use]
    pub fn around(&self, content: Markup) -> Markup {
        let language = self.language;
        html! {
            (DOCTYPE)
            html lang=(language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · fonds" }
                    link rel="icon" href=(assets::ICON.path()) type="image/svg+xml";
                    link rel="stylesheet" href=(assets::STYLE.path());
                    script src=(assets::SCRIPT.path()) defer {}
                    @if let Some(seconds) = self.refresh {
                        noscript { meta http-equiv="refresh" content=(seconds); }
                    }
                }
                body {
                    a.skip href="#content" { (language.say(frame::TO_CONTENT)) }
                    (self.header())
                    main #content tabindex="-1" {
                        (self.way())
                        (content)
                    }
                    footer.foot {
                        span { (language.say(frame::ARCHIVE)) " " code { (self.archive) } }
                        span { "fonds " (env!("CARGO_PKG_VERSION")) }
                    }
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let language = self.language;
        let current = |here: Here| (self.here == here).then_some("page");
        html! {
            header.top {
                a.brand href=(HOME) {
                    img src=(assets::ICON.path()) alt="" width="22" height="22";
                    span { "fonds" }
                    span.product { (language.say(frame::PRODUCT)) }
                }
                nav aria-label=(language.say(frame::MAIN_NAVIGATION)) {
                    a href=(HOME) aria-current=[current(Here::Backups)] { (language.say(frame::BACKUPS)) }
                    a href=(RUNS) aria-current=[current(Here::Runs)] { (language.say(frame::RUNS)) }
                }
                form.language method="post" action=(LANGUAGE) aria-label=(language.say(frame::LANGUAGE)) {
                    input type="hidden" name="back" value=(self.path);
                    @for choice in Language::ALL {
                        button type="submit" name="language" value=(choice.tag()) lang=(choice.tag())
                            aria-pressed=(choice == language) title=(choice.name()) { (choice.tag().to_uppercase()) }
                    }
                }
            }
        }
    }

    fn way(&self) -> Markup {
        html! {
            @if !self.crumbs.is_empty() {
                nav.way aria-label=(self.language.say(frame::WHERE)) {
                    ol {
                        @for crumb in &self.crumbs {
                            li { a href=(crumb.path) { (crumb.label) } }
                        }
                        li aria-current="page" { (self.title) }
                    }
                }
            }
        }
    }
}
