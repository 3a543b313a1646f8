/* The tools' part of the public headers is hidden without this, and they use uint32_t and its kin without including it. */
#define __XEN_TOOLS__ 1
#include <stdint.h>
#include <xenctrl.h>
#include <xentoollog.h>
#include <xen/sysctl.h>
#include <xen/domctl.h>
#include <xen/io/xs_wire.h>
#include <xen/version.h>
#include <xen/sys/privcmd.h>
