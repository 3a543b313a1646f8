//! The table of OpenStack's names.

use virtmon_model::{Domain, Instance};

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::frame::Frame;

/// The table of OpenStack's instances.
#[derive(Debug)]
pub enum NovaTable {}

impl Table for NovaTable {
    type Row<'a> = (&'a Domain, &'a Instance);
    const NAME: &'static str = "nova";
    const HELP: &'static str = "One row for each domain that OpenStack's nova made, at each tick: whose it is. Read once in a domain's life.";
    columns! {
        "id" [""] "the domain's id" ("the domain table") |row| Cell::Number(row.0.identity.id.into());
        "uuid" [""] "the domain's uuid, which is the instance's" ("the domain table") |row| Cell::Uuid(row.0.identity.uuid);
        "name" [""] "the domain's name" ("the domain table") |row| row.0.name.as_deref().into();
        "instance" [""] "the instance's name, as its owner gave it" ("not told", "metadata nova:name") |row| row.1.name.as_deref().into();
        "flavor" [""] "its flavor" ("not told", "metadata nova:flavor name") |row| row.1.flavor.as_deref().into();
        "project" [""] "the project that it belongs to" ("not told", "metadata nova:project") |row| row.1.project.as_deref().into();
        "project_id" [""] "that project's id" ("not told", "metadata nova:project uuid") |row| row.1.project_id.as_deref().into();
        "user" [""] "the user who made it" ("not told", "metadata nova:user") |row| row.1.user.as_deref().into();
        "user_id" [""] "that user's id" ("not told", "metadata nova:user uuid") |row| row.1.user_id.as_deref().into();
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, _) in frame.domains() {
            if let Some(instance) = &domain.instance {
                each(&(domain, instance));
            }
        }
    }
}
