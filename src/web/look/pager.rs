//! Pages of long lists: where one is, and the ways on.

use maud::{Markup, html};

use crate::web::words::{Language, frame};

/// The name of the page's number in a query; the first is 1.
pub const QUERY_PAGE: &str = "page";

/// A page of a list.
pub struct Pager<'a> {
    pub language: Language,
    /// The address of the list with its query, but without the page.
    pub path: &'a str,
    /// The first is 1.
    pub page: u64,
    /// Items of a page.
    pub size: u64,
    /// Items on this page.
    pub shown: u64,
    /// All items, where that is known.
    pub total: Option<u64>,
}

impl Pager<'_> {
    /// The items before this page.
    #[must_use]
    pub fn before(&self) -> u64 {
        self.page.saturating_sub(1).saturating_mul(self.size)
    }

    /// Nothing, where everything is on one page.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let last = self.total.map(|total| total.div_ceil(self.size).max(1));
        let has_next = last.map_or(self.shown == self.size, |last| self.page < last);
        if self.page <= 1 && !has_next {
            return html! {};
        }
        let language = self.language;
        html! {
            nav.pager aria-label=(language.say(frame::PAGES)) {
                span.range { (self.range()) }
                (self.link(frame::FIRST, (self.page > 2).then_some(1), None))
                (self.link(frame::PREVIOUS, (self.page > 1).then(|| self.page - 1), Some("prev")))
                (self.link(frame::NEXT, has_next.then(|| self.page + 1), Some("next")))
                (self.link(frame::LAST, last.filter(|last| *last > self.page + 1), None))
            }
        }
    }

    fn range(&self) -> String {
        let language = self.language;
        let first = language.number(self.before() + 1);
        let end = language.number(self.before() + self.shown);
        match self.total {
            Some(total) => language.fill(frame::RANGE, &[&first, &end, &language.number(total)]),
            None => language.fill(frame::RANGE_OPEN, &[&first, &end]),
        }
    }

    fn link(&self, label: crate::web::words::Text, page: Option<u64>, rel: Option<&str>) -> Markup {
        let join = if self.path.contains('?') { '&' } else { '?' };
        html! {
            @if let Some(page) = page {
                a rel=[rel] href={ (self.path) (join) (QUERY_PAGE) "=" (page) } { (self.language.say(label)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(page: u64, shown: u64, total: Option<u64>) -> String {
        Pager { language: Language::English, path: "/x?y=1", page, size: 10, shown, total }.draw().into_string()
    }

    #[test]
    fn ways_lead_only_where_something_is() {
        assert_eq!(drawn(1, 3, Some(3)), "");
        assert_eq!(drawn(1, 7, None), "");
        let first = drawn(1, 10, Some(25));
        assert!(first.contains("1–10 of 25") && first.contains("/x?y=1&amp;page=2") && first.contains("page=3"));
        assert!(!first.contains("prev"));
        let last = drawn(3, 5, Some(25));
        assert!(last.contains("21–25 of 25") && last.contains("page=1\"") && !last.contains("next"));
        assert!(drawn(2, 10, None).contains("page=3"));
    }
}
