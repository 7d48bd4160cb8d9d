//! A backup in a tar: the standard layout, below one folder or none, in one stream that is read or written once, front to
//! back. What is read may come from anybody: whatever is not plainly a file or a folder with one clean name is refused.

mod fault;
mod header;
mod pax;
mod source;

mod members;

mod bagged;
mod pass;
mod reader;
mod unsure;

mod file;
mod packer;
mod writer;

pub use fault::Fault;
pub use file::TarFile;
pub use reader::TarReader;
pub use source::Compression;
pub use writer::TarWriter;
