//! The migration page: what the command line does, in a browser. It calls the jobs and holds no logic of its own.

pub mod look;
pub mod words;
