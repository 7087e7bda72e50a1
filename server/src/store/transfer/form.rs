//! The file: a line that says what it is, then by zstd a section for each table, and the digests.
//!
//! ```text
//! binnacle-export 1 {"version":…,"schema":…,"at":…,"from":…}⏎     the header, which `head -1` shows
//! S table and columns, as JSON                                     a section begins
//! R a value for each column                                        a row
//! E how many rows, SHA-256 of the section                          a section ends
//! Z how many sections, SHA-256 of the header and of all ends       the file ends
//! ```
//! Numbers are little-endian. A value is 0 for NULL, 1 and eight bytes, 2 and a text, or 3 and bytes; what has a length
//! stands after it in four bytes. Nothing in the sections tells which kind of database they came from.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TransferError;

/// The first bytes of every export.
const MAGIC: &str = "binnacle-export ";
/// The form that is written. Others are not read.
const FORMAT: u32 = 1;
/// No header is as long.
const LONGEST_HEADER: u64 = 4 << 10;
/// No value is longer: what a file says of itself must not fill the memory.
const LONGEST_VALUE: usize = 256 << 20;
/// Quick, and about a third of the rows.
const LEVEL: i32 = 3;

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of Binnacle that wrote it.
    pub version: String,
    /// The version of the database: the number of its last migration.
    pub schema: i64,
    /// When the export began, RFC 3339.
    pub at: String,
    /// The kind of database: `sqlite` or `postgres`.
    pub from: String,
}

/// A SHA-256.
pub type Sum = [u8; 32];

/// A table in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The table.
    pub table: String,
    /// Its columns, by name.
    pub columns: Vec<String>,
    /// How many rows it has; 0 until it was gone through.
    pub rows: u64,
    /// The digest of all of it; zeros until then.
    pub digest: Sum,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Null | Self::Number(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Begin {
    table: String,
    columns: Vec<String>,
}

/// Writes a file; it is whole only after [`Writer::end`].
pub(super) struct Writer<'a> {
    body: zstd::Encoder<'static, &'a mut (dyn Write + Send)>,
    whole: Sha256,
    part: Sha256,
    open: Option<Section>,
    ended: Vec<Section>,
    record: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn begin(to: &'a mut (dyn Write + Send), header: &Header) -> Result<Self, TransferError> {
        let header = serde_json::to_string(header).map_err(|error| TransferError::Write(error.to_string()))?;
        let line = format!("{MAGIC}{FORMAT} {header}\n");
        to.write_all(line.as_bytes()).map_err(|error| unwritten(&error))?;
        let mut body = zstd::Encoder::new(to, LEVEL).map_err(|error| unwritten(&error))?;
        body.include_checksum(true).map_err(|error| unwritten(&error))?;
        let whole = Sha256::new_with_prefix(line);
        Ok(Self { body, whole, part: Sha256::new(), open: None, ended: Vec::new(), record: Vec::new() })
    }

    pub(super) fn section(&mut self, table: &str, columns: Vec<String>) -> Result<(), TransferError> {
        let begin = Begin { table: table.to_owned(), columns };
        let json = serde_json::to_vec(&begin).map_err(|error| TransferError::Write(error.to_string()))?;
        self.part = Sha256::new();
        self.record.clear();
        self.record.push(b'S');
        with_length(&mut self.record, &json)?;
        self.put()?;
        let Begin { table, columns } = begin;
        self.open = Some(Section { table, columns, rows: 0, digest: Sum::default() });
        Ok(())
    }

    pub(super) fn row(&mut self, values: &[Value]) -> Result<(), TransferError> {
        self.record.clear();
        self.record.push(b'R');
        for value in values {
            match value {
                Value::Null => self.record.push(0),
                Value::Number(number) => {
                    self.record.push(1);
                    self.record.extend(number.to_le_bytes());
                }
                Value::Text(text) => {
                    self.record.push(2);
                    with_length(&mut self.record, text.as_bytes())?;
                }
                Value::Bytes(bytes) => {
                    self.record.push(3);
                    with_length(&mut self.record, bytes)?;
                }
            }
        }
        if let Some(open) = &mut self.open {
            open.rows += 1;
        }
        self.put()
    }

    pub(super) fn end_section(&mut self) -> Result<(), TransferError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.digest = std::mem::take(&mut self.part).finalize().into();
        let end = end_of(&open);
        self.body.write_all(&end).map_err(|error| unwritten(&error))?;
        self.whole.update(&end);
        self.ended.push(open);
        Ok(())
    }

    /// Ends the file; answers its sections.
    pub(super) fn end(mut self) -> Result<Vec<Section>, TransferError> {
        let mut end = vec![b'Z'];
        end.extend((self.ended.len() as u64).to_le_bytes());
        end.extend(self.whole.finalize());
        self.body.write_all(&end).map_err(|error| unwritten(&error))?;
        self.body.finish().and_then(Write::flush).map_err(|error| unwritten(&error))?;
        Ok(self.ended)
    }

    fn put(&mut self) -> Result<(), TransferError> {
        self.part.update(&self.record);
        self.body.write_all(&self.record).map_err(|error| unwritten(&error))
    }
}

fn unwritten(error: &io::Error) -> TransferError {
    TransferError::Write(error.to_string())
}

fn with_length(record: &mut Vec<u8>, bytes: &[u8]) -> Result<(), TransferError> {
    if bytes.len() > LONGEST_VALUE {
        return Err(TransferError::Write(format!("a value has {} bytes, more than {LONGEST_VALUE}", bytes.len())));
    }
    record.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    record.extend(bytes);
    Ok(())
}

