//! What a run of the benchmark measures.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::series::{Parameters, Signatures};

/// Compares fonds with other backup tools on a made-up backup series.
#[derive(Clone, Debug, Parser)]
#[command(name = "series")]
pub struct Options {
    /// 20 000 records and one round
    #[arg(long)]
    pub quick: bool,
    /// Records of the first snapshot [default: 200 000]
    #[arg(long)]
    pub records: Option<u64>,
    /// Where the series are kept and found again; without it they are written anew and removed
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// How often the first import, a restore and everything shorter is measured
    #[arg(long)]
    pub rounds: Option<usize>,
    /// Only this rival; may be given several times
    #[arg(long)]
    pub rival: Vec<String>,
    /// Only fonds and the limits of the machine
    #[arg(long)]
    pub no_rivals: bool,
    /// Only this variant of the series
    #[arg(long)]
    pub variant: Option<Variant>,
    /// Write the series into --dir and measure nothing
    #[arg(long, requires = "dir")]
    pub generate_only: bool,
}

/// The two series of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Variant {
    /// The signatures of files never change
    Const,
    /// Every signature is a new one in every snapshot
    Volatile,
}

impl Variant {
    pub fn name(self) -> &'static str {
        match self {
            Variant::Const => "const",
            Variant::Volatile => "volatile",
        }
    }
}

impl Options {
    pub fn variants(&self) -> Vec<Variant> {
        match self.variant {
            Some(variant) => vec![variant],
            None => vec![Variant::Const, Variant::Volatile],
        }
    }

    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 }).max(1)
    }

    pub fn parameters(&self, variant: Variant) -> Parameters {
        let records = if self.quick { 20_000 } else { Parameters::default().records };
        Parameters {
            records: self.records.unwrap_or(records),
            signatures: match variant {
                Variant::Const => Signatures::Constant,
                Variant::Volatile => Signatures::Volatile,
            },
            ..Parameters::default()
        }
    }

    /// Whether a rival is to be run, if it is installed.
    pub fn wants(&self, rival: &str) -> bool {
        !self.no_rivals && (self.rival.is_empty() || self.rival.iter().any(|name| name == rival))
    }
}
