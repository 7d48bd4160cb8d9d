//! Texts of the page that asks who is there.

use crate::web::words::{Text, text};

pub const SIGN_IN: Text = text("Sign in", "Anmelden");
pub const CODE: Text = text("Code or token", "Code oder Token");
pub const HOW: Text = text(
    "Open the link that fonds serve has printed, or give its code or the token here.",
    "Öffnen Sie den Link, den fonds serve ausgegeben hat, oder geben Sie hier dessen Code oder das Token ein.",
);
