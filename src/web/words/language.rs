//! Which language a page speaks: what the person chose before, else what the browser prefers.

use crate::web::words::Text;

/// The cookie in which the choice is kept.
pub const COOKIE: &str = "fonds_language";

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    German,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::German, Self::English];

    /// The tag of BCP 47.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What the language calls itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language of this tag, if the pages speak it.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let main = tag.trim().split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| main.eq_ignore_ascii_case(language.tag()))
    }

    /// What the headers `Cookie` and `Accept-Language` ask for (RFC 9110 §12.5.4); English if they ask for nothing that
    /// the pages speak.
    #[must_use]
    pub fn wanted(cookie: Option<&str>, accept: Option<&str>) -> Self {
        let chosen = cookie.unwrap_or_default().split(';').filter_map(|pair| pair.trim().split_once('='));
        let chosen = chosen.filter(|(name, _)| *name == COOKIE).find_map(|(_, tag)| Self::of_tag(tag));
        chosen.or_else(|| preferred(accept.unwrap_or_default())).unwrap_or_default()
    }

    /// The text in this language.
    #[must_use]
    pub fn say(self, text: Text) -> &'static str {
        match self {
            Self::English => text.english,
            Self::German => text.german,
        }
    }

    /// The text with `{0}`, `{1}` … replaced. What is put in is not looked at again.
    #[must_use]
    pub fn fill(self, text: Text, values: &[&str]) -> String {
        let mut filled = String::new();
        let mut rest = self.say(text);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let place = after.split_once('}').and_then(|(place, after)| Some((place.parse::<usize>().ok()?, after)));
            match place {
                Some((place, after)) => {
                    filled.push_str(values.get(place).copied().unwrap_or_default());
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// One of the two texts, by whether the number is 1; the number stands at `{0}`.
    #[must_use]
    pub fn count(self, number: u64, one: Text, many: Text) -> String {
        self.fill(if number == 1 { one } else { many }, &[&self.number(number)])
    }
}

/// The first of the languages that are wanted most.
fn preferred(accept: &str) -> Option<Language> {
    let wanted = accept.split(',').filter_map(|item| {
        let mut parts = item.split(';');
        let language = Language::of_tag(parts.next()?)?;
        let quality = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1.0), |text| text.parse().ok());
        Some((language, quality.filter(|quality: &f32| *quality > 0.0)?))
    });
    let best = wanted.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::words::text;

    #[test]
    fn the_browser_s_wish_counts_until_somebody_chooses() {
        for (cookie, accept, language) in [
            (None, None, Language::English),
            (None, Some("de-AT,de;q=0.9,en;q=0.8"), Language::German),
            (None, Some("en;q=0.3, de;q=0.7"), Language::German),
            (None, Some("fr, en;q=0.5, de;q=0.4"), Language::English),
            (None, Some("de;q=0, en;q=0.1"), Language::English),
            (None, Some("fr"), Language::English),
            (Some("a=b; fonds_language=de"), Some("en"), Language::German),
            (Some("fonds_language=xx"), Some("de"), Language::German),
        ] {
            assert_eq!(Language::wanted(cookie, accept), language, "{cookie:?} {accept:?}");
        }
    }

    #[test]
    fn what_is_put_into_a_text_is_not_looked_at_again() {
        let two = text("{1} of {0}", "{0}: {1}");
        assert_eq!(Language::English.fill(two, &["{1}", "b"]), "b of {1}");
        assert_eq!(Language::German.fill(two, &["{1}", "b"]), "{1}: b");
        assert_eq!(Language::English.fill(text("a {x} {9}", ""), &[]), "a {x} ");
    }
}
