//! The collector: the loop that samples a [`Backend`](virtmon_model::Backend) at a fixed interval,
//! and the program around it.
//!
//! | module | content |
//! | --- | --- |
//! | [`sampling`] | tick times, and the sources of samples: a host or a recording |
//! | [`runner`] | the loop: source, history, analysis, outputs |
//! | [`files`] | files, pipes and standard output: append, rotate, compress, keep |
//! | [`process`] | privileges, scheduling, messages, service manager |
//! | [`program`] | the command line, its resolved configuration, and the commands |
//!
//! Encoders and the queues of outputs are in the crate `virtmon_export`.
#![forbid(unsafe_code)]

pub mod files;
pub mod process;
pub mod program;
pub mod runner;
pub mod sampling;
