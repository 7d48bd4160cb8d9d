//! The sentences of the prose, with a place for each word that varies.
//!
//! `n` noun, `a` adjective, `v` participle, `p` person, `o` place, `y` year, `z` number; in German
//! `d` is a noun with its article and `e` an adjective with an ending.

pub const GERMAN: &[&str] = &[
    "{d} wurde {y} in {o} {v}.",
    "{d} zeigt {n} und {n} in {e} Ausführung.",
    "Nach {p} ist {d} {a}, {a} und {a}.",
    "Auf der Rückseite findet sich {d} mit der Inschrift \\\"{n}, {o} {y}\\\".",
    "Das Objekt kam {y} aus dem Besitz von {p} in die Sammlung.",
    "Die {e} Fassung von {y} ist nur in {o} {v}.",
    "{d} und {d} wurden von {p} {v} und {y} {v}.",
    "Vergleichbare Stücke: {n} ({o}, {y}), {n} ({o}), {n}.",
    "{e} {n} mit {e} {n}; Höhe {z} mm, Breite {z} mm.",
    "Im Inventar von {y} als {n} {v}, später als {n} {v}.",
    "Der Erhaltungszustand ist {a}; {d} wurde {y} {v}.",
    "{p} ({o}) hat {d} {y} {v}.",
    "Die Zuschreibung an {p} gilt seit {y} als {a}.",
    "{d} stammt vermutlich aus einer {e} Werkstatt in {o}.",
    "Zwischen {y} und {y} war {d} in {o} {v}, danach galt {d} als {a}.",
    "Auffällig sind {d}, {d} sowie die {e} {n}.",
    "Siehe auch: {p}, {n} und {n}, {o} {y}, S. {z}.",
    "Die Oberfläche ist {a}, am Rand {a} und stellenweise {a}.\\n{d} ist {v}.",
    "Für die Ausstellung „{n} und {n}“ wurde {d} {y} nach {o} {v}.",
    "Das Stück gehört zu einer Gruppe von {z} Objekten, die {p} {y} in {o} {v} hat.",
];

pub const ENGLISH: &[&str] = &[
    "The {a} {n} was {v} in {o} in {y}.",
    "It shows a {n} and a {n} in {a} execution.",
    "According to {p} the {n} is {a}, {a} and {a}.",
    "On the back there is a {n} with the inscription \\\"{n}, {o} {y}\\\".",
    "The object entered the collection in {y} from the estate of {p}.",
    "The {a} version of {y} is {v} only in {o}.",
    "The {n} and the {a} {n} were {v} by {p} and {v} in {y}.",
    "Comparable pieces: {n} ({o}, {y}), {n} ({o}), {n}.",
    "{a} {n} with {a} {n}; height {z} mm, width {z} mm.",
    "In the inventory of {y} it was {v} as a {n}, later as a {n}.",
    "The state of preservation is {a}; the {n} was {v} in {y}.",
    "{p} ({o}) has {v} the {a} {n} in {y}.",
    "The attribution to {p} has been regarded as {a} since {y}.",
    "The {n} probably comes from a {a} workshop in {o}.",
    "Between {y} and {y} the {n} was {v} in {o}, after that the {n} was called {a}.",
    "Remarkable are the {n}, the {a} {n} and the {a} {n}.",
    "See also: {p}, {n} and {n}, {o} {y}, p. {z}.",
    "The surface is {a}, at the edge {a} and in places {a}.\\nThe {n} is {v}.",
    "For the exhibition “{n} and {n}” the {n} was {v} to {o} in {y}.",
    "The piece belongs to a group of {z} objects that {p} {v} in {o} in {y}.",
];

/// A template cut into fixed text and places for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Text(&'static str),
    Noun,
    NounWithArticle,
    Adjective,
    AdjectiveWithEnding,
    Participle,
    Person,
    Place,
    Year,
    Number,
}

/// Cuts the templates of a language.
pub fn cut(templates: &[&'static str]) -> Vec<Vec<Token>> {
    templates.iter().map(|template| template.split(['{', '}']).enumerate().map(token).collect()).collect()
}

/// Every second part of a template stood between braces.
fn token((index, part): (usize, &'static str)) -> Token {
    match (index % 2, part) {
        (1, "n") => Token::Noun,
        (1, "d") => Token::NounWithArticle,
        (1, "a") => Token::Adjective,
        (1, "e") => Token::AdjectiveWithEnding,
        (1, "v") => Token::Participle,
        (1, "p") => Token::Person,
        (1, "o") => Token::Place,
        (1, "y") => Token::Year,
        (1, "z") => Token::Number,
        _ => Token::Text(part),
    }
}
