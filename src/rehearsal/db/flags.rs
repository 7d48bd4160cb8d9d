//! The switches of `POST /db`, under the names that the release knows. Parameters that nobody knows are ignored.

use crate::rehearsal::auth::Call;

#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub(super) struct Flags {
    pub skip_constraints: bool,
    /// New rows may bring their UUIDs.
    pub takes_row_uuids: bool,
    pub skip_reverse_nested: bool,
    pub skip_events: bool,
    pub dry_run: bool,
    /// Rows of nested tables have UUIDs since 6.11.
    pub has_row_uuids: bool,
    /// `VersionMismatch` has its code since 6.18.
    pub has_version_code: bool,
    /// A missing `_tags` means the default tags since 6.27.
    pub has_default_tags: bool,
    pub is_root: bool,
    pub user: u64,
}

impl Flags {
    pub fn of(call: &Call, user: u64) -> Self {
        let request = call.request;
        let renamed = call.has(6, 27, 0);
        let is_on = |new: &str, old: &str| request.is_on(if renamed { new } else { old });
        let skip_constraints = is_on("skip_constraints", "skipConstraints");
        Self {
            skip_constraints,
            // What fills an instance keeps the rows, and every constraint with them.
            takes_row_uuids: skip_constraints || call.is_own,
            skip_reverse_nested: request.is_on("skip_reverse_nested") && call.has(6, 17, 0),
            skip_events: request.is_on("skip_events") && renamed,
            dry_run: request.is_on("dry_run") && call.has(6, 8, 0),
            has_row_uuids: call.has(6, 11, 0),
            has_version_code: call.has(6, 18, 0),
            has_default_tags: renamed,
            is_root: call.caller.is_root,
            user,
        }
    }
}
