//! Recordings: the raw readings of a run, as a file that any machine replays.
//!
//! All numbers of the frame are little-endian; those within a body are as [`codec`] writes them.
//!
//! ```text
//! file    "virtmon\x1a"  version u16  length u32  CRC-32 u32  header     frames...
//! header  backend text   t0_ns   interval_ns   the backend's host_metadata of this host, bytes
//! frame   f5 "vmf"  length u32  unpacked length u32  number u32  key u32  CRC-32 u32  body
//! body    (zstd) outcome   tick   mono_ns   boot_ns   wall_ns   sample_ns   raw bytes, or why there are none
//! ```
//!
//! A frame is one reading. At least every 64th is a key frame: packed by itself, its `key` its own
//! `number`. The first frame of a file is one, and has any number.
//! The others are packed with their key frame's body as the dictionary, so that what is damaged
//! costs itself, and a damaged key frame those up to the next. A frame's checksum is of all that
//! stands between its first four bytes and the checksum, and of the packed body.
#![forbid(unsafe_code)]

pub mod codec;
mod frame;
mod header;
mod kept;
mod reader;
pub mod room;
mod writer;

pub use frame::begins_with_key;
pub use header::{Header, OpenError, header_bytes};
pub use kept::RecordedSample;
pub use reader::{Loss, Reader};
pub use writer::Writer;
