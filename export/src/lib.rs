//! Export: the registry of tables, and the encoders that turn a
//! [`Frame`](virtmon_analysis::frame::Frame) into bytes. No I/O.
#![forbid(unsafe_code)]

pub mod encode;
pub mod printable;
pub mod schema;
pub mod tables;
