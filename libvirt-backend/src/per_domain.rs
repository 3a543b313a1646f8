//! Calls for each domain, for drivers whose bulk call reports no devices, or that have no bulk call.
//!
//! These are `virDomainGetInfo` and a call for each device. The values of devices get the names that the
//! bulk call uses, so that rows and recordings are made of them in the same way.

pub(crate) mod answers;
mod device_list;
pub(crate) mod domain_xml;
mod known_domain;
mod parallel;
mod query;
pub(crate) mod stats;
