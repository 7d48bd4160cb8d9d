//! Tars made by hand, so that anything can be wrong with them.

/// The bytes of a tar that is being made.
#[derive(Clone, Default)]
pub struct Tarball(pub Vec<u8>);

/// A header that can be spoilt.
#[derive(Clone)]
pub struct Header(pub [u8; 512]);

impl Header {
    pub fn new(name: &[u8], kind: u8, size: usize) -> Self {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name);
        block[100..107].copy_from_slice(b"0000644");
        block[108..115].copy_from_slice(b"0000000");
        block[116..123].copy_from_slice(b"0000000");
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[136..147].copy_from_slice(b"00000000017");
        block[156] = kind;
        block[257..265].copy_from_slice(b"ustar\x0000");
        Self(block).summed()
    }

    /// With other bytes at a place, and a check sum that is right again.
    pub fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self.summed()
    }

    pub fn summed(mut self) -> Self {
        self.0[148..156].copy_from_slice(b"        ");
        let sum: u32 = self.0.iter().map(|byte| u32::from(*byte)).sum();
        self.0[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self
    }
}

impl Tarball {
    /// The manifest and the only payload of a backup.
    pub fn backup() -> Self {
        Self::default()
            .file("manifest.json", br#"{"payloads":["a.json"]}"#)
            .file("a.json", br#"{"import_type":"tags","tags":[{}]}"#)
    }

    pub fn header(mut self, header: &Header) -> Self {
        self.0.extend(header.0);
        self
    }

    pub fn content(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn member(self, name: &[u8], kind: u8, bytes: &[u8]) -> Self {
        self.header(&Header::new(name, kind, bytes.len())).content(bytes)
    }

    pub fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.member(name.as_bytes(), b'0', bytes)
    }

    /// A PAX header with these records.
    pub fn pax(self, records: &[(&str, &str)]) -> Self {
        let text = records.iter().map(|(key, value)| record(key, value)).collect::<String>();
        self.member(b"PaxHeader", b'x', text.as_bytes())
    }

    /// A GNU long name.
    pub fn long(self, kind: u8, name: &[u8]) -> Self {
        self.member(b"././@LongLink", kind, &[name, b"\0"].concat())
    }

    pub fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

pub fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..rest + 20).find(|length| rest + length.to_string().len() == *length).expect("a length");
    format!("{length} {key}={value}\n")
}

pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, plain).expect("memory takes all");
    packer.finish().expect("memory takes all")
}
