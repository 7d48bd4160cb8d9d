//! How pages look: the frame around each, signs of states, tables, fields and pagers. Everything here is drawn by one
//! style sheet of our own; nothing is fetched from elsewhere, and no style or script stands in a page.

pub mod assets;
mod shell;

mod command;
mod facts;
pub mod field;
mod notice;
mod pager;
mod state;
pub mod table;

#[cfg(test)]
mod contrast;

pub use command::{command_line, command_of_form};
pub use facts::{figure, figure_wide, figures, tally, time};
pub use notice::{Tone, notice};
pub use pager::{Pager, QUERY_PAGE};
pub use shell::{Crumb, HOME, Here, RUNS, Shell};
pub use state::{State, state};
