//! How often what is random is tried. The seed is printed, so that a failure can be had again.

/// `usual` rounds, or as many as `FONDS_TEST_ROUNDS` says.
pub fn rounds(usual: usize) -> usize {
    number("FONDS_TEST_ROUNDS").map_or(usual, |rounds| rounds as usize)
}

/// Numbers by chance: other ones each time, or those of `FONDS_TEST_SEED`.
pub fn chance(test: &str) -> fastrand::Rng {
    let seed = number("FONDS_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("{test}: FONDS_TEST_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
