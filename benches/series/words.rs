//! The vocabulary of the prose: word stems of a museum's catalogue and how often each word comes.

use super::chance::{Purpose, draw};

/// Slots of a frequency table: one random number of 14 bits picks a word.
const SLOTS: usize = 1 << 14;

pub const GERMAN_FIRST: &str = "Kupfer Silber Gold Zinn Eisen Bronze Messing Glas Ton Stein Holz Leder Papier Seiden Woll Leinen Elfenbein Bernstein Porzellan \
    Fayence Marmor Sandstein Alabaster Perlen Wachs Buch Bild Wand Decken Tafel Altar Kirchen Kloster Schloss Hof Stadt Dorf Hafen Markt Bauern Bürger \
    Ritter Königs Kaiser Herzogs Bischofs Zunft Handwerks Töpfer Schmiede Weber Maler Druck Reise Jagd Fest Hochzeits Trauer Kinder Frauen Männer Sommer \
    Winter Garten Blumen Vogel Fisch Pferde Löwen Drachen Engel Heiligen Marien Passions Apostel Toten Grab Brunnen Tor Turm Brücken Schiffs Wagen Uhren Musik";

/// Heads of compounds with their gender.
pub const GERMAN_HEAD: &str = "stich:m krug:m becher:m teller:m kelch:m leuchter:m ring:m schrein:m rahmen:m kasten:m mantel:m helm:m stuhl:m tisch:m schrank:m \
    schmuck:m druck:m fund:m entwurf:m schatz:m kanne:f schale:f vase:f figur:f platte:f dose:f truhe:f tafel:f büste:f gruppe:f szene:f arbeit:f \
    sammlung:f malerei:f zeichnung:f radierung:f skizze:f maske:f münze:f medaille:f inschrift:f glocke:f waffe:f tracht:f decke:f werkstatt:f bild:n \
    gefäß:n relief:n fragment:n blatt:n werk:n gemälde:n gewebe:n gerät:n modell:n siegel:n wappen:n kreuz:n motiv:n ornament:n stück:n buch:n fenster:n";

pub const GERMAN_ADJECTIVE: &str = "alt neu groß klein hell dunkel rund oval flach hoch breit schmal reich schlicht fein grob glatt rau bemalt vergoldet versilbert \
    glasiert geschnitzt gegossen getrieben gewebt bestickt graviert punziert beschriftet signiert datiert restauriert ergänzt beschädigt erhalten bedeutend \
    selten frühbarock spätgotisch romanisch klassizistisch höfisch bürgerlich ländlich städtisch kirchlich weltlich mythologisch biblisch allegorisch \
    fränkisch sächsisch schwäbisch niederländisch italienisch französisch böhmisch venezianisch chinesisch osmanisch nordisch byzantinisch antik \
    farbig weiß schwarz blau grünlich rötlich gelblich bräunlich silbern golden durchscheinend kräftig zart lebendig streng bewegt feierlich";

pub const GERMAN_PARTICIPLE: &str = "erworben gestiftet geschenkt gefunden geborgen ausgestellt verliehen restauriert gereinigt ergänzt vermessen beschrieben \
    veröffentlicht gezeichnet entworfen gefertigt gegossen bemalt vergoldet signiert datiert übertragen verzeichnet abgebildet untersucht gesichert übernommen \
    zurückgegeben versteigert getauscht katalogisiert fotografiert bestimmt zugeschrieben nachgewiesen überliefert erwähnt verändert umgearbeitet";

pub const ENGLISH_FIRST: &str = "copper silver gold pewter iron bronze brass glass clay stone wood leather paper silk wool linen ivory amber pearl wax book wall \
    church castle court town harbour market guild potter smith weaver painter travel hunting wedding mourning garden flower bird fish horse lion dragon angel \
    grave fountain gate tower bridge ship clock music hand house water fire earth sun moon star night day field forest river sea mill kitchen chapel";

pub const ENGLISH_HEAD: &str = "work ware plate piece maker smith stand box case frame board cloth light stone mark print book vessel figure panel house room side \
    line ground ornament scene cup bowl jug lid base rim foot neck handle cover mount seal crest band border edge face head mask coin ring chain";

