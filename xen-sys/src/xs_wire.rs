//! The messages of xenstore, `xen/io/xs_wire.h`: a header of four native 32-bit words (type,
//! request id, transaction id, length of what follows), then that many bytes.

use crate::bindings;

/// Size of the header.
pub const HEADER_BYTES: usize = size_of::<bindings::xsd_sockmsg>();
/// The most that may follow a header (`XENSTORE_PAYLOAD_MAX`).
pub const PAYLOAD_MAX: usize = bindings::XENSTORE_PAYLOAD_MAX as usize;
/// List the nodes below one: a path goes, their names come, each with a NUL behind it.
pub const DIRECTORY: u32 = bindings::xsd_sockmsg_type_XS_DIRECTORY;
/// Read a node: a path goes, its value comes.
pub const READ: u32 = bindings::xsd_sockmsg_type_XS_READ;
/// Watch a node and all below: path and token go, `OK` comes, and then an event at once.
pub const WATCH: u32 = bindings::xsd_sockmsg_type_XS_WATCH;
/// End a watch: path and token go.
pub const UNWATCH: u32 = bindings::xsd_sockmsg_type_XS_UNWATCH;
/// A watch fired: path and token come, unasked.
pub const WATCH_EVENT: u32 = bindings::xsd_sockmsg_type_XS_WATCH_EVENT;
/// The answer to a request that failed: the error's name comes.
pub const ERROR: u32 = bindings::xsd_sockmsg_type_XS_ERROR;
