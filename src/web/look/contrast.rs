//! The colours of the style sheet can be told apart: contrasts as WCAG 2.2 wants them (1.4.3, 1.4.11), light and dark.

use std::collections::HashMap;

use crate::web::look::assets::STYLE;

/// Between a text and what is behind it.
const TEXT: f64 = 4.5;
/// Between the edge of a control and what is around it.
const EDGE: f64 = 3.0;

/// What stands on what.
const PAIRS: [(&str, &[&str], f64); 9] = [
    ("ink", &["paper", "card", "well", "accent-well", "good-well", "warning-well", "bad-well"], TEXT),
    ("soft", &["paper", "card", "well", "bad-well", "accent-well"], TEXT),
    ("accent", &["paper", "card", "well", "accent-well"], TEXT),
    ("accent-ink", &["accent"], TEXT),
    ("good", &["card", "paper"], TEXT),
    ("warning", &["card", "paper", "well"], TEXT),
    ("bad", &["card", "paper", "bad-well", "well"], TEXT),
    ("card", &["bad"], TEXT),
    ("edge", &["card", "paper"], EDGE),
];

/// Colours by name, as far as they are written with six digits.
fn colours(css: &str) -> HashMap<&str, [f64; 3]> {
    let declared = css.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"));
    let colour = |digits: &str| {
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok().map(f64::from);
        Some([part(0)?, part(2)?, part(4)?])
    };
    declared.filter_map(|(name, digits)| Some((name, colour(digits)?))).collect()
}

/// Relative luminance.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|part| {
        let part = part / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_pair_of_colours_can_be_told_apart_in_light_and_dark() {
    let (light, rest) = STYLE.content.split_once("prefers-color-scheme: dark").unwrap();
    let (dark, _) = rest.split_once("box-sizing").unwrap();
    let (light, dark) = (colours(light), colours(dark));
    for (scheme, colours) in [("light", light), ("dark", dark)] {
        for (name, grounds, least) in PAIRS {
            for ground in grounds {
                let found = contrast(colours[name], colours[ground]);
                assert!(found >= least, "{scheme}: {name} on {ground} has {found:.2}, and needs {least}");
            }
        }
    }
}

#[test]
fn contrasts_are_those_of_wcag() {
    assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([119.0; 3], [255.0; 3]) - 4.48).abs() < 0.01);
}
