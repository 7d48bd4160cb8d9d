//! What swells, and what is large: memory stays bounded either way. Guards against a reader that holds what it reads.

use std::io::{self, Write};
use std::process::{ChildStdin, Stdio};

use crate::Place;
use crate::support::program::told;
use crate::tarball::{Header, Tarball, gzip};

/// The size of the large file, unless the environment says otherwise.
const LARGE_BYTES: u64 = 200 << 20;
/// How much memory the program may take: the archive's cache, blocks and frames in flight on every core, and the program.
const MEMORY_MAX_KIB: u64 = 400 << 10;

/// Writes what `feed` writes to the program, and returns its exit code, what it said, and its peak of memory in KiB.
fn measured(place: &Place, words: &[&str], feed: impl FnOnce(&mut ChildStdin) -> io::Result<()>) -> (i32, String, u64) {
    use wait4::Wait4 as _;
    let said = place.path("said");
    let file = std::fs::File::create(&said).expect("a new file");
    let mut command = place.fonds(words);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(file).spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    // What is refused is not read to the end.
    let _ = feed(&mut input);
    drop(input);
    let ended = child.wait4().expect("the program ends");
    let said = std::fs::read_to_string(said).expect("a file");
    std::fs::remove_file(place.path("said")).expect("a file");
    (ended.status.code().unwrap_or(-1), said, ended.rusage.maxrss / 1024)
}

#[test]
fn a_file_of_any_size_passes_in_bounded_memory() {
    let size = std::env::var("FONDS_TEST_LARGE_BYTES").ok().and_then(|text| text.parse().ok()).unwrap_or(LARGE_BYTES);
    let place = Place::new();
    let (code, said, peak) = measured(&place, &["import", "-", "--name", "large"], |input| {
        let start = Tarball::backup();
        // Too large for octal digits, it is in base 256.
        let sized = [&[0x80, 0, 0, 0][..], &size.to_be_bytes()].concat();
        input.write_all(&start.header(&Header::new(b"files/large", b'0', 0).with(124, &sized)).0)?;
        let mut chance = fastrand::Rng::with_seed(1);
        let mut noise = vec![0; 1 << 20];
        let mut left = size;
        while left > 0 {
            chance.fill(&mut noise);
            let length = left.min(noise.len() as u64) as usize;
            input.write_all(&noise[..length])?;
            left -= length as u64;
        }
        let padding = size.next_multiple_of(512) - size;
        input.write_all(&vec![0; padding as usize + 1024])
    });
    assert_eq!(code, 0, "{said}");
    assert!(peak < MEMORY_MAX_KIB, "{peak} KiB");

    let mut export = place.fonds(&["export", "large", "-", "--format", "tar.zst"]);
    let child = export.stdout(Stdio::piped()).spawn().expect("the program starts");
    let (length, peak) = drained(child);
    assert!(length > size, "noise does not shrink");
    assert!(peak < MEMORY_MAX_KIB, "{peak} KiB");
}

/// How much comes out of a program, and its peak of memory in KiB.
fn drained(mut child: std::process::Child) -> (u64, u64) {
    use wait4::Wait4 as _;
    let mut out = child.stdout.take().expect("a pipe");
    let length = io::copy(&mut out, &mut io::sink()).expect("a readable pipe");
    let ended = child.wait4().expect("the program ends");
    assert!(ended.status.success());
    (length, ended.rusage.maxrss / 1024)
}

/// A tar with a member of zeros that shrink to nothing.
fn zeros(out: impl Write, size: u64) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let sized = [&[0x80, 0, 0, 0][..], &size.to_be_bytes()].concat();
    out.write_all(&Tarball::backup().header(&Header::new(b"files/zeros", b'0', 0).with(124, &sized)).0)?;
    io::copy(&mut io::Read::take(io::repeat(0), size + 1024), &mut out)?;
    out.flush()
}

/// Sixteen mebibytes of zeros, as one member of gzip or one frame of zstd.
fn packed_zeros(form: &str) -> Vec<u8> {
    let zeros = vec![0; 16 << 20];
    if form == "zstd" {
        return zstd::encode_all(&zeros[..], 1).expect("memory");
    }
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&zeros).expect("memory");
    packer.finish().expect("memory")
}

#[test]
fn bombs_end_early_and_in_bounded_memory() {
    for form in ["gzip", "zstd"] {
        let place = Place::new();
        let zeros = packed_zeros(form);
        let size = 1_u64 << 40;
        let sized = [&[0x80, 0, 0, 0][..], &size.to_be_bytes()].concat();
        let start = Tarball::backup().header(&Header::new(b"files/zeros", b'0', 0).with(124, &sized)).0;
        let start = if form == "zstd" { zstd::encode_all(&start[..], 1).expect("memory") } else { gzip(&start) };
        let mut members = 0;
        let (code, said, peak) = measured(&place, &["import", "-", "--name", "bomb"], |input| {
            input.write_all(&start)?;
            while members < 1 << 16 {
                input.write_all(&zeros)?;
                members += 1;
            }
            Ok(())
        });
        assert_eq!(code, 2, "{form}: {said}");
        assert!(said.contains("swells to more than 250 times its size"), "{form}: {said}");
        assert!(members < 1 << 16, "{form}: all of it was read");
        assert!(peak < MEMORY_MAX_KIB, "{form}: {peak} KiB");
        assert_eq!(place.names(), Vec::<String>::new(), "{form}");
    }
}

#[test]
fn what_shrinks_well_but_is_small_is_no_bomb() {
    let place = Place::new();
    let mut packed = Vec::new();
    let mut packer = zstd::Encoder::new(&mut packed, 1).expect("memory");
    zeros(&mut packer, 60 << 20).expect("memory");
    packer.finish().expect("memory");
    let output = place.feed(&["import", "-", "--name", "zeros"], &packed);
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn very_many_members_take_bounded_memory() {
    let place = Place::new();
    let (code, said, peak) = measured(&place, &["import", "-", "--name", "many"], |input| {
        let mut out = io::BufWriter::with_capacity(1 << 20, input);
        out.write_all(&Tarball::backup().0)?;
        for number in 0..150_000_u32 {
            out.write_all(&Header::new(format!("files/{number}").as_bytes(), b'0', 0).0)?;
        }
        out.write_all(&[0; 1024])?;
        out.flush()
    });
    assert_eq!(code, 0, "{said}");
    assert!(peak < MEMORY_MAX_KIB, "{peak} KiB");
}
