//! The terminal interface of virtmon: `virtmon top`.
//!
//! - Pure: [`state`] is what is shown, [`keys`] changes it, [`view`] draws it into a buffer of cells.
//!   [`scene`], [`rows`], [`recent`], [`log`] and [`goto`] derive what a screen needs from the moments of a
//!   run; [`mod@column`], [`cell`], [`filter`], [`number`], [`event_text`], [`zone`] are its values and words.
//! - Impure: [`feed`] takes frames from the sampling thread, [`replay`] loads parts of a recording,
//!   [`terminal`] and [`ui`] are the terminal and its thread.
//!
//! The sampling thread copies what is shown of a frame into buffers that were used before, and never
//! waits for the terminal.
#![forbid(unsafe_code)]

pub mod canvas;
pub mod cell;
pub mod column;
pub mod effect;
pub mod event_text;
pub mod feed;
pub mod filter;
pub mod glyphs;
pub mod goto;
mod input;
pub mod keys;
pub mod log;
pub mod messages;
mod moves;
pub mod number;
mod overlay_keys;
pub mod palette;
pub mod plain;
pub mod play;
pub mod position;
pub mod prompt;
mod prompt_keys;
pub mod recent;
pub mod replay;
pub mod rows;
pub mod scene;
pub mod settings;
pub mod state;
pub mod terminal;
mod time_keys;
pub mod ui;
pub mod view;
pub mod zone;
