//! Benchmarks over the network of this machine: a museum of any size, and an instance in a process of its own.
#![allow(dead_code, reason = "each of the benchmarks uses a part")]

pub mod bare;
pub mod files;
pub mod instance;
pub mod museum;
