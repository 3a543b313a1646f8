//! What a key asks for beyond the state.

/// What a key asks for beyond the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Copy this text to the clipboard of the terminal.
    Copy(String),
    /// Write this text to a new file.
    Save(String, String),
    /// Write the settings.
    WriteSettings,
    /// Draw everything again.
    Redraw,
    /// Suspend the process.
    Suspend,
    /// Read the mouse, or leave it to the terminal.
    Mouse(bool),
}
