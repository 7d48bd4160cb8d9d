//! Rehearse: a backup is restored to an instance inside this process, and compared with what is there then. What a real
//! target would refuse is found out without one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::fylr::target::Restored;
use crate::fylr::{Certificates, Credentials, Options, RetryPolicy, Server};
use crate::jobs::Error;
use crate::jobs::restore::{Plan, Restore, Target};
use crate::jobs::verify::{FILES_PATIENCE, Verified, Verify};
use crate::model::event::Observer;
use crate::model::ledger::Fleeting;
use crate::rehearsal::{self, Instance, Release};

/// The instance answers at once, or something is wrong.
const TIMEOUT: Duration = Duration::from_mins(10);
/// Requests that are under way at a time.
const WORKERS: usize = 8;
const LOGIN: &str = "root";

/// What to rehearse.
pub struct Rehearse {
    /// Its targets are not used.
    pub restore: Restore,
    /// The release that the target will have.
    pub release: Release,
}

/// What was found.
pub struct Rehearsed {
    pub plan: Plan,
    /// `None` if the plan refuses.
    pub restored: Option<Restored>,
    pub verified: Option<Verified>,
}

impl Rehearse {
    /// Restores and compares. Nothing of it is left behind.
    ///
    /// # Errors
    /// When the backup cannot be read, or the instance cannot be started.
    pub fn run(self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Rehearsed, Error> {
        let password = SecretString::from(format!("{:032x}", fastrand::u128(..)));
        let options = rehearsal::Options {
            release: self.release,
            login: LOGIN.to_owned(),
            password: password.clone(),
            ..rehearsal::Options::default()
        };
        let instance = Instance::start(options)?;
        let connection = Options {
            server: Server::parse(&instance.api_url(), None)?,
            credentials: Credentials {
                login: LOGIN.to_owned(),
                password,
                client_id: String::new(),
                client_secret: None,
            },
            certificates: Certificates::Verified,
            timeout: TIMEOUT,
            retry: RetryPolicy { count_max: 3, sleep_between: Duration::from_millis(100) },
            workers: WORKERS,
            is_logged: false,
        };
        let mut restore = self.restore;
        restore.targets = vec![Target { name: "rehearsal".to_owned(), connection: connection.clone() }];
        let from = restore.from.clone();
        let renditions = restore.write.upload_versions.then(|| restore.write.renames.clone());
        // A real target must have the plugins that its data model needs; here they are taken for installed.
        restore.is_forced = true;
        let mut planned = restore.plan(archive, observer)?;
        for target in &mut planned.plan.targets {
            instance.put_plugins(&target.missing_plugins);
        }
        let plan = planned.plan.clone();
        if plan.is_refused() {
            return Ok(Rehearsed { plan, restored: None, verified: None });
        }
        let ledger = Arc::new(Fleeting::default());
        let mut outcomes = planned.run_unnoted(&ledger, observer);
        let restored = outcomes.remove(0).ended?;
        let verify = Verify { from, connection, without_files: false, renditions, without_events: false };
        let verified = verify.run_knowing(archive, Some(&*ledger), FILES_PATIENCE, observer)?;
        Ok(Rehearsed { plan, restored: Some(restored), verified: Some(verified) })
    }
}
