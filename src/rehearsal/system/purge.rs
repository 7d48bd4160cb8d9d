//! `POST /system/purgeall`: everything is gone, tokens too, and the instance has another UUID. Two switches must be on,
//! and the caller must be the real root.

use secrecy::SecretString;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{Login, Place};

pub(super) fn purge(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    call.root()?;
    if !call.caller.is_system_root {
        let text = "Only the user system:root can purge.";
        return Err(Problem::new(403, "PurgeSystemRootOnly", "acl", text));
    }
    let switch = call.read().config.path(&["system", "config", "purge", "allow_purge"]).bool();
    if !call.shared.options.allow_purge || switch != Some(true) {
        let text = "Purging is not allowed by the configuration.";
        return Err(Problem::new(400, "PurgeNotAllowed", "api", text));
    }
    let files = call.read().files.all.values().map(|file| file.place.clone()).collect::<Vec<_>>();
    let password = call.request.param("set_password").filter(|password| !password.is_empty());
    let password = password.map(SecretString::from);
    call.shared.initialize();
    if let Some(password) = password {
        use secrecy::ExposeSecret as _;
        let mut state = call.write();
        let root = state.users.by_reference("system:root").unwrap_or(1);
        state.logins.insert(root, Login { password: Some(password.expose_secret().to_owned()), hash: None });
    }
    for place in files {
        if let Place::Here(path) = place {
            // A file that is gone already is what is wanted.
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(Answer::ok())
}