fn end_of(section: &Section) -> Vec<u8> {
    let mut end = vec![b'E'];
    end.extend(section.rows.to_le_bytes());
    end.extend(section.digest);
    end
}

/// What comes next in a file.
pub(super) enum Next {
    /// A section begins.
    Section(Section),
    /// A row of it.
    Row(Vec<Value>),
    /// It has ended, and its digest is right.
    EndOfSection(Section),
    /// The file has ended, and its digest, which is this, is right.
    End(Sum),
}

/// Reads a file, of which it believes nothing.
pub(super) struct Reader<R: Read> {
    body: zstd::Decoder<'static, BufReader<R>>,
    whole: Sha256,
    part: Sha256,
    open: Option<Section>,
    sections: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the header; answers with it what reads the rest.
    pub(super) fn begin(from: R) -> Result<(Header, Self), TransferError> {
        let (mut from, mut line) = (BufReader::new(from), Vec::new());
        from.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line).map_err(|error| unread(&error))?;
        let rest = line.strip_prefix(MAGIC.as_bytes()).ok_or(TransferError::Foreign)?;
        let rest = rest.strip_suffix(b"\n").ok_or(TransferError::Cut)?;
        let damaged = || TransferError::Damaged("its first line cannot be read".into());
        let rest = std::str::from_utf8(rest).map_err(|_| damaged())?;
        let (format, header) = rest.split_once(' ').ok_or_else(damaged)?;
        match format.parse::<u32>() {
            Ok(FORMAT) => {}
            Ok(newer) if newer > FORMAT => return Err(TransferError::NewerForm(newer)),
            _ => return Err(damaged()),
        }
        let header = serde_json::from_str(header).map_err(|_| damaged())?;
        let body = zstd::Decoder::with_buffer(from).map_err(|error| unread(&error))?;
        let whole = Sha256::new_with_prefix(&line);
        Ok((header, Self { body, whole, part: Sha256::new(), open: None, sections: 0 }))
    }

    pub(super) fn next(&mut self) -> Result<Next, TransferError> {
        let [tag] = self.exactly()?;
        match (tag, self.open.take()) {
            (b'S', None) => {
                self.part = Sha256::new_with_prefix([tag]);
                let json = self.bytes()?;
                let Begin { table, columns } = serde_json::from_slice(&json)
                    .map_err(|_| TransferError::Damaged("the beginning of a section cannot be read".into()))?;
                let section = Section { table, columns, rows: 0, digest: Sum::default() };
                self.open = Some(section.clone());
                Ok(Next::Section(section))
            }
            (b'R', Some(mut open)) => {
                self.part.update([tag]);
                let row = (0..open.columns.len()).map(|_| self.value()).collect::<Result<_, _>>()?;
                open.rows += 1;
                self.open = Some(open);
                Ok(Next::Row(row))
            }
            (b'E', Some(mut open)) => {
                open.digest = std::mem::take(&mut self.part).finalize().into();
                let said: [u8; 40] = self.exactly()?;
                let end = end_of(&open);
                if end[1..] != said {
                    return Err(TransferError::Damaged(format!("the digest of its section {} is wrong", open.table)));
                }
                self.whole.update(&end);
                self.sections += 1;
                Ok(Next::EndOfSection(open))
            }
            (b'Z', None) => {
                let sections = u64::from_le_bytes(self.exactly()?);
                let (said, is): (Sum, Sum) = (self.exactly()?, std::mem::take(&mut self.whole).finalize().into());
                if sections != self.sections || said != is {
                    return Err(TransferError::Damaged("its digest is wrong".into()));
                }
                let beyond = self.body.read(&mut [0]).map_err(|error| unread(&error))?;
                if beyond > 0 {
                    return Err(TransferError::Damaged("something stands after its end".into()));
                }
                Ok(Next::End(is))
            }
            _ => Err(TransferError::Damaged("it has something that is neither a section nor a row".into())),
        }
    }

    fn value(&mut self) -> Result<Value, TransferError> {
        let [kind] = self.hashed()?;
        Ok(match kind {
            0 => Value::Null,
            1 => Value::Number(i64::from_le_bytes(self.hashed()?)),
            2 => {
                let text = String::from_utf8(self.bytes()?);
                Value::Text(text.map_err(|_| TransferError::Damaged("a text is not UTF-8".into()))?)
            }
            3 => Value::Bytes(self.bytes()?),
            _ => return Err(TransferError::Damaged("a value is of no known kind".into())),
        })
    }

    /// What stands after its length.
    fn bytes(&mut self) -> Result<Vec<u8>, TransferError> {
        let length = u32::from_le_bytes(self.hashed()?) as usize;
        if length > LONGEST_VALUE {
            return Err(TransferError::Damaged(format!("a value would have {length} bytes")));
        }
        // Not reserved at once: the length may be a lie.
        let mut bytes = Vec::new();
        self.body.by_ref().take(length as u64).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
        if bytes.len() < length {
            return Err(TransferError::Cut);
        }
        self.part.update(&bytes);
        Ok(bytes)
    }

    fn hashed<const N: usize>(&mut self) -> Result<[u8; N], TransferError> {
        let bytes = self.exactly()?;
        self.part.update(bytes);
        Ok(bytes)
    }

    fn exactly<const N: usize>(&mut self) -> Result<[u8; N], TransferError> {
        let mut bytes = [0; N];
        self.body.read_exact(&mut bytes).map_err(|error| unread(&error))?;
        Ok(bytes)
    }
}

/// What the system says has a code; the rest is said by zstd, of the bytes.
fn unread(error: &io::Error) -> TransferError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TransferError::Cut,
        _ if error.raw_os_error().is_some() => TransferError::Read(error.to_string()),
        _ => TransferError::Damaged(error.to_string()),
    }
}
