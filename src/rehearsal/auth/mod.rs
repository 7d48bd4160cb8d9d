//! Who calls: access tokens of fylr, sessions of easydb5, and what their users may do. A request whose token is missing
//! or dead is not refused but carried out as an anonymous one, with all that follows from it.

mod call;
mod oauth2;
mod session;
mod user_session;

pub(in crate::rehearsal) use call::{Call, Caller};
pub(in crate::rehearsal) use oauth2::{introspect, revoke, token};
pub(in crate::rehearsal) use session::{authenticate, deauthenticate, new_session};
pub(in crate::rehearsal) use user_session::user_session;
