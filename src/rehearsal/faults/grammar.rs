//! Rules as people write them.

use std::str::FromStr;
use std::time::Duration;

use regex::Regex;

use crate::rehearsal::faults::rule::{Effect, Often, Rule};

/// The grammar, for help texts.
pub const FAULT_GRAMMAR: &str = "\
A fault is written as   WHAT on [METHOD] PATH [times N] [after N] [every N] [chance P]

  WHAT   status CODE [retry-after S]   an answer 429, 423, 502, 503, 504, ...; nothing is done
         slow MS                       the first byte comes MS milliseconds later
         reset before                  the connection is cut before anything is done
         reset middle                  ... in the middle of the answer; the work is done
         reset after                   ... before the answer; the work is done
         truncate                      the answer ends too early
         wrong-length                  the answer tells a length that is too short
         error-body                    200 with an error in its body; nothing is done
         confirm                       202: confirm and send it again; nothing is done
         expire-token                  the token dies with this request
         redirect URL                  302 to URL; nothing is done
         refuse-record TEXT            400 whenever the body has TEXT
         missing-file ID               the file with this id or reference cannot be had
         slow-fetch MS                 remote files are fetched MS milliseconds after the answer
  PATH   * stands for anything: /api/v1/db/*
  times  so often and no more          after   not the first N requests that fit
  every  each Nth of them              chance  with this probability, 0 to 1 (see --seed)

  status 503 retry-after 1 on POST /api/v1/db/* times 2
  reset after on POST /api/v1/eas/put every 10
  refuse-record \"1951.17\" on POST /api/v1/db/objekt";

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} in the fault \"{text}\"")]
pub struct RuleError {
    what: String,
    text: String,
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let failed = |what: String| RuleError { what, text: text.to_owned() };
        let mut words = Words { words: words(text), at: 0 };
        let effect = words.effect().map_err(failed)?;
        if words.next() != Some("on") {
            return Err(failed("\"on\" is missing".to_owned()));
        }
        let first = words.next().ok_or_else(|| failed("a path is missing".to_owned()))?.to_owned();
        let is_method = first.bytes().all(|byte| byte.is_ascii_uppercase());
        let (method, path) = if is_method {
            (Some(first), words.next().ok_or_else(|| failed("a path is missing".to_owned()))?.to_owned())
        } else {
            (None, first)
        };
        let pattern = path.split('*').map(regex::escape).collect::<Vec<_>>().join(".*");
        let path = Regex::new(&format!("^{pattern}$")).map_err(|_| failed("a path that is none".to_owned()))?;
        let often = words.often().map_err(failed)?;
        Ok(Self { text: text.to_owned(), effect, method, path, often })
    }
}

/// The words of a text; what stands in double quotes is one.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in text.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

struct Words {
    words: Vec<String>,
    at: usize,
}

impl Words {
    fn next(&mut self) -> Option<&str> {
        self.at += 1;
        self.words.get(self.at - 1).map(String::as_str)
    }

    fn number<T: FromStr>(&mut self, of: &str) -> Result<T, String> {
        let word = self.next().unwrap_or_default();
        word.parse().map_err(|_| format!("no number after \"{of}\""))
    }

    fn text(&mut self, of: &str) -> Result<String, String> {
        self.next().map(str::to_owned).ok_or_else(|| format!("nothing after \"{of}\""))
    }

    fn effect(&mut self) -> Result<Effect, String> {
        let first = self.next().unwrap_or_default().to_owned();
        Ok(match first.as_str() {
            "status" => {
                let status = self.number("status")?;
                if !(200..600).contains(&status) {
                    return Err(format!("{status} is no status"));
                }
                let has_retry = self.words.get(self.at).is_some_and(|word| word == "retry-after");
                self.at += usize::from(has_retry);
                let retry_after = if has_retry { Some(self.number("retry-after")?) } else { None };
                Effect::Status { status, retry_after }
            }
            "slow" => Effect::Slow(Duration::from_millis(self.number("slow")?)),
            "reset" => match self.text("reset")?.as_str() {
                "before" => Effect::ResetBefore,
                "middle" => Effect::ResetMiddle,
                "after" => Effect::ResetAfter,
                other => return Err(format!("\"reset {other}\" is unknown")),
            },
            "truncate" => Effect::Truncate,
            "wrong-length" => Effect::WrongLength,
            "error-body" => Effect::ErrorBody,
            "confirm" => Effect::Confirm,
            "expire-token" => Effect::ExpireToken,
            "redirect" => Effect::Redirect(self.text("redirect")?),
            "refuse-record" => Effect::RefuseRecord(self.text("refuse-record")?),
            "missing-file" => Effect::MissingFile(self.text("missing-file")?),
            "slow-fetch" => Effect::SlowFetch(Duration::from_millis(self.number("slow-fetch")?)),
            other => return Err(format!("\"{other}\" is unknown")),
        })
    }

    fn often(&mut self) -> Result<Often, String> {
        let mut often = Often { times: None, after: 0, every: 1, chance: 1.0 };
        while let Some(word) = self.next().map(str::to_owned) {
            match word.as_str() {
                "times" => often.times = Some(self.number("times")?),
                "after" => often.after = self.number("after")?,
                "every" => often.every = self.number::<u64>("every")?.max(1),
                "chance" => often.chance = self.number("chance")?,
                other => return Err(format!("\"{other}\" is unknown")),
            }
        }
        if (0.0..=1.0).contains(&often.chance) { Ok(often) } else { Err("a chance is 0 to 1".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read() {
        let rule: Rule = "status 503 retry-after 1 on POST /api/v1/db/* times 2".parse().unwrap();
        assert_eq!(rule.effect, Effect::Status { status: 503, retry_after: Some(1) });
        assert!(rule.fits("POST", "/api/v1/db/objekt") && !rule.fits("GET", "/api/v1/db/objekt"));
        let rule: Rule = "refuse-record \"a b\" on *objekt after 3 every 2 chance 0.5".parse().unwrap();
        assert_eq!(rule.effect, Effect::RefuseRecord("a b".to_owned()));
        assert_eq!(rule.often, Often { times: None, after: 3, every: 2, chance: 0.5 });
    }

    #[test]
    fn what_is_no_rule_is_told() {
        for text in
            ["", "status on /x", "explode on /x", "slow 5", "truncate on", "truncate on /x often", "status 99 on /x"]
        {
            assert!(text.parse::<Rule>().is_err(), "{text}");
        }
    }
}
