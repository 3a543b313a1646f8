//! A domain of a list and the values that came with it.

use std::ffi::{CStr, c_int};
use std::slice;

use super::Domain;
use super::bindings::{
    VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_LLONG, VIR_TYPED_PARAM_STRING,
    VIR_TYPED_PARAM_UINT, VIR_TYPED_PARAM_ULLONG, virTypedParameter,
};
use crate::value::Value;

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

    /// The values by their names, in libvirt's order.
    pub(crate) fn fields(self) -> impl Iterator<Item = (&'l str, Value<'l>)> {
        self.params
            .iter()
            .filter_map(|param| Some((name(param)?, value(param))))
    }
}

fn name(param: &virTypedParameter) -> Option<&str> {
    let chars = &param.field;
    // SAFETY: the same bytes of the same array, as unsigned.
    let bytes = unsafe { slice::from_raw_parts(chars.as_ptr().cast::<u8>(), chars.len()) };
    CStr::from_bytes_until_nul(bytes).ok()?.to_str().ok()
}

fn value(param: &virTypedParameter) -> Value<'_> {
    let value = &param.value;
    let number = match u32::try_from(param.type_) {
        // SAFETY: the type says which field of the union libvirt wrote; any bits are a number.
        Ok(VIR_TYPED_PARAM_INT) => u64::try_from(unsafe { value.i }).ok(),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_UINT) => Some(unsafe { value.ui }.into()),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_LLONG) => u64::try_from(unsafe { value.l }).ok(),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_ULLONG) => Some(unsafe { value.ul }),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_BOOLEAN) => return Value::Truth(unsafe { value.b } != 0),
        // SAFETY: as above: it is a string's address. libvirt.h says that it is never null, and
        // the string is NUL-terminated and lives as long as the parameter that owns it.
        Ok(VIR_TYPED_PARAM_STRING) => return unsafe { text(value.s) },
        _ => None,
    };
    number.map_or(Value::Other, Value::Number)
}

/// # Safety
/// `start` must be null or a NUL-terminated string that stays as it is for all of `'l`.
unsafe fn text<'l>(start: *const std::ffi::c_char) -> Value<'l> {
    if start.is_null() {
        return Value::Other;
    }
    // SAFETY: not null, so as the caller promises.
    Value::Text(unsafe { CStr::from_ptr(start) }.to_bytes())
}
