//! Single figures with their labels, and times.

use maud::{Markup, html};

use crate::web::words::{Language, utc};

/// A row of figures, made with [`figure`].
#[must_use]
pub fn figures(items: &[Markup]) -> Markup {
    html! { dl.figures { @for item in items { (item) } } }
}

/// A label and what it stands for.
#[must_use]
pub fn figure(label: &str, value: Markup) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

/// A figure that takes a whole line.
#[must_use]
pub fn figure_wide(label: &str, value: Markup) -> Markup {
    html! { div.whole { dt { (label) } dd { (value) } } }
}

/// Many names with a number each, in columns. What will be gone is shown as such.
#[must_use]
pub fn tally(rows: &[(String, String)], is_doomed: bool) -> Markup {
    html! {
        dl.tally .doomed[is_doomed] { @for (name, number) in rows { div { dt { (name) } dd { (number) } } } }
    }
}

/// Local time for people, UTC for machines, of nanoseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn time(language: Language, nanoseconds: i64) -> Markup {
    html! { time datetime=(utc(nanoseconds)) { (language.time(nanoseconds)) } }
}
