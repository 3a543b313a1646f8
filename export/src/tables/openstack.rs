//! The table of OpenStack instances.

use virtmon_model::{Domain, Instance};

use crate::schema::column::{Table, columns};
use crate::schema::info::TableNeeds;
use crate::schema::metric::{ColumnUse, info};
use virtmon_analysis::frame::Frame;

/// The table of OpenStack instances.
#[derive(Debug)]
pub enum NovaTable {}

impl Table for NovaTable {
    type Row<'a> = (&'a Domain, &'a Instance);
    const NAME: &'static str = "nova";
    const HELP: &'static str = "One row for each domain that OpenStack's nova created, at each tick. The values are read once in a domain's life.";
    const DETAIL: Option<&'static str> = Some("Owners of the guests that OpenStack created");
    const NEEDS: TableNeeds = TableNeeds {
        instances: true,
        ..TableNeeds::NONE
    };
    columns! {
        keys |row| row.0;
        "instance" text text "" "Name of the instance, given by its owner" {libvirt: "metadata nova:name"} |row| row.1.name.as_deref().into();
        "flavor" text text "" "Flavor of the instance" {libvirt: "metadata nova:flavor name"} |row| row.1.flavor.as_deref().into();
        "project" text text "" "Project of the instance" {libvirt: "metadata nova:project"} |row| row.1.project.as_deref().into();
        "project_id" text text "" "Id of the project" {libvirt: "metadata nova:project uuid"} |row| row.1.project_id.as_deref().into();
        "user" text text "" "User who created the instance" {libvirt: "metadata nova:user"} |row| row.1.user.as_deref().into();
        "user_id" text text "" "Id of the user" {libvirt: "metadata nova:user uuid"} |row| row.1.user_id.as_deref().into();
    }

    const METRICS: &'static [ColumnUse] = &[
        info("instance", "virtmon_guest", "instance_name"),
        info("flavor", "virtmon_guest", "flavor"),
        info("project", "virtmon_guest", "project"),
        info("project_id", "virtmon_guest", "project_id"),
        info("user", "virtmon_guest", "user"),
        info("user_id", "virtmon_guest", "user_id"),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, _) in frame.domains() {
            if let Some(instance) = &domain.instance {
                each(&(domain, instance));
            }
        }
    }
}
