//! OpenStack's labels of a guest's info series.

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::metric::Used;
use crate::tables::domain::DomainRow;
use crate::tables::openstack::NovaTable;

/// Passes the labels of a guest that OpenStack created to `each`.
pub fn labels(row: &DomainRow<'_>, each: &mut dyn FnMut(&str, Cell<'_>)) {
    let Some(instance) = &row.domain.instance else {
        return;
    };
    let row = (row.domain, &**instance);
    for used in NovaTable::METRICS {
        let Used::Info { label, .. } = used.used else {
            continue;
        };
        let mut columns = NovaTable::COLUMNS.iter();
        if let Some(column) = columns.find(|column| column.info.name == used.column) {
            each(label, (column.cell)(&row));
        }
    }
}
