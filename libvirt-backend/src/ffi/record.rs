//! A domain of a list and the values that came with it.

use std::ffi::{CStr, c_int};
use std::slice;

use super::Domain;
use super::bindings::{
    VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_STRING, VIR_TYPED_PARAM_UINT,
    virTypedParameter,
};
use crate::ffi::params::Param;

/// A domain and its values.
#[derive(Clone, Copy)]
pub(crate) struct Record<'l> {
    /// The domain.
    pub(crate) domain: Domain<'l>,
    params: &'l [virTypedParameter],
}

impl<'l> Record<'l> {
    /// A domain with the `count` values at `params`.
    ///
    /// # Safety
    /// Where `count` is above 0, `params` must be that many typed parameters that libvirt made and
    /// that stay as they are for all of `'l`.
    pub(super) unsafe fn of(
        domain: Domain<'l>,
        params: *const virTypedParameter,
        count: c_int,
    ) -> Self {
        let params = match usize::try_from(count) {
            Ok(count) if count > 0 && !params.is_null() => {
                // SAFETY: `count` parameters are there for 'l, as the caller promises.
                unsafe { slice::from_raw_parts(params, count) }
            }
            _ => &[],
        };
        Self { domain, params }
    }

    /// The values, in libvirt's order.
    pub(crate) fn params(self) -> impl Iterator<Item = Param<'l>> {
        self.params.iter().filter_map(param)
    }
}

fn param(param: &virTypedParameter) -> Option<Param<'_>> {
    let value = &param.value;
    let mut text = None;
    let bits = match u32::try_from(param.type_) {
        // SAFETY: the type says which field of the union libvirt wrote; any bits are a number.
        Ok(VIR_TYPED_PARAM_INT) => i64::from(unsafe { value.i }).cast_unsigned(),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_UINT) => unsafe { value.ui }.into(),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_BOOLEAN) => u64::from(unsafe { value.b } != 0),
        Ok(VIR_TYPED_PARAM_STRING) => {
            // SAFETY: as above: it is a string's address. libvirt.h says that it is never null,
            // and the string is NUL-terminated and lives as long as the parameter that owns it.
            text = unsafe { bytes(value.s) };
            0
        }
        // SAFETY: all others that are known are of eight bytes, and any bits are a number. Of one
        // that is not known, libvirt has written all or has left the zeroes of its allocation.
        _ => unsafe { value.ul },
    };
    Some(Param {
        name: name(param)?,
        kind: param.type_,
        bits,
        text,
    })
}

fn name(param: &virTypedParameter) -> Option<&str> {
    CStr::from_bytes_until_nul(field_name(param))
        .ok()?
        .to_str()
        .ok()
}

/// The bytes of a parameter's name, with those behind its NUL byte. A C `char` is signed on x86_64 and
/// unsigned on aarch64.
pub(super) fn field_name(param: &virTypedParameter) -> &[u8] {
    let chars = &param.field;
    // SAFETY: the same bytes of the same array, as unsigned.
    unsafe { slice::from_raw_parts(chars.as_ptr().cast::<u8>(), chars.len()) }
}

/// # Safety
/// `start` must be null or a NUL-terminated string that stays as it is for all of `'l`.
unsafe fn bytes<'l>(start: *const std::ffi::c_char) -> Option<&'l [u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: not null, so as the caller promises.
    Some(unsafe { CStr::from_ptr(start) }.to_bytes())
}
