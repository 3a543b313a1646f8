//! Recordings: the raw samples of a run in a file, which can be replayed on any machine.
//!
//! All numbers of a frame are little-endian. Those within a body are in the format of [`codec`].
//!
//! ```text
//! file    "virtmon\x1a"  version u16  length u32  CRC-32 u32  header     frames...
//! header  backend text   t0_ns   interval_ns   the backend's host_metadata of this host, bytes
//! frame   f5 "vmf"  length u32  unpacked length u32  number u32  key u32  CRC-32 u32  body
//! body    (zstd) outcome   tick   mono_ns   boot_ns   wall_ns   sample_ns   raw bytes, or the error
//! ```
//!
//! A frame holds one sample. At least every 64th frame is a key frame: it is compressed without a
//! dictionary, and its `key` is its own `number`. The first frame of a file is a key frame with any
//! number. All other frames are compressed with the body of their key frame as the dictionary. So a
//! damaged frame costs its own sample only, and a damaged key frame costs all samples up to the next
//! key frame. The checksum of a frame covers the bytes between its first four bytes and the checksum,
//! and the compressed body.
//!
//! - `header`: the header of a file.
//! - `frame`: the header of a frame.
//! - `sample`: the body of a frame.
//! - [`codec`]: encoding of numbers, bytes and text in a body.
//! - [`limits`]: limits of the memory that a decoded sample may use.
//! - `writer`, `reader`: whole recordings.
//! - `reader::seek`: search for a tick or a time. It needs no index: key frames are the checkpoints.
//!
//! ```
//! use virtmon_recording::{Header, Reader, RecordedSample, Writer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let header = Header {
//!     backend: "xen".into(),
//!     t0_ns: 0,
//!     interval_ns: 1_000_000_000,
//!     host_metadata: Vec::new(),
//! };
//! let mut file = Vec::new();
//! let mut writer = Writer::begin(&header, &mut file)?;
//! let sample: RecordedSample<'_> = RecordedSample {
//!     tick: 0,
//!     mono_ns: 0,
//!     boot_ns: 0,
//!     wall_ns: 0,
//!     sample_ns: 250_000,
//!     read: Ok(b"raw bytes"),
//! };
//! writer.push(&sample, &mut file)?;
//!
//! let (mut reader, read_header) = Reader::open(&file[..])?;
//! assert_eq!(read_header, header);
//! let read = reader.read()?.expect("there is one sample");
//! assert_eq!(read.read?, b"raw bytes");
//! assert!(reader.read()?.is_none());
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod codec;
mod frame;
mod header;
pub mod limits;
mod reader;
mod sample;
mod target;
mod writer;

pub use frame::begins_with_key;
pub use header::{Header, OpenError, header_bytes};
pub use reader::{Loss, Reader};
pub use sample::RecordedSample;
pub use target::SeekTarget;
pub use writer::Writer;
