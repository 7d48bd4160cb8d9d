//! Reading an instance: everything a backup needs, in the order in which it is restored.

mod book;
mod datamodel;
mod turn;
