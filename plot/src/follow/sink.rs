//! The rows of tables, as a [`Follower`] takes them.

use crate::error::PlotError;
use crate::follow::follower::Follower;
use crate::follow::visitor::Visitor;
use crate::input::RowSink;
use crate::rows::Table;
use crate::rows::record::{Header, Record};

/// The schema of most rows, as text. Others are compared as numbers.
const USUAL_SCHEMA: &[u8] = b"1";

impl<V: Visitor> RowSink for Follower<V> {
    fn wants(&self, table: Table) -> bool {
        self.visitor.wants(table)
    }

    fn window(&self) -> Option<(i64, i64)> {
        let (first, last) = self.visitor.window()?;
        Some((
            self.clock.time(self.run, first),
            self.clock.time(self.run, last),
        ))
    }

    fn begin(
        &mut self,
        table: Table,
        run: usize,
        file: &str,
        header: &Header,
    ) -> Result<(), PlotError> {
        self.end(table)?;
        self.set_file(table, run, file, header);
        Ok(())
    }

    fn row(&mut self, table: Table, record: Record<'_>) -> Result<(), PlotError> {
        let run = self.run;
        let state = &mut self.tables[table as usize];
        let schema = state.tick.schema(record);
        let facts = state.tick.read(record);
        if let Some(schema) = schema.filter(|schema| *schema != USUAL_SCHEMA) {
            self.check_schema(schema)?;
        }
        let Some(facts) = facts else {
            return Err(self.not_a_table("the time of a row is not valid"));
        };
        if table == Table::Domain {
            self.clock.begin(run, facts.time_ns);
        }
        let place_ns = self.clock.place(run, facts.time_ns);
        if table == Table::Event {
            return self.add_event(record, place_ns);
        }
        let state = &mut self.tables[table as usize];
        let (place, is_new) = state
            .places
            .place(run, state.tick.host(record), &facts, place_ns);
        let is_same = !is_new && state.place.is_some_and(|known| known.host == place.host);
        if !is_same {
            self.flush(table);
            let state = &mut self.tables[table as usize];
            state.place = Some(place);
            state.is_complete = !state.tick.has_tick_end();
        }
        self.add(table, record)
    }

    fn end(&mut self, table: Table) -> Result<(), PlotError> {
        self.flush(table);
        Ok(())
    }
}
