//! Texts of the list of backups, of one backup, of browsing, and of comparing.

use crate::web::words::{Text, text};

pub const TITLE: Text = text("Backups", "Backups");
pub const LIST: Text = text("List of backups", "Liste der Backups");
pub const EMPTY: Text = text(
    "There is no backup yet. Create the first one below.",
    "Noch gibt es kein Backup. Erstellen Sie unten das erste.",
);
pub const NO_ARCHIVE: Text = text(
    "There is no archive at {0} yet; the first backup creates it.",
    "Unter {0} ist noch kein Archiv; das erste Backup legt es an.",
);
pub const RUNNING_NOW: Text = text("Running now", "Läuft gerade");
pub const NAME: Text = text("Name", "Name");
pub const SOURCE: Text = text("Source", "Quelle");
pub const NEWEST: Text = text("Newest snapshot", "Neuester Snapshot");
pub const SNAPSHOTS: Text = text("Snapshots", "Snapshots");
pub const RECORDS: Text = text("Records", "Datensätze");
pub const STORED: Text = text("Stored", "Gespeichert");
pub const SAVED_SIZE: Text = text("{0} saved", "{0} gespart");
pub const LAST_BACKUP: Text = text("Last backup", "Letztes Backup");
pub const LAST_RESTORE: Text = text("Last restore", "Letzte Wiederherstellung");
pub const NEVER: Text = text("never", "nie");
pub const DAMAGED: Text =
    text("{0} cannot be read; \"fonds check\" tells more.", "{0} ist nicht lesbar; „fonds check“ sagt mehr.");
pub const SAVED_LINE: Text =
    text("Snapshots: {0} · {1} of backups · {2} in the file", "Snapshots: {0} · {1} an Backups · {2} in der Datei");

pub const SNAPSHOT: Text = text("Snapshot", "Snapshot");
pub const SNAPSHOT_NUMBER: Text = text("Snapshot {0}", "Snapshot {0}");
pub const CREATED: Text = text("Created", "Erstellt");
pub const FINISHED: Text = text("Backup finished", "Backup fertig");
pub const VERSION: Text = text("Version", "Version");
pub const PAYLOADS: Text = text("Payloads", "Payloads");
pub const FILES: Text = text("Files", "Dateien");
pub const RENDITIONS: Text = text("Renditions", "Renditionen");
pub const SIZE: Text = text("Size", "Größe");
pub const ADDED: Text = text("Added", "Dazugekommen");
pub const NEW_RECORDS: Text = text("New records", "Neue Datensätze");
pub const TAGS: Text = text("Tags", "Tags");
pub const RUN: Text = text("Run", "Lauf");
pub const KIND: Text = text("Kind", "Art");
pub const OBJECTTYPE: Text = text("Objecttype", "Objekttyp");
pub const OLDER: Text = text("Older versions", "Ältere Versionen");
pub const NEW: Text = text("New", "Neu");
pub const CONTENTS: Text = text("Records by kind", "Datensätze nach Art");
pub const CONTENT_OF: Text = text("Content of the snapshot", "Inhalt des Snapshots");
pub const MANIFEST: Text = text("Manifest", "Manifest");
pub const MISSING_NOTE: Text = text(
    "{0} payloads of the manifest were missing when it was made.",
    "{0} Payloads des Manifests fehlten, als es entstand.",
);
pub const FLAWED_NOTE: Text = text(
    "{0} payloads hold no records; they are kept as they are.",
    "{0} Payloads enthalten keine Datensätze; sie sind aufbewahrt, wie sie sind.",
);

pub const ACTIONS: Text = text("Actions", "Aktionen");
pub const RESTORE: Text = text("Restore …", "Wiederherstellen …");
pub const REHEARSE: Text = text("Rehearse", "Proben");
pub const REHEARSE_HELP: Text = text(
    "Restores into an instance inside this program, and says what a real one would refuse.",
    "Stellt in einer Instanz in diesem Programm wieder her und sagt, was eine echte ablehnen würde.",
);
pub const VERIFY: Text = text("Verify …", "Prüfen …");
pub const VERIFY_BUTTON: Text = text("Verify", "Prüfen");
pub const VERIFY_HELP: Text = text(
    "Reads an instance back and compares it with this snapshot, record by record.",
    "Liest eine Instanz zurück und vergleicht sie mit diesem Snapshot, Datensatz für Datensatz.",
);
pub const DOWNLOAD: Text = text("Download as tar", "Als tar herunterladen");
pub const DOWNLOAD_HELP: Text =
    text("The standard directory, as fylr backup writes it.", "Das Standardverzeichnis, wie fylr backup es schreibt.");
