//! Pictures of virtmon's tables: SVG, PNG and HTML.
//!
//! | module | content |
//! | --- | --- |
//! | [`options`] | what is drawn, and how |
//! | [`rows`] | the columns that pictures need, decoded from rows of the tables |
//! | [`input`] | CSV files, their rotated parts and the tables beside them |
//! | [`follow`] | rows of domains, put together to ticks with rates |
//! | [`survey`] | the first pass over the rows: the window, and the rank of each guest |
//! | [`collect`] | the second pass: the lines of the guests that are drawn |
//! | [`build`] | panels from the lines, and why others are missing |
//! | [`draw`] | lines to shapes, and shapes to SVG, PNG and HTML |
//!
//! Rows are read twice, so that the memory does not depend on the number of ticks.
#![forbid(unsafe_code)]

pub mod build;
pub mod choice;
pub mod collect;
pub mod draw;
pub mod error;
pub mod follow;
pub mod guests;
pub mod input;
pub mod options;
pub mod panel;
pub mod plot;
pub mod rows;
pub mod series;
pub mod survey;
pub mod time;
