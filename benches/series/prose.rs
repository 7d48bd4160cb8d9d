//! Prose of two languages: sentences that follow from their key alone.

use std::fmt::{self, Write};

use super::chance::{self, Purpose, draw};
use super::edits::{Edits, Language};
use super::templates::{self, Token};
use super::words::{self, Words};

/// The words and sentence forms of both languages; built once and shared by all threads.
pub struct Prose {
    german: Tongue,
    english: Tongue,
    given_names: Words,
    family_names: Words,
    pub places: Words,
}

struct Tongue {
    templates: Vec<Vec<Token>>,
    nouns: Words,
    adjectives: Words,
    participles: Words,
}

/// A prose field of a record, from which each of its sentences has its key.
#[derive(Clone, Copy)]
pub struct Field {
    pub seed: u64,
    pub record: u64,
    /// Which prose field of the record this is.
    pub number: u64,
    pub sentences: u64,
}

impl Prose {
    pub fn new() -> Prose {
        Prose {
            german: Tongue {
                templates: templates::cut(templates::GERMAN),
                nouns: Words::compounds(words::GERMAN_FIRST, words::GERMAN_HEAD),
                adjectives: Words::list(words::GERMAN_ADJECTIVE),
                participles: Words::list(words::GERMAN_PARTICIPLE),
            },
            english: Tongue {
                templates: templates::cut(templates::ENGLISH),
                nouns: Words::new(english_nouns()),
                adjectives: Words::list(words::ENGLISH_ADJECTIVE),
                participles: Words::list(words::ENGLISH_PARTICIPLE),
            },
            given_names: Words::list(words::GIVEN_NAME),
            family_names: Words::compounds(words::FAMILY_FIRST, words::FAMILY_LAST),
            places: Words::compounds(words::FAMILY_FIRST, words::PLACE_LAST),
        }
    }

    /// Writes a localised field, `{"de-DE":"…","en-US":"…"}`, as the edits left it.
    pub fn localised(&self, out: &mut String, field: Field, edits: &Edits) -> fmt::Result {
        out.push_str("{\"de-DE\":\"");
        self.sentences(out, field, Language::German, edits)?;
        out.push_str("\",\"en-US\":\"");
        self.sentences(out, field, Language::English, edits)?;
        out.push_str("\"}");
        Ok(())
    }

    /// Writes the sentences of a field in one language.
    pub fn sentences(&self, out: &mut String, field: Field, language: Language, edits: &Edits) -> fmt::Result {
        for sentence in 0..field.sentences {
            if sentence > 0 {
                out.push(' ');
            }
            let revision = edits.revision(language, sentence);
            let place = [revision, field.number, sentence, language as u64];
            let detail = place.into_iter().fold(0, |detail, part| (detail << 12) | part);
            let mut rng = draw(field.seed, Purpose::Sentence, field.record, detail);
            self.sentence(out, &mut rng, language)?;
        }
        Ok(())
    }

    /// Writes a title: two nouns, or a noun and a place.
    pub fn title(&self, out: &mut String, rng: &mut fastrand::Rng) -> fmt::Result {
        out.push_str("{\"de-DE\":\"");
        self.german.noun(out, rng);
        write!(out, " aus {}\",\"en-US\":\"", self.places.pick(rng))?;
        out.push_str(self.english.adjectives.pick(rng));
        out.push(' ');
        out.push_str(self.english.nouns.pick(rng));
        out.push_str("\"}");
        Ok(())
    }

    /// Writes a keyword in both languages.
    pub fn keyword(&self, out: &mut String, rng: &mut fastrand::Rng) {
        out.push_str("{\"de-DE\":\"");
        self.german.noun(out, rng);
        out.push_str("\",\"en-US\":\"");
        out.push_str(self.english.nouns.pick(rng));
        out.push_str("\"}");
    }

    pub fn person(&self, out: &mut String, rng: &mut fastrand::Rng) {
        out.push_str(self.given_names.pick(rng));
        out.push(' ');
        out.push_str(self.family_names.pick(rng));
    }

    fn sentence(&self, out: &mut String, rng: &mut fastrand::Rng, language: Language) -> fmt::Result {
        let tongue = match language {
            Language::German => &self.german,
            Language::English => &self.english,
        };
        let form = &tongue.templates[rng.usize(..tongue.templates.len())];
        for token in form {
            match token {
                Token::Text(text) => out.push_str(text),
                Token::Noun => tongue.noun(out, rng),
                Token::NounWithArticle => tongue.noun_with_article(out, rng),
                Token::Adjective => out.push_str(tongue.adjectives.pick(rng)),
                Token::AdjectiveWithEnding => {
                    out.push_str(tongue.adjectives.pick(rng));
                    out.push_str("en");
                }
                Token::Participle => out.push_str(tongue.participles.pick(rng)),
                Token::Person => self.person(out, rng),
                Token::Place => out.push_str(self.places.pick(rng)),
                Token::Year => write!(out, "{}", 1990 - chance::skewed(rng, 700))?,
                Token::Number => write!(out, "{}", 10 + chance::skewed(rng, 900))?,
            }
        }
        Ok(())
    }
}

impl Tongue {
    fn noun(&self, out: &mut String, rng: &mut fastrand::Rng) {
        let noun = self.nouns.pick(rng);
        out.push_str(noun.split_once(':').map_or(noun, |(noun, _)| noun));
    }

    fn noun_with_article(&self, out: &mut String, rng: &mut fastrand::Rng) {
        let noun = self.nouns.pick(rng);
        let (noun, gender) = noun.split_once(':').unwrap_or((noun, ""));
        out.push_str(match gender {
            "m" => "der ",
            "f" => "die ",
            _ => "das ",
        });
        out.push_str(noun);
    }
}

/// Plain nouns and compounds, each also in the plural.
fn english_nouns() -> Vec<String> {
    let mut nouns = words::product(words::ENGLISH_FIRST, words::ENGLISH_HEAD);
    nouns.extend(words::ENGLISH_NOUN.split_whitespace().map(str::to_owned));
    let plurals: Vec<String> = nouns.iter().map(|noun| format!("{noun}s")).collect();
    nouns.extend(plurals);
    nouns
}
