//! Texts that stand around every page, signs of states, tables and lists in pages.

use crate::web::words::{Text, text};

pub const PRODUCT: Text = text("Migration", "Migration");
pub const TO_CONTENT: Text = text("To the content", "Zum Inhalt");
pub const BACKUPS: Text = text("Backups", "Backups");
pub const RUNS: Text = text("Runs", "Läufe");
pub const LANGUAGE: Text = text("Language", "Sprache");
pub const MAIN_NAVIGATION: Text = text("Main navigation", "Hauptnavigation");
pub const WHERE: Text = text("You are here", "Sie sind hier");
pub const ARCHIVE: Text = text("Archive", "Archiv");

pub const QUEUED: Text = text("queued", "in der Warteschlange");
pub const WAITING_FOR_ARCHIVE: Text = text("waiting for the archive", "wartet auf das Archiv");
pub const RUNNING: Text = text("running", "läuft");
pub const WAITING_FOR_RETRY: Text = text("waiting for retry", "wartet auf neuen Versuch");
pub const CANCELLING: Text = text("cancelling", "wird abgebrochen");
pub const CANCELLED: Text = text("cancelled", "abgebrochen");
pub const FAILED: Text = text("failed", "gescheitert");
pub const INCOMPLETE: Text = text("incomplete", "unvollständig");
pub const DONE: Text = text("done", "fertig");
pub const DONE_WITH_ASIDE: Text = text("done, with records set aside", "fertig, mit zurückgestellten Datensätzen");
pub const DIFFERENT: Text = text("done, with differences", "fertig, mit Abweichungen");

pub const PAGES: Text = text("Pages", "Seiten");
pub const FIRST: Text = text("First", "Anfang");
pub const PREVIOUS: Text = text("Previous", "Zurück");
pub const NEXT: Text = text("Next", "Weiter");
pub const LAST: Text = text("Last", "Ende");
pub const RANGE: Text = text("{0}–{1} of {2}", "{0}–{1} von {2}");
pub const RANGE_OPEN: Text = text("{0}–{1}", "{0}–{1}");

pub const NOT_FOUND: Text = text("Not found", "Nicht gefunden");
pub const NOT_FOUND_HELP: Text = text("There is nothing at this address.", "Unter dieser Adresse ist nichts.");
pub const WENT_WRONG: Text = text("That did not work", "Das hat nicht geklappt");
pub const BACK_TO_START: Text = text("Back to the list of backups", "Zurück zur Liste der Backups");
pub const LIVE_REFRESH: Text = text("This page follows by itself.", "Diese Seite folgt von selbst.");
