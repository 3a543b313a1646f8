//! Failure policies of outputs.

use std::time::Duration;

/// Policy for a tick that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The output has failed, and the run ends.
    End,
    /// The tick is sent again after this pause. Ticks wait in the queue meanwhile.
    Retry(Duration),
    /// The tick is dropped and counted, and the next one is sent.
    Drop,
}