pub const ENGLISH_NOUN: &str = "painting drawing engraving etching sketch sculpture relief fragment altarpiece manuscript letter map portrait landscape interior \
    inscription signature date style workshop master pupil collector donor dealer owner estate auction exhibition collection museum gallery archive library \
    restoration condition surface colour glaze pattern motif symbol legend saint apostle emperor duke bishop merchant craftsman century period region origin";

pub const ENGLISH_ADJECTIVE: &str = "old new large small bright dark round oval flat tall broad narrow rich plain fine coarse smooth rough painted gilded silvered \
    glazed carved cast chased woven embroidered engraved punched inscribed signed dated restored completed damaged preserved important rare early late \
    baroque gothic romanesque classical courtly civic rural urban sacred secular mythological biblical allegorical franconian saxon swabian dutch italian \
    french bohemian venetian chinese ottoman nordic byzantine ancient coloured white black blue greenish reddish yellowish translucent vivid delicate solemn";

pub const ENGLISH_PARTICIPLE: &str = "acquired donated given found recovered exhibited lent restored cleaned completed measured described published drawn designed \
    made cast painted gilded signed dated transferred recorded illustrated examined secured taken returned auctioned exchanged catalogued photographed \
    identified attributed documented mentioned altered reworked preserved";

pub const GIVEN_NAME: &str = "Anna Maria Johann Georg Friedrich Wilhelm Karl Heinrich Elisabeth Katharina Margarethe Sophie Luise Charlotte Jakob Peter Hans \
    Michael Christian Gottfried August Ludwig Otto Emil Paul Clara Helene Frieda Käthe Günther Jörg Björn Zoë André Matthäus Ägidius Ulrike Änne";

pub const FAMILY_FIRST: &str = "Berg Stein Linden Eichen Rosen Silber Gold Schön Roth Weiß Schwarz Grün Hohen Nieder Ober Unter Alten Neu Wald Feld Bach \
    Brunn Mühl Kirch Burg Sand Lang Kurz Breit Reh Wolf Falken Adler Löwen Birn Apfel Haber Korn Wein Winter";

pub const FAMILY_LAST: &str = "mann meier müller huber bauer hofer inger bacher berger thal feld stein dorf mayr höfer städter brück wald eck hardt kamp";

pub const PLACE_LAST: &str =
    "burg berg hausen heim stadt dorf bach au furt feld kirchen hofen ried roda thal münster brück stein see moor";

/// The n-th word comes as often as 1/(n + OFFSET): the most frequent words of a language, which
/// this leaves out, stand in the templates.
const OFFSET: f64 = 250.0;

/// Words with the frequencies of a text.
pub struct Words {
    words: Vec<String>,
    slots: Vec<u16>,
}

impl Words {
    /// Shuffles the words, so that their frequency follows no alphabet.
    pub fn new(mut words: Vec<String>) -> Words {
        let mut rng = draw(0, Purpose::Vocabulary, words.len() as u64, 0);
        rng.shuffle(&mut words);
        let last = words.len() - 1;
        let ratio = (words.len() as f64 + OFFSET) / OFFSET;
        let rank = |rng: &mut fastrand::Rng| (ratio.powf(rng.f64()) - 1.0) * OFFSET;
        let slots = (0..SLOTS).map(|_| (rank(&mut rng) as usize).min(last) as u16).collect();
        Words { words, slots }
    }

    pub fn list(text: &str) -> Words {
        Words::new(text.split_whitespace().map(str::to_owned).collect())
    }

    /// Every first part with every last part.
    pub fn compounds(firsts: &str, lasts: &str) -> Words {
        Words::new(product(firsts, lasts))
    }

    pub fn pick(&self, rng: &mut fastrand::Rng) -> &str {
        let slot = usize::from(self.slots[rng.usize(..SLOTS)]);
        &self.words[slot]
    }
}

/// All pairs written together.
pub fn product(firsts: &str, lasts: &str) -> Vec<String> {
    firsts
        .split_whitespace()
        .flat_map(|first| lasts.split_whitespace().map(move |last| format!("{first}{last}")))
        .collect()
}
