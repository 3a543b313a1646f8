//! Data that comes from the hypervisor itself.
//!
//! `detect` opens the hypercall device. `list_source` reads the list of domains into the buffer of
//! `domain_list`, and `sanity` checks the first list. `domain_row` decodes an entry of the list into
//! a row. `incarnations` adds Xen's number for each incarnation of a domain, and its role. `vcpus`
//! and `host` are read only if they are needed.

pub(crate) mod detect;
pub(crate) mod domain_list;
pub(crate) mod domain_row;
pub(crate) mod host;
pub(crate) mod incarnations;
pub(crate) mod list_source;
pub(crate) mod sanity;
pub(crate) mod vcpus;
