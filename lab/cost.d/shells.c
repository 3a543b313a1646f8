/* Creates empty domains until there are TOTAL domains. They are real entries of the hypervisor's list, with
 * one vCPU, a name in xenstore, and no memory. Their domids have gaps. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "shell.h"

/* 50 domids are used, the next 40 are not: there are gaps below and above 256 and 1,024. */
static uint32_t domid_of(int shell)
{
    return 1 + (uint32_t)shell + (uint32_t)(shell / 50) * 40;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        errx(2, "usage: shells TOTAL");
    int total = atoi(argv[1]);
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    struct xs_handle *xs = xs_open(0);

    if (!xch || !xs)
        err(1, "xc_interface_open, xs_open");
    for (int shell = 0; shell < total - 1; shell++) {
        uint32_t domid = domid_of(shell);
        xc_domaininfo_t info;
        char path[64], name[32];

        if (xc_domain_getinfolist(xch, domid, 1, &info) == 1 && info.domain == domid)
            continue;
        if (make_shell(xch, domid, domid))
            err(1, "domain %u", domid);
        snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
        snprintf(name, sizeof(name), "instance-%08x", domid);
        if (!xs_write(xs, XBT_NULL, path, name, strlen(name)))
            err(1, "%s", path);
    }
    return 0;
}
