//! The functions that the fuzz targets call: they read XML, which a remote daemon sends.

use virtmon_model::Uuid;

use crate::events::aliases::DeviceAliases;
use crate::openstack;
use crate::per_domain::domain_xml;

/// Reads a domain's devices, their aliases and its OpenStack metadata from XML.
pub fn xml(text: &str) {
    let _ = domain_xml::parse(text);
    let _ = openstack::parse(text);
    let mut aliases = DeviceAliases::default();
    aliases.update(Uuid::nil(), text);
    aliases.update(Uuid::nil(), text);
    let alias = text.split('\'').nth(1).unwrap_or_default();
    aliases.resolve(Uuid::nil(), alias.to_owned());
    aliases.remove(Uuid::nil(), alias.to_owned());
}
