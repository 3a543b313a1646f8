//! What takes calls for each domain.

pub(crate) mod domain_xml;
pub(crate) mod stats;
