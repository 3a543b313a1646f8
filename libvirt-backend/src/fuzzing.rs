//! What the fuzz targets call: the part of this crate that reads XML, which a daemon far away sends.

use virtmon_model::Uuid;

use crate::events::aliases::Aliases;
use crate::openstack as nova;
use crate::per_domain::domain_xml as targets;

/// Reads a domain's devices, their aliases and its OpenStack metadata, as XML has them.
pub fn xml(text: &str) {
    let _ = targets::parse(text);
    let _ = nova::parse(text);
    let mut aliases = Aliases::default();
    aliases.learn(Uuid::nil(), text);
    aliases.learn(Uuid::nil(), text);
    let alias = text.split('\'').nth(1).unwrap_or_default();
    aliases.device(Uuid::nil(), alias.to_owned());
    aliases.remove(Uuid::nil(), alias.to_owned());
}
