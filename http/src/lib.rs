//! The HTTP server of virtmon.
#![forbid(unsafe_code)]
