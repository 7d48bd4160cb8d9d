//! Plans that wait to be confirmed. They hold passwords, and so stand in memory only, and not for long.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::jobs::restore::Plan;
use crate::web::forms::RestoreForm;

/// How long a plan waits: what it has seen changes, and it holds passwords.
const AGE_MAX: Duration = Duration::from_hours(1);
/// Plans that wait at a time.
const PLANS_MAX: usize = 50;

/// All plans of this process.
#[derive(Default)]
pub(in crate::web) struct Plans(Mutex<VecDeque<Arc<Pending>>>);

/// A plan, from the moment when its form was sent.
pub(in crate::web) struct Pending {
    /// As in its path.
    pub id: String,
    /// The word of the form that it was sent with.
    once: Option<String>,
    pub form: RestoreForm,
    made: Instant,
    stage: Mutex<Stage>,
}

/// How far it is.
#[derive(Debug, Clone)]
pub(in crate::web) enum Stage {
    Making,
    Ready(Box<Plan>),
    /// Why there is none; a text for people.
    Failed(String),
    /// The path of the run.
    Started(String),
}

impl Plans {
    /// A plan for a form. One that was sent before with the same word is that one; then it need not be made.
    pub fn add(&self, form: RestoreForm, once: Option<String>) -> (Arc<Pending>, bool) {
        let mut plans = self.lock();
        plans.retain(|plan| plan.made.elapsed() < AGE_MAX);
        if let Some(known) = plans.iter().find(|plan| once.is_some() && plan.once == once) {
            return (Arc::clone(known), false);
        }
        if plans.len() >= PLANS_MAX {
            plans.pop_front();
        }
        let id = crate::web::sheets::once();
        let pending = Pending { id, once, form, made: Instant::now(), stage: Mutex::new(Stage::Making) };
        let pending = Arc::new(pending);
        plans.push_back(Arc::clone(&pending));
        (pending, true)
    }

    /// The plan of this id, if it still waits.
    pub fn get(&self, id: &str) -> Option<Arc<Pending>> {
        let mut plans = self.lock();
        plans.retain(|plan| plan.made.elapsed() < AGE_MAX);
        plans.iter().find(|plan| plan.id == id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Pending>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    pub fn stage(&self) -> Stage {
        self.lock().clone()
    }

    pub fn set(&self, stage: Stage) {
        *self.lock() = stage;
    }

    /// Starts it, once: whoever comes second is led to the same run.
    ///
    /// # Errors
    /// The error of `start`; then it can be tried again.
    pub fn start<E>(&self, start: impl FnOnce() -> Result<String, E>) -> Result<String, E> {
        let mut stage = self.lock();
        if let Stage::Started(path) = &*stage {
            return Ok(path.clone());
        }
        let path = start()?;
        *stage = Stage::Started(path.clone());
        Ok(path)
    }

    /// Where its page is.
    pub fn path(&self) -> String {
        format!("{}plans/{}/", crate::web::look::RUNS, self.id)
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_sent_twice_is_one_plan_and_one_run() {
        let plans = Plans::default();
        let (first, is_new) = plans.add(RestoreForm::default(), Some("a".to_owned()));
        let (second, is_again) = plans.add(RestoreForm::default(), Some("a".to_owned()));
        assert!(is_new && !is_again && Arc::ptr_eq(&first, &second));
        let (other, is_new) = plans.add(RestoreForm::default(), None);
        assert!(is_new && !Arc::ptr_eq(&first, &other));
        assert_eq!(first.start(|| Err::<String, _>("busy")), Err("busy"));
        assert_eq!(first.start(|| Ok::<_, ()>("/1".to_owned())), Ok("/1".to_owned()));
        assert_eq!(first.start(|| Ok::<_, ()>("/2".to_owned())), Ok("/1".to_owned()));
    }

    #[test]
    fn not_too_many_passwords_are_held() {
        let plans = Plans::default();
        let (first, _) = plans.add(RestoreForm::default(), None);
        for _ in 0..PLANS_MAX {
            plans.add(RestoreForm::default(), None);
        }
        assert!(plans.get(&first.id).is_none());
        assert_eq!(plans.lock().len(), PLANS_MAX);
    }
}
