//! Xen's control ABI, raw: what the public headers say, and the calls that carry it.
//!
//! - [`abi`]: which layout which interface version has, and the fields out of the bytes. No calls.
//! - [`Privcmd`]: hypercalls by the kernel's device, into [`HypercallBuffer`]s that are kept.
//! - [`Xenctrl`]: libxenctrl, loaded at run time.
//! - [`xs_wire`]: the messages that xenstore speaks. No calls.
//!
//! `xenctrl-sys` 0.2.0 is not used: it links libxenctrl hard, so a program with it does not start
//! where no Xen library is, and it generates Rust enums for C enums, where a value that the header
//! of the build did not know is undefined behaviour.

pub mod abi;
mod bindings;
mod buffer;
mod logger;
mod privcmd;
mod xenctrl;
pub mod xs_wire;

pub use buffer::{HypercallBuffer, Memory};
pub use privcmd::{Privcmd, PrivcmdError};
pub use xenctrl::{OpenError, Xenctrl};
