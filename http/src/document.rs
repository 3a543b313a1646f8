//! What the server serves.

use virtmon_analysis::frame::Frame;
use virtmon_export::encode::Encoder;

/// A text that is made of a frame.
pub trait Document: Send {
    /// Content type, as in HTTP.
    fn content_type(&self) -> &'static str;

    /// Appends the document of a frame to `out`.
    fn render(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>);
}

/// An encoder as a document.
pub struct Encoded<E> {
    /// Content type, as in HTTP.
    pub content_type: &'static str,
    /// The encoder. Each frame is a whole document.
    pub encoder: E,
}

impl<E: Encoder + Send> Document for Encoded<E> {
    fn content_type(&self) -> &'static str {
        self.content_type
    }

    fn render(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        self.encoder.encode(frame, out);
    }
}

/// A path of the server.
pub struct Route {
    /// The path, from `/` on.
    pub path: &'static str,
    /// Who may ask: true if a page of another site must not, even if that site's name leads here.
    pub is_for_browsers: bool,
    /// What the path shows.
    pub content: Content,
}

/// What a path shows.
pub enum Content {
    /// Documents, of which the request's `Accept` header chooses one; the first one if it has no choice.
    Documents(Vec<Box<dyn Document>>),
    /// The same text for everyone: its content type and its bytes.
    Static(&'static str, &'static [u8]),
    /// The age of the last tick.
    Health,
}
