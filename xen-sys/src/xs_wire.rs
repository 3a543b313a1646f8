//! The messages of xenstore (`xen/io/xs_wire.h`). A message is a header of four native 32-bit words
//! (type, request id, transaction id, length of the payload), and the payload.

use crate::bindings;

/// Size of the header.
pub const HEADER_BYTES: usize = size_of::<bindings::xsd_sockmsg>();
/// Longest payload (`XENSTORE_PAYLOAD_MAX`).
pub const PAYLOAD_MAX: usize = bindings::XENSTORE_PAYLOAD_MAX as usize;
/// Lists the entries of a directory. The request has its path, the answer the names of the entries,
/// each followed by a NUL.
pub const DIRECTORY: u32 = bindings::xsd_sockmsg_type_XS_DIRECTORY;
/// Reads a node. The request has its path, the answer its value.
pub const READ: u32 = bindings::xsd_sockmsg_type_XS_READ;
/// Watches a node and all nodes below it. The request has the path and a token. The answer is `OK`,
/// and an event follows immediately.
pub const WATCH: u32 = bindings::xsd_sockmsg_type_XS_WATCH;
/// Removes a watch. The request has the path and the token.
pub const UNWATCH: u32 = bindings::xsd_sockmsg_type_XS_UNWATCH;
/// Event of a watch: a message without a request. It has the path and the token.
pub const WATCH_EVENT: u32 = bindings::xsd_sockmsg_type_XS_WATCH_EVENT;
/// Answer to a failed request. It has the name of the error.
pub const ERROR: u32 = bindings::xsd_sockmsg_type_XS_ERROR;
