//! Texts of the forms. Labels and choices are those of the page that administrators of fylr know.

use crate::web::words::{Text, text};

pub const CREATE_BACKUP: Text = text("Create backup", "Backup erstellen");
pub const CREATE_BACKUP_NOTE: Text = text("JSON over API", "JSON über die API");
pub const RESTORE_BACKUP: Text = text("Restore backup", "Backup wiederherstellen");
pub const BACKUP_BUTTON: Text = text("Backup", "Backup starten");
pub const RESTORE_BUTTON: Text = text("Plan the restore", "Wiederherstellung planen");
pub const RESTORE_BUTTON_HELP: Text = text(
    "First comes the plan: what is there, what would be deleted, what does not fit. Nothing is touched before you confirm it.",
    "Zuerst kommt der Plan: was dort ist, was gelöscht würde, was nicht passt. Nichts wird angefasst, bevor Sie bestätigen.",
);

pub const NAME: Text = text("Name of backup", "Name des Backups");
pub const NAME_HELP: Text = text(
    "Snapshots of one origin share it. Empty: the instance's own name.",
    "Snapshots einer Herkunft teilen ihn. Leer: der Name der Instanz.",
);
pub const PROFILE: Text = text("Instance from fonds.toml", "Instanz aus fonds.toml");
pub const PROFILE_HELP: Text = text(
    "Instead of URL, login and password; the secret stays where the file says.",
    "Statt URL, Login und Passwort; das Geheimnis bleibt, wo die Datei es nennt.",
);
pub const PROFILE_NONE: Text = text("none: as typed below", "keine: wie unten eingegeben");
pub const SERVER: Text = text("URL of server", "URL des Servers");
pub const SERVER_HELP: Text = text("Without /api/v1.", "Ohne /api/v1.");
pub const SERVER_ONLY: Text =
    text("Only servers of fonds.toml are allowed: {0}.", "Erlaubt sind nur Server aus fonds.toml: {0}.");
pub const SERVER_NONE: Text = text(
    "No server is allowed yet: name instances in fonds.toml, or start with --allow-any-server.",
    "Noch ist kein Server erlaubt: Nennen Sie Instanzen in fonds.toml, oder starten Sie mit --allow-any-server.",
);
pub const LOGIN: Text = text("Login", "Login");
pub const PASSWORD: Text = text("Password", "Passwort");
pub const PASSWORD_HELP: Text = text(
    "Kept in memory until the run ends, and nowhere else.",
    "Bleibt im Speicher, bis der Lauf endet, und sonst nirgends.",
);
pub const CHUNK_SIZE: Text = text("Backup chunk size", "Chunk-Größe des Backups");
pub const CHUNK_SIZE_HELP: Text = text("Records of one request.", "Datensätze je Anfrage.");
pub const HISTORY: Text = text("Include object history", "Objekt-Historie einschließen");
pub const HISTORY_HELP: Text = text("All versions of all records.", "Alle Versionen aller Datensätze.");
pub const DELETED: Text = text("Include soft-deleted objects", "Gelöschte Objekte einschließen");
pub const DELETED_HELP: Text = text("Deleted, but still there.", "Gelöscht, aber noch vorhanden.");
pub const EVENTS: Text = text("Include events", "Ereignisse einschließen");
pub const EVENTS_HELP: Text = text("The event log; it can be long.", "Das Ereignisprotokoll; es kann lang sein.");
pub const FILES: Text = text("Include files", "Dateien einschließen");
pub const FILES_HELP: Text = text(
    "Packed files outlive the source; URLs need it to stay up.",
    "Gepackte Dateien überleben die Quelle; URLs brauchen sie weiterhin.",
);
pub const FILES_URLS: Text = text("URLs only (do not pack)", "Nur URLs (nicht packen)");
pub const FILES_ORIGINALS: Text = text("Originals", "Originale");
pub const FILES_VERSIONS: Text = text("Originals + versions", "Originale + Versionen");
pub const OAUTH2: Text = text("OAuth2", "OAuth2");
pub const OAUTH2_HELP: Text = text(
    "With a client of one's own; otherwise the public one of fylr.",
    "Mit eigenem Client; sonst der öffentliche von fylr.",
);
pub const CLIENT_ID: Text = text("Client Id", "Client-Id");
pub const CLIENT_SECRET: Text = text("Client Secret", "Client-Secret");
pub const INSECURE: Text = text("Allow insecure connection", "Unsichere Verbindung erlauben");
pub const INSECURE_HELP: Text = text("Any TLS certificate is accepted.", "Jedes TLS-Zertifikat wird angenommen.");
pub const MAX_PARALLEL: Text = text("Max parallel", "Max. parallel");
pub const MAX_PARALLEL_HELP: Text =
    text("Requests at a time; 0 for one per CPU.", "Gleichzeitige Anfragen; 0: eine je CPU.");
