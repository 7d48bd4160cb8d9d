//! Texts of the plan of a restore, and of its confirmation.

use crate::web::words::{Text, text};

pub const TITLE: Text = text("Plan of a restore", "Plan einer Wiederherstellung");
pub const MAKING: Text = text("The plan is being made …", "Der Plan entsteht …");
pub const MAKING_HELP: Text = text(
    "Backup and targets are looked at. Nothing is changed anywhere.",
    "Backup und Ziele werden angesehen. Nichts wird irgendwo geändert.",
);
pub const FAILED: Text = text("The plan could not be made", "Der Plan kam nicht zustande");
pub const GONE: Text = text(
    "This plan is gone: plans are kept for an hour, and end with the server. Please plan again.",
    "Dieser Plan ist weg: Pläne bleiben eine Stunde und enden mit dem Server. Bitte neu planen.",
);
pub const BACKUP: Text = text("Backup", "Backup");
pub const SOURCE: Text = text("Source", "Quelle");
pub const FILES: Text = text("Files", "Dateien");
pub const FILES_LINE: Text = text(
    "{0} packed ({1}), {2} by URL ({3}), {4} stay elsewhere; those by URL go by {5}",
    "{0} gepackt ({1}), {2} per URL ({3}), {4} bleiben anderswo; die per URL kommen mit {5}",
);
pub const FILES_NOT: Text = text("no way: they stay behind", "gar nicht: Sie bleiben zurück");
pub const ITEMS: Text = text("What goes in", "Was hineinkommt");
pub const KIND: Text = text("Kind", "Art");
pub const COUNT: Text = text("Count", "Anzahl");
pub const NOTES: Text = text("Good to know", "Gut zu wissen");
pub const REFUSED: Text = text("This speaks against it", "Das spricht dagegen");
pub const REFUSED_HELP: Text = text(
    "Nothing was touched. Change the form, and plan again.",
    "Nichts wurde angefasst. Ändern Sie das Formular, und planen Sie neu.",
);
pub const TARGET: Text = text("Target", "Ziel");
pub const THERE: Text = text("There now", "Jetzt dort");
pub const THERE_DELETED: Text = text("There now, will be deleted", "Jetzt dort, wird gelöscht");
pub const RECORDS: Text = text("Records", "Datensätze");
pub const NO_MODEL: Text = text("no data model: it is empty", "kein Datenmodell: Es ist leer");
pub const GOES_ON: Text =
    text("Goes on with the restore that was begun there.", "Macht mit der dort begonnenen Wiederherstellung weiter.");
pub const CONFIRM: Text = text("Confirm", "Bestätigen");
pub const DESTROY: Text = text("This will destroy all data on \"{0}\"!", "Das zerstört alle Daten auf „{0}“!");
pub const TYPE_HOST: Text = text("Type the host name {0}", "Geben Sie den Hostnamen {0} ein");
pub const TYPE_HOST_HELP: Text =
    text("So that nothing goes to the wrong instance.", "Damit nichts in die falsche Instanz geht.");
pub const WRONG_HOST: Text =
    text("is another name: nothing was touched", "ist ein anderer Name: Nichts wurde angefasst");
pub const START: Text = text("Start the restore", "Wiederherstellung starten");
pub const START_PURGE: Text = text("Destroy and restore", "Zerstören und wiederherstellen");
pub const CHANGE: Text = text("Back to the form", "Zurück zum Formular");
pub const STARTED: Text = text("This plan was started already.", "Dieser Plan wurde schon gestartet.");
