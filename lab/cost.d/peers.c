/* Cost of the list of domains without virtmon, in instructions per call: the hypercall into one buffer
 * that is used again, which is the floor, then libxenctrl and libxenstat.
 *
 * Prints lines of three words: step, domains, instructions; and a line with the numbers of things that
 * libxenstat read. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define __XEN_TOOLS__ 1
#include <xenctrl.h>
#include <xenstat.h>
#include <xen/sys/privcmd.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "clock.h"

static int privcmd;

static long hypercall(unsigned long op, unsigned long arg0, unsigned long arg1)
{
    privcmd_hypercall_t call = { .op = op, .arg = { arg0, arg1, 0, 0, 0 } };

    return ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);
}

static void *hypercall_buffer(size_t bytes)
{
    int device = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    void *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);

    if (device < 0 || buffer == MAP_FAILED)
        err(1, "/dev/xen/hypercall");
    return buffer;
}

/* The complete request is written at each call, because the hypervisor wrote its answer there. */
static long list(struct xen_sysctl *request, xc_domaininfo_t *infos, unsigned int room)
{
    request->cmd = XEN_SYSCTL_getdomaininfolist;
    request->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    request->u.getdomaininfolist.first_domain = 0;
    request->u.getdomaininfolist.max_domains = room;
    set_xen_guest_handle_raw(request->u.getdomaininfolist.buffer, infos);
    if (hypercall(__HYPERVISOR_sysctl, (unsigned long)request, 0) < 0)
        err(1, "XEN_SYSCTL_getdomaininfolist");
    return request->u.getdomaininfolist.num_domains;
}

static void stat_once(xenstat_handle *stat, unsigned int flags)
{
    xenstat_node *node = xenstat_get_node(stat, flags);

    if (!node)
        errx(1, "xenstat_get_node");
    xenstat_free_node(node);
}

/* Prints the numbers of vCPUs, NICs and disks that libxenstat read: the data that xentop shows. */
static void print_reads(xenstat_handle *stat)
{
    xenstat_node *node = xenstat_get_node(stat, XENSTAT_ALL);
    unsigned int vcpus = 0, nics = 0, disks = 0;

    if (!node)
        errx(1, "xenstat_get_node");
    for (unsigned int n = 0; n < xenstat_node_num_domains(node); n++) {
        xenstat_domain *domain = xenstat_node_domain_by_index(node, n);

        vcpus += xenstat_domain_num_vcpus(domain);
        nics += xenstat_domain_num_networks(domain);
        disks += xenstat_domain_num_vbds(domain);
    }
    xenstat_free_node(node);
    printf("read: %u vCPUs, %u NICs, %u disks\n", vcpus, nics, disks);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        errx(2, "usage: peers DOMAINS");
    int domains = atoi(argv[1]);
    /* Number of calls of a batch: together they take at most a few ticks of the timer. */
    int calls = domains < 100 ? 100 : domains < 1000 ? 10 : 3;
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    xenstat_handle *stat = xenstat_init();

    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd < 0 || !xch || !stat)
        err(1, "Xen");

    struct xen_sysctl *request = hypercall_buffer(4096);
    unsigned int room = (unsigned int)domains + 8;
    xc_domaininfo_t *infos = hypercall_buffer(room * sizeof(*infos));
    xc_domaininfo_t *copies = calloc(4096, sizeof(*copies));
    xc_vcpuinfo_t vcpu;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (list(request, infos, room) != domains)
        errx(1, "%ld domains instead of %d", list(request, infos, room), domains);
#define PRINT(what, cost) printf("%s %d %ld\n", what, domains, (long)(cost))
    PRINT("null", COST_OF(100, hypercall(__HYPERVISOR_xen_version, XENVER_version, 0)));
    PRINT("floor", COST_OF(calls, list(request, infos, room)));
    PRINT("xc_list", COST_OF(calls, xc_domain_getinfolist(xch, 0, room, copies)));
    PRINT("xc_list_4096", COST_OF(3, xc_domain_getinfolist(xch, 0, 4096, copies)));
    PRINT("xc_vcpu", COST_OF(100, xc_vcpu_getinfo(xch, 1, 0, &vcpu)));
    /* libxenstat reads every name from xenstore at each call. With 1,000 domains that takes minutes under
     * emulation. */
    if (domains >= 1000)
        return 0;
    print_reads(stat);
    PRINT("xenstat_domains", COST_OF(1, (stat_once(stat, 0), 0)));
    PRINT("xenstat_all", COST_OF(1, (stat_once(stat, XENSTAT_ALL), 0)));
    return 0;
}
