//! Files of the configuration.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::HttpError;

/// Largest size of a file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Reads a text file of bounded size.
pub(crate) fn read(path: &Path) -> Result<String, HttpError> {
    let failed = |source| HttpError::File {
        path: path.display().to_string(),
        source,
    };
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > MAX_FILE_BYTES {
        return Err(failed(ErrorKind::FileTooLarge.into()));
    }
    fs::read_to_string(path).map_err(failed)
}
