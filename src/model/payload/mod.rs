//! Payloads: JSON files with records of one kind. Here stands how a payload is taken apart at its records, which kinds
//! there are, and which values differ in every backup.

pub mod flaw;
pub mod kind;
pub mod split;
pub mod validate;
pub mod volatile;

pub use flaw::Flaw;
pub use kind::PayloadKind;
pub use split::{Mark, Outline, Splitter};
pub use validate::Validator;
