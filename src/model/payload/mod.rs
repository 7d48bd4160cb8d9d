//! Payloads: JSON files with records of one kind. Here stands how a payload is taken apart at its records, which kinds
//! there are, and which values differ in every backup.

pub mod difference;
pub mod flaw;
pub mod identity;
pub mod kind;
pub mod mentions;
pub mod pretty;
pub mod split;
pub mod validate;
pub mod volatile;

pub use difference::FieldChange;
pub use flaw::Flaw;
pub use identity::Identity;
pub use kind::PayloadKind;
pub use pretty::pretty;
pub use split::{Mark, Outline, Splitter};
pub use validate::Validator;
