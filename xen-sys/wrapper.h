/* Without this macro, the headers hide the structures for toolstacks. These use uint32_t and similar types without an include. */
#define __XEN_TOOLS__ 1
#include <stdint.h>
#include <xenctrl.h>
#include <xentoollog.h>
#include <xen/sysctl.h>
#include <xen/domctl.h>
#include <xen/io/xs_wire.h>
#include <xen/version.h>
#include <xen/sys/privcmd.h>
