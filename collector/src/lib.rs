//! The collector: the loop that samples a [`Backend`](virtmon_model::Backend) at a fixed interval,
//! and the program around it.
//!
//! | module | content |
//! | --- | --- |
//! | [`sampling`] | when a sample is due, and the source of samples: a host or a recording |
//! | [`runner`] | the loop: source, analysis, encoders, writer |
//! | [`writer`] | the thread that writes, and its queue |
//! | [`files`] | files, pipes and standard output: append, rotate, compress, keep |
//! | [`process`] | privileges, scheduling, messages, service manager |
//! | [`program`] | the command line, and the commands |
#![forbid(unsafe_code)]

pub mod files;
pub mod process;
pub mod program;
pub mod runner;
pub mod sampling;
pub mod writer;
