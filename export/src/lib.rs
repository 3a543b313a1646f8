//! Export: the registry of tables, the encoders that turn a
//! [`Frame`](virtmon_analysis::frame::Frame) into bytes, and the outputs that queue them. No I/O.
#![forbid(unsafe_code)]

pub mod encode;
pub mod output;
pub mod printable;
pub mod registry;
pub mod schema;
pub mod tables;