pub const START: Text = text("Unfinished backup", "Unfertiges Backup");
pub const START_HELP: Text = text(
    "If an earlier backup of this name was not finished.",
    "Falls ein früheres Backup dieses Namens nicht fertig wurde.",
);
pub const START_NEW: Text = text("Stop and say so", "Anhalten und es sagen");
pub const START_PURGE: Text = text("Purge: give it up, begin anew", "Purge: aufgeben, neu beginnen");
pub const START_CONTINUE: Text = text("Continue: go on with it", "Continue: damit weitermachen");

pub const BACKUP: Text = text("Backup", "Backup");
pub const BACKUP_HELP: Text = text("A snapshot of a backup; the newest first.", "Ein Snapshot; der neueste zuerst.");
pub const BACKUP_OPTION: Text = text("{0} · snapshot {1} · {2}", "{0} · Snapshot {1} · {2}");
pub const NO_BACKUPS: Text = text(
    "There is nothing to restore yet: the archive holds no snapshot.",
    "Noch gibt es nichts wiederherzustellen: Das Archiv hat keinen Snapshot.",
);
pub const TARGETS: Text = text("Targets", "Ziele");
pub const TARGETS_HELP: Text = text(
    "One or several instances of fylr; they are written side by side.",
    "Eine oder mehrere fylr-Instanzen; sie werden nebeneinander beschrieben.",
);
pub const TARGET_PROFILES: Text = text("Instances from fonds.toml", "Instanzen aus fonds.toml");
pub const TARGET_SERVER: Text = text("URL", "URL");
pub const TARGET_NUMBER: Text = text("Target {0}", "Ziel {0}");
pub const MORE_TARGETS: Text = text("More targets", "Weitere Ziele");
pub const FILE_API: Text = text("File Mode", "Datei-Modus");
pub const FILE_API_HELP: Text =
    text("How files get to the target that are not packed.", "Wie Dateien zum Ziel kommen, die nicht gepackt sind.");
pub const FILE_NONE: Text = text("No files", "Keine Dateien");
pub const FILE_PUT: Text =
    text("Copy files from source (through fonds) – put", "Dateien der Quelle kopieren (über fonds) – put");
pub const FILE_RPUT: Text =
    text("Copy files from source (via server) – rput", "Dateien der Quelle kopieren (über den Server) – rput");
pub const FILE_RPUT_LEAVE: Text =
    text("Use files from source – rput_leave", "Dateien in der Quelle belassen – rput_leave");
pub const FILE_RPUT_BULK: Text = text(
    "Copy files from source (via server, bulk) – rput_bulk",
    "Dateien der Quelle kopieren (über den Server, bulk) – rput_bulk",
);
pub const FILE_RPUT_BULK_LEAVE: Text =
    text("Use files from source (bulk) – rput_bulk_leave", "Dateien in der Quelle belassen (bulk) – rput_bulk_leave");
pub const FILE_VERSION: Text = text("File Version", "Datei-Version");
pub const FILE_VERSION_HELP: Text =
    text("The version that becomes the original of the target.", "Die Version, die im Ziel das Original wird.");
pub const UPLOAD_VERSIONS: Text = text("Copy file preview versions", "Vorschau-Versionen übernehmen");
pub const UPLOAD_VERSIONS_HELP: Text =
    text("Instead of having the target produce them.", "Statt sie vom Ziel neu berechnen zu lassen.");
pub const RENAME: Text = text("Rename Versions", "Versionen umbenennen");
pub const RENAME_HELP: Text = text(
    "An empty target removes the version; rows without class or source are ignored.",
    "Ein leeres Ziel entfernt die Version; Zeilen ohne Klasse oder Quelle zählen nicht.",
);
pub const RENAME_CLASS: Text = text("File class", "Dateiklasse");
pub const RENAME_SOURCE: Text = text("Source version", "Quellversion");
pub const RENAME_TARGET: Text = text("Target version", "Zielversion");
pub const FILE_TOKEN: Text = text("Access token for file URLs", "Access-Token für Datei-URLs");
pub const FILE_TOKEN_HELP: Text =
    text("Takes the place of signatures that have expired.", "Tritt an die Stelle abgelaufener Signaturen.");
pub const RESTORE_CHUNK: Text = text("Chunk size", "Chunk-Größe");
pub const RESTORE_CHUNK_HELP: Text = text("Records of one request.", "Datensätze je Anfrage.");
pub const CHUNK_AS_PAYLOADS: Text = text("payloads as they are", "Payloads, wie sie sind");
pub const INCLUDE_PASSWORD: Text = text("Include password", "Passwörter einschließen");
pub const INCLUDE_PASSWORD_HELP: Text = text("Password hashes of users.", "Passwort-Hashes der Benutzer.");
pub const DELETED_LINKED: Text =
    text("Include links to soft-deleted objects", "Verknüpfungen zu gelöschten Objekten einschließen");
