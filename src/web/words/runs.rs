//! Texts of the pages about runs.

use crate::web::words::{Text, text};

pub const RUN: Text = text("Run {0}", "Lauf {0}");
pub const NO_RUNS: Text = text("Nothing has run yet.", "Es ist noch nichts gelaufen.");
pub const NUMBER: Text = text("Run", "Lauf");
pub const COMMAND: Text = text("What", "Was");
pub const STATE: Text = text("State", "Zustand");
pub const STARTED: Text = text("Started", "Begonnen");
pub const TOOK: Text = text("Took", "Dauer");
pub const ENDED: Text = text("Ended", "Beendet");
pub const WHERE: Text = text("Where", "Wo");
pub const PROCESS: Text = text("process {0} on {1}", "Prozess {0} auf {1}");
pub const OLDER: Text = text("Older runs", "Ältere Läufe");
pub const NEWEST: Text = text("Newest runs", "Neueste Läufe");
pub const SNAPSHOT: Text = text("Snapshot", "Snapshot");
pub const SET_ASIDE: Text = text("Set aside", "Zurückgestellt");
pub const DIFFERENCES: Text = text("Differences", "Abweichungen");

pub const PROGRESS: Text = text("Progress", "Fortschritt");
pub const PHASE: Text = text("Phase", "Phase");
pub const RECORDS: Text = text("Records", "Datensätze");
pub const RATE: Text = text("Rate", "Tempo");
pub const PER_SECOND: Text = text("{0} per second", "{0} je Sekunde");
pub const LEFT: Text = text("Time left", "Restzeit");
pub const BYTES: Text = text("Read", "Gelesen");
pub const OF: Text = text("{0} of {1}", "{0} von {1}");
pub const TARGET: Text = text("Target", "Ziel");

pub const LOG: Text = text("Log", "Protokoll");
pub const NO_LINES: Text = text("There are no lines.", "Es gibt keine Zeilen.");
pub const ALL: Text = text("All", "Alle");
pub const WARNINGS: Text = text("Warnings and errors", "Warnungen und Fehler");
pub const ERRORS: Text = text("Errors", "Fehler");
pub const FILTER: Text = text("Which lines", "Welche Zeilen");
pub const EARLIER: Text = text("Earlier lines", "Frühere Zeilen");
pub const LATER: Text = text("Later lines", "Spätere Zeilen");
pub const NEWEST_LINES: Text = text("Newest lines", "Neueste Zeilen");
pub const RAW: Text = text("Download the whole log", "Ganzes Protokoll herunterladen");
pub const FOLLOW: Text = text("Follow", "Folgen");
pub const WARNING: Text = text("warning", "Warnung");
pub const ERROR: Text = text("error", "Fehler");
pub const INFO: Text = text("info", "Info");

pub const TROUBLE: Text = text("Trouble by kind", "Probleme nach Art");
pub const KIND: Text = text("Kind", "Art");
pub const HOW_OFTEN: Text = text("How often", "Wie oft");
pub const MEANING: Text = text("What it means", "Was es bedeutet");
pub const FIRST_LINE: Text = text("First line", "Erste Zeile");

pub const MEANS_ASIDE: Text = text(
    "Refused, or not to be had; everything else went on. \"Retry only what failed\" tries it again.",
    "Abgelehnt oder nicht zu bekommen; alles andere ging weiter. \u{201e}Nur Gescheitertes wiederholen\u{201c} versucht es noch einmal.",
);
pub const MEANS_RETRY: Text = text(
    "A request failed for a cause that passes, and was repeated.",
    "Eine Anfrage scheiterte aus einem vorübergehenden Grund und wurde wiederholt.",
);
pub const MEANS_BUSY: Text = text(
    "The server had too much to do; it is asked less at a time.",
    "Der Server hatte zu viel zu tun; er wird seltener gleichzeitig gefragt.",
);
pub const MEANS_READ_ONLY: Text = text(
    "Set the source to read-only mode to get a backup of one moment.",
    "Mit der Quelle im Nur-Lesen-Modus stammt das Backup aus einem Augenblick.",
);
pub const MEANS_END: Text = text("This has ended the run.", "Das hat den Lauf beendet.");
pub const MEANS_WARNING: Text =
    text("Worth knowing; nothing is missing for it.", "Gut zu wissen; deshalb fehlt nichts.");

pub const ACTIONS: Text = text("What can be done", "Was sich tun lässt");
pub const CANCEL: Text = text("Cancel", "Abbrechen");
pub const CANCEL_HELP: Text = text(
    "What is complete by then is kept, and the run can be continued.",
    "Was bis dahin vollständig ist, bleibt; der Lauf lässt sich fortsetzen.",
);
pub const CONTINUE: Text = text("Continue", "Fortsetzen");
pub const RETRY: Text = text("Retry only what failed", "Nur Gescheitertes wiederholen");
pub const AS_FORM: Text = text("Use as new form", "Als neues Formular verwenden");
pub const PASSWORD_OF: Text = text("Password of {0} on {1}", "Passwort von {0} auf {1}");
pub const CLIENT_SECRET: Text = text("OAuth2 client secret", "OAuth2-Client-Secret");
pub const NOT_HERE: Text = text(
    "This run belongs to another process; it is ended where it was started.",
    "Dieser Lauf gehört zu einem anderen Prozess; beendet wird er, wo er begonnen wurde.",
);
pub const ON_COMMAND_LINE: Text = text(
    "This run was started on the command line; the same command with --continue goes on.",
    "Dieser Lauf wurde auf der Kommandozeile begonnen; derselbe Befehl mit --continue setzt ihn fort.",
);
pub const WAITS_FOR: Text = text(
    "Somebody else writes to the archive: {0}. This run begins as soon as that has ended.",
    "Ins Archiv schreibt gerade jemand anders: {0}. Dieser Lauf beginnt, sobald das beendet ist.",
);
pub const QUEUED_HELP: Text = text(
    "Another run is at work; this one begins as soon as that has ended.",
    "Ein anderer Lauf ist am Werk; dieser beginnt, sobald er beendet ist.",
);
pub const REPORT: Text = text("Report", "Bericht");
pub const DONE_COLUMN: Text = text("Written", "Geschrieben");
pub const THERE_COLUMN: Text = text("There already", "Schon da");
pub const LEFT_OUT_COLUMN: Text = text("Left out", "Ausgelassen");
pub const IN_BACKUP: Text = text("In the backup", "Im Backup");
pub const SAME: Text = text("Same", "Gleich");
pub const DIFFERENT: Text = text("Different", "Anders");
pub const MISSING: Text = text("Missing", "Fehlt");
pub const MORE: Text = text("More there", "Mehr dort");
pub const WHAT: Text = text("What", "Was");
pub const WHY: Text = text("Why", "Warum");
pub const CLEAN: Text = text("Everything of the backup is there.", "Alles aus dem Backup ist da.");
pub const STORED: Text = text("Added to the archive", "Ins Archiv gekommen");
