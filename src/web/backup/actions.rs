//! What can be done with a snapshot.

use maud::{Markup, html};

use crate::web::address;
use crate::web::answer::ROOT;
use crate::web::backup::chosen::Chosen;
use crate::web::backup::{compare, download};
use crate::web::site::Site;
use crate::web::visit::Visit;
use crate::web::words::{backups as words, forms};

/// Buttons and forms.
pub(super) fn draw(_site: &Site, chosen: &Chosen, visit: &Visit) -> Markup {
    let language = visit.language;
    let number = chosen.snapshot.number;
    let others = || chosen.snapshots.iter().filter(|other| other.number != number);
    html! {
        div.buttons {
            a.button #restore href={ (ROOT) "?" (address::SNAPSHOT) "=" (number) "#restore-backup" } {
                (language.say(words::RESTORE))
            }
            a.button.quiet #download href={ (address::snapshot(&chosen.name, number)) "&" (download::QUERY) "=tar" } download {
                (language.say(words::DOWNLOAD))
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
                                (language.fill(forms::BACKUP_OPTION, &[&other.name, &other_number, &created]))
                            }
                        }
                    }
                }
                button.quiet #compare-submit type="submit" { (language.say(words::COMPARE_BUTTON)) }
            }
        }
    }
}