pub const FORGET: Text = text("Forget …", "Vergessen …");
pub const FORGET_HELP: Text = text(
    "Takes this snapshot out of the archive for good. Type its number {0} to confirm.",
    "Nimmt diesen Snapshot endgültig aus dem Archiv. Zum Bestätigen seine Nummer {0} eingeben.",
);
pub const FORGET_FIELD: Text = text("Number of the snapshot", "Nummer des Snapshots");
pub const FORGET_BUTTON: Text = text("Forget for good", "Endgültig vergessen");
pub const FORGET_WRONG: Text =
    text("is another number: nothing was changed", "ist eine andere Nummer: Nichts wurde geändert");
pub const COMPARE: Text = text("Compare with", "Vergleichen mit");
pub const COMPARE_BUTTON: Text = text("Compare", "Vergleichen");
pub const WITHOUT_FILES: Text = text("Without files", "Ohne Dateien");
pub const WITHOUT_EVENTS: Text = text("Without events", "Ohne Ereignisse");
pub const WITHOUT_HELP: Text = text("They did not come along.", "Sie kamen nicht mit.");

pub const FOLDER: Text = text("Folder", "Ordner");
pub const EMPTY_FOLDER: Text = text("empty folder", "leerer Ordner");
pub const MISSING: Text = text("missing", "fehlt");
pub const MODIFIED: Text = text("Modified", "Geändert");
pub const DIGEST: Text = text("Digest (BLAKE3)", "Digest (BLAKE3)");
pub const ROLE: Text = text("Role", "Rolle");
pub const ENTRIES: Text = text("Entries", "Einträge");
pub const NOTHING_HERE: Text = text("There is nothing in this folder.", "In diesem Ordner ist nichts.");
pub const FOLDERS_MORE: Text = text(
    "Only the first {0} folders are shown; an address with the folder's name leads to any other.",
    "Gezeigt sind die ersten {0} Ordner; eine Adresse mit dem Namen führt zu jedem anderen.",
);
pub const DOWNLOAD_ENTRY: Text = text("Download", "Herunterladen");
pub const VIEW: Text = text("View", "Ansehen");
pub const RECORD_NUMBER: Text = text("Record {0}", "Datensatz {0}");
pub const MASKED_NOTE: Text = text(
    "Signatures, tokens and password hashes are not shown; a download holds them.",
    "Signaturen, Tokens und Passwort-Hashes sind nicht gezeigt; ein Download enthält sie.",
);
pub const CUT_NOTE: Text =
    text("Only the beginning is shown; the download is whole.", "Nur der Anfang ist gezeigt; der Download ist ganz.");
pub const NOT_SHOWN: Text =
    text("This is no text; it can be downloaded.", "Das ist kein Text; es kann heruntergeladen werden.");
pub const LONG_RECORD: Text = text("too long to be shown", "zu lang, um gezeigt zu werden");

pub const COMPARING: Text = text("Snapshot {0} → snapshot {1}", "Snapshot {0} → Snapshot {1}");
pub const COMPARED: Text = text("What changed", "Was sich geändert hat");
pub const SAME: Text = text("Both hold the same.", "Beide enthalten dasselbe.");
pub const ADDED_COUNT: Text = text("Added", "Hinzugekommen");
pub const REMOVED_COUNT: Text = text("Removed", "Entfernt");
pub const CHANGED_COUNT: Text = text("Changed", "Geändert");
pub const UNCHANGED_COUNT: Text = text("Unchanged", "Gleich");
pub const CHANGES: Text = text("Changes one by one", "Änderungen einzeln");
pub const CHANGES_MORE: Text = text(
    "Only the first {0} are shown; \"fonds diff\" lists them all.",
    "Gezeigt sind die ersten {0}; „fonds diff“ nennt alle.",
);
pub const RECORD: Text = text("Record", "Datensatz");
pub const FIELD: Text = text("Field", "Feld");
pub const BEFORE: Text = text("Before", "Vorher");
pub const AFTER: Text = text("After", "Nachher");
