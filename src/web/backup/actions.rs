//! What can be done with a snapshot: links, buttons, and the small forms behind them.

use maud::{Markup, html};

use crate::archive::id::SnapshotNumber;
use crate::web::address;
use crate::web::answer::ROOT;
use crate::web::backup::chosen::Chosen;
use crate::web::backup::{compare, download};
use crate::web::forms::{self, ONCE};
use crate::web::sheets::once;
use crate::web::site::Site;
use crate::web::visit::Visit;
use crate::web::words::{Language, backups as words, forms as form_words};

/// Buttons and forms.
pub(super) fn draw(site: &Site, chosen: &Chosen, visit: &Visit) -> Markup {
    let language = visit.language;
    let number = chosen.snapshot.number;
    let others = || chosen.snapshots.iter().filter(|other| other.number != number);
    let address = address::snapshot(&chosen.name, number);
    html! {
        div.buttons {
            a.button #restore href={ (ROOT) "?" (address::SNAPSHOT) "=" (number) "#restore-backup" } {
                (language.say(words::RESTORE))
            }
            a.button.quiet #download href={ (address) "&" (download::QUERY) "=tar" } download
                title=(language.say(words::DOWNLOAD_HELP)) { (language.say(words::DOWNLOAD)) }
            form #rehearse-form method="post" action=(address::backup(&chosen.name)) data-once {
                (hidden("rehearse", number))
                button.quiet #rehearse type="submit" title=(language.say(words::REHEARSE_HELP)) {
                    (language.say(words::REHEARSE))
                }
            }
        }
        @if others().next().is_some() {
            form.inline #compare-form method="get" action=(address::backup(&chosen.name)) {
                input type="hidden" name=(address::SNAPSHOT) value=(number);
                div {
                    label for="compare" { (language.say(words::COMPARE)) }
                    select #compare name=(compare::QUERY) {
                        @for other in others() {
                            @let (other_number, created) = (other.number.to_string(), language.time(other.created));
                            option value=(other_number) {
                                (language.fill(form_words::BACKUP_OPTION, &[&other.name, &other_number, &created]))
                            }
                        }
                    }
                }
                button.quiet #compare-submit type="submit" { (language.say(words::COMPARE_BUTTON)) }
            }
        }
        div.panels {
            details.panel #verify {
                summary { (language.say(words::VERIFY)) span.help { (language.say(words::VERIFY_HELP)) } }
                div.inside {
                    form.sheet #verify-form method="post" action=(address::backup(&chosen.name)) data-once autocomplete="off" {
                        (hidden("verify", number))
                        (forms::draw_verify(&site.place(language)))
                    }
                }
            }
            (forget(chosen, number, language))
        }
    }
}

fn hidden(action: &str, number: SnapshotNumber) -> Markup {
    html! {
        input type="hidden" name=(ONCE) value=(once());
        input type="hidden" name="action" value=(action);
        input type="hidden" name=(address::SNAPSHOT) value=(number);
    }
}

fn forget(chosen: &Chosen, number: SnapshotNumber, language: Language) -> Markup {
    let number_text = number.to_string();
    html! {
        details.panel #forget {
            summary { (language.say(words::FORGET)) }
            div.inside {
                form.sheet #forget-form method="post" action=(address::backup(&chosen.name)) data-confirm data-once autocomplete="off" {
                    (hidden("forget", number))
                    div.field {
                        div.words {
                            label for="forget-number" { (language.say(words::FORGET_FIELD)) }
                            p.help #forget-number-help { (language.fill(words::FORGET_HELP, &[&number_text])) }
                        }
                        div.control {
                            input #forget-number name="number" inputmode="numeric" aria-describedby="forget-number-help"
                                data-expected=(number_text);
                        }
                    }
                    div.buttons {
                        button.danger #forget-submit type="submit" { (language.say(words::FORGET_BUTTON)) }
                    }
                }
            }
        }
    }
}
