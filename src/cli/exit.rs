//! Exit codes: what a script learns of how a command ended.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exit(pub u8);

impl Exit {
    pub const DONE: Self = Self(0);
    /// What was kept before is kept.
    pub const FAILED: Self = Self(1);
    /// Nothing was touched.
    pub const USAGE: Self = Self(2);
    /// The same command continues.
    pub const PASSING: Self = Self(3);
    /// Finished, but something is missing that was asked for.
    pub const INCOMPLETE: Self = Self(4);
    /// The instance does not let the login in, or not do this.
    pub const AUTHENTICATION: Self = Self(7);
    /// Verify has found differences.
    pub const DIFFERENT: Self = Self(5);
    /// Nothing was touched, for something is in the way.
    pub const REFUSED: Self = Self(6);

    /// Ended by a signal, as a shell tells it.
    pub fn signal(number: i32) -> Self {
        Self(128 + u8::try_from(number).unwrap_or(0))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}
