//! Tables that become lists of cards where there is no room.

use maud::{Markup, html};

/// A column: its title, and on which side its cells stand.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// What a row is called.
    Name(&'a str),
    Text(&'a str),
    /// Figures, which stand under each other.
    Figure(&'a str),
}

impl<'a> Column<'a> {
    fn title(self) -> &'a str {
        match self {
            Self::Name(title) | Self::Text(title) | Self::Figure(title) => title,
        }
    }
}

/// A table of rows with a cell for each column.
#[must_use]
pub fn table(id: &str, columns: &[Column<'_>], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.wide {
            table id=(id) {
                thead {
                    tr {
                        @for column in columns {
                            th scope="col" .figure[matches!(column, Column::Figure(_))] { (column.title()) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr { @for (column, cell) in columns.iter().zip(row) { (draw(*column, cell)) } }
                    }
                }
            }
        }
    }
}

fn draw(column: Column<'_>, cell: &Markup) -> Markup {
    match column {
        Column::Name(_) => html! { th scope="row" { (cell) } },
        Column::Text(title) => html! { td data-label=(title) { div.cell { (cell) } } },
        Column::Figure(title) => html! { td.figure data-label=(title) { div.cell { (cell) } } },
    }
}