pub const DELETED_LINKED_HELP: Text = text("And to purged ones.", "Auch zu endgültig gelöschten.");
pub const RESTORE_START: Text = text("What is on the target", "Was im Ziel ist");
pub const RESTORE_NEW: Text = text("Nothing: the target is empty", "Nichts: Das Ziel ist leer");
pub const RESTORE_NEW_HELP: Text =
    text("Stops if it has a data model already.", "Hält an, wenn es schon ein Datenmodell hat.");
pub const RESTORE_PURGE: Text = text("Purge", "Purge");
pub const RESTORE_PURGE_HELP: Text = text(
    "Deletes everything on the target before. Asks for its host name.",
    "Löscht vorher alles im Ziel. Fragt nach dessen Hostnamen.",
);
pub const RESTORE_CONTINUE: Text = text("Continue", "Continue");
pub const RESTORE_CONTINUE_HELP: Text = text(
    "Goes on with an earlier restore of this backup.",
    "Macht mit einer früheren Wiederherstellung dieses Backups weiter.",
);
pub const RESTORE_NO_PURGE: Text = text("No purge", "No purge");
pub const RESTORE_NO_PURGE_HELP: Text = text(
    "Leaves data model and base config of the target as they are.",
    "Lässt Datenmodell und Basiskonfiguration des Ziels, wie sie sind.",
);
pub const RESTORE_RETRY: Text = text("Retry failed only", "Nur Gescheitertes wiederholen");
pub const RESTORE_RETRY_HELP: Text =
    text("Tries only what earlier restores have set aside.", "Versucht nur, was frühere Läufe zurückgestellt haben.");
pub const MORE_OPTIONS: Text = text("More options", "Weitere Optionen");
pub const FIXED: Text = text("Always: {0}", "Immer: {0}");
pub const COMMAND_LINE: Text = text("The same on the command line", "Dasselbe auf der Kommandozeile");
pub const COMMAND_LINE_HELP: Text = text(
    "Without secrets: passwords are asked for, or come from --password-file or fonds.toml.",
    "Ohne Geheimnisse: Passwörter werden erfragt oder kommen aus --password-file oder fonds.toml.",
);
pub const COMMAND_SHOW: Text = text("Show", "Zeigen");
pub const COPY: Text = text("Copy", "Kopieren");
pub const ADD_ROW: Text = text("Add a row", "Zeile hinzufügen");

pub const CHECK_FIELDS: Text = text("Please look at these fields:", "Bitte sehen Sie diese Felder an:");
pub const PASSWORD_AGAIN: Text =
    text("Passwords are never sent back; please type them again.", "Passwörter kommen nie zurück; bitte neu eingeben.");
pub const E_NO_SERVER: Text = text(
    "names no server: a URL or an instance of fonds.toml",
    "nennt keinen Server: eine URL oder eine Instanz aus fonds.toml",
);
pub const E_NO_LOGIN: Text = text("is missing", "fehlt");
pub const E_NO_PASSWORD: Text = text("is missing", "fehlt");
pub const E_NO_PROFILE: Text = text("is no instance of fonds.toml", "ist keine Instanz aus fonds.toml");
pub const E_FORBIDDEN: Text = text(
    "is no server of fonds.toml, and only those are allowed (--allow-any-server allows all)",
    "ist kein Server aus fonds.toml, und nur die sind erlaubt (--allow-any-server erlaubt alle)",
);
pub const E_SECRET: Text = text("cannot be had: {0}", "ist nicht zu bekommen: {0}");
pub const E_BAD: Text = text("is wrong: {0}", "stimmt nicht: {0}");
pub const E_RANGE: Text = text("is no number from {0} to {1}", "ist keine Zahl von {0} bis {1}");
pub const E_CHOICE: Text = text("is none of: {0}", "ist nichts von: {0}");
pub const E_NO_SNAPSHOT: Text = text("names no snapshot of this archive", "nennt keinen Snapshot dieses Archivs");
pub const E_UNKNOWN: Text = text("is no field of this form", "ist kein Feld dieses Formulars");
pub const E_TWICE: Text = text("stands there twice", "steht zweimal da");
pub const E_SAME_TARGET: Text = text("is named twice", "ist zweimal genannt");
pub const E_BESIDE: Text = text(
    "and login stand beside an instance of fonds.toml: one of both is enough",
    "und Login stehen neben einer Instanz aus fonds.toml: Eines von beiden genügt",
);
