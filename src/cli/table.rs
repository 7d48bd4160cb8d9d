//! Rows in aligned columns.

use std::io::{self, Write};

use crate::cli::format;

/// A column: its title, and on which side its cells stand.
#[derive(Clone, Copy)]
pub enum Column {
    Left(&'static str),
    Right(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Left(title) | Self::Right(title) => title,
        }
    }
}

/// Rows that are printed when all of them are known.
pub struct Table<const N: usize> {
    columns: [Column; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub fn new(columns: [Column; N]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| format::printable(&cell).into_owned()));
    }

    /// Prints the titles and all rows, two spaces between columns and none at the end of a line. A column of nothing but
    /// empty cells is left out.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let titles = self.columns.map(|column| column.title().to_owned());
        let lines = || std::iter::once(&titles).chain(&self.rows);
        let widths: [usize; N] =
            std::array::from_fn(|at| lines().map(|cells| cells[at].chars().count()).max().unwrap_or_default());
        let is_empty = |at: usize| !self.rows.is_empty() && self.rows.iter().all(|cells| cells[at].is_empty());
        let shown: Vec<usize> = (0..N).filter(|at| !is_empty(*at)).collect();
        for cells in lines() {
            let padded = shown.iter().copied().map(|at| match self.columns[at] {
                Column::Left(_) => format!("{:<1$}", cells[at], widths[at]),
                Column::Right(_) => format!("{:>1$}", cells[at], widths[at]),
            });
            writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}
