//! The rules of an instance, and what they mean for one request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::rehearsal::faults::rule::{Effect, Rule};

/// The rules, which can be changed while the instance runs.
#[derive(Debug)]
pub struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    rules: Vec<Counted>,
    chance: fastrand::Rng,
}

#[derive(Debug)]
struct Counted {
    rule: Rule,
    /// Requests that fitted.
    seen: u64,
    /// How often it applied.
    applied: u64,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Plan {
    pub slow: Option<Duration>,
    pub effects: Vec<Effect>,
    /// The rules, as they were written.
    pub texts: Vec<String>,
}

impl Faults {
    pub(in crate::rehearsal) fn new(seed: u64, rules: Vec<Rule>) -> Self {
        let rules = rules.into_iter().map(Counted::new).collect();
        Self { inner: Mutex::new(Inner { rules, chance: fastrand::Rng::with_seed(seed) }) }
    }

    /// Adds a rule.
    pub fn add(&self, rule: Rule) {
        self.lock().rules.push(Counted::new(rule));
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// Every rule as it was written, with how often it has applied.
    pub fn applied(&self) -> Vec<(String, u64)> {
        self.lock().rules.iter().map(|counted| (counted.rule.text.clone(), counted.applied)).collect()
    }

    /// What happens to a request. `body` is asked only for rules about what is in it.
    pub(in crate::rehearsal) fn plan(&self, method: &str, path: &str) -> Plan {
        let mut inner = self.lock();
        let Inner { rules, chance } = &mut *inner;
        let mut plan = Plan::default();
        for counted in rules.iter_mut().filter(|counted| counted.rule.fits(method, path)) {
            // Rules about a certain record or file apply by what is in the request, whenever it comes.
            if matches!(counted.rule.effect, Effect::RefuseRecord(_) | Effect::MissingFile(_)) {
                plan.take(&counted.rule);
                continue;
            }
            if counted.applies(chance) {
                plan.take(&counted.rule);
            }
        }
        plan
    }

    /// Notes that a rule about a record or file has applied.
    pub(in crate::rehearsal) fn note(&self, text: &str) {
        for counted in self.lock().rules.iter_mut().filter(|counted| counted.rule.text == text) {
            counted.applied += 1;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn new(rule: Rule) -> Self {
        Self { rule, seen: 0, applied: 0 }
    }

    fn applies(&mut self, chance: &mut fastrand::Rng) -> bool {
        let often = self.rule.often;
        self.seen += 1;
        let is_due = self.seen > often.after
            && (self.seen - often.after).is_multiple_of(often.every)
            && often.times.is_none_or(|times| self.applied < times)
            && (often.chance >= 1.0 || chance.f64() < often.chance);
        self.applied += u64::from(is_due);
        is_due
    }
}

impl Plan {
    fn take(&mut self, rule: &Rule) {
        self.texts.push(rule.text.clone());
        match &rule.effect {
            Effect::Slow(time) => self.slow = Some(self.slow.unwrap_or_default() + *time),
            effect => self.effects.push(effect.clone()),
        }
    }

    /// How long remote files must wait until they are fetched.
    pub fn fetches_after(&self) -> Duration {
        let waits =
            self.effects.iter().map(|effect| if let Effect::SlowFetch(time) = effect { *time } else { Duration::ZERO });
        waits.sum()
    }

    pub fn has(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }
}
