//! The program `fonds`. What it does is in the library; what speaks to people is in `cli`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
