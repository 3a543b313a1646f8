/* Keeps about a thousand empty domains, and destroys and creates domains at random for a time. Writes a log
 * of every life: domid, number of the life, and the times in ns of CLOCK_MONOTONIC before and after its
 * creation and before and after its destruction. The last two are 0 if it was not destroyed. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "../cost.d/clock.h"
#include "../cost.d/shell.h"

/* Number of slots for domids, and the smallest and largest number of used ones. */
enum { SLOTS = 1100, MIN_DOMAINS = 900, MAX_DOMAINS = 1000, LIVES = 1 << 20 };

struct life {
    uint32_t domid;
    int64_t made_before, made_after, ended_before, ended_after;
};

static struct life lives[LIVES];
static uint32_t last_life;
/* Number of the life in each slot; 0 if the slot is free. */
static uint32_t slots[SLOTS];
static int taken;
static xc_interface *xch;
static struct xs_handle *xs;

/* 50 domids are used, the next 40 are not: there are gaps below and above 256 and 1,024. */
static uint32_t domid_of(int slot)
{
    return 1 + (uint32_t)slot + (uint32_t)(slot / 50) * 40;
}

static void node(char *path, size_t bytes, uint32_t domid, const char *name)
{
    snprintf(path, bytes, "/local/domain/%u%s", domid, name);
}

/* Every second domain has a name, with the number of its life. */
static void make(int slot)
{
    uint32_t domid = domid_of(slot), number = last_life + 1;
    char path[64], name[32];

    if (number == LIVES)
        errx(1, "more than %d lives", LIVES);
    struct life *life = &lives[number];
    life->domid = domid;
    life->made_before = now_ns();
    if (make_shell(xch, domid, number)) {
        /* The domid belongs to another domain, or still to its previous owner. */
        if (errno != EEXIST)
            err(1, "creating domain %u", domid);
        return;
    }
    life->made_after = now_ns();
    last_life = number;
    slots[slot] = number;
    taken++;
    if (number % 2)
        return;
    node(path, sizeof(path), domid, "/name");
    snprintf(name, sizeof(name), "life-%u", number);
    if (!xs_write(xs, XBT_NULL, path, name, strlen(name)))
        err(1, "%s", path);
}

static void end(int slot)
{
    struct life *life = &lives[slots[slot]];
    char path[64];

    node(path, sizeof(path), life->domid, "");
    life->ended_before = now_ns();
    xs_rm(xs, XBT_NULL, path);
    if (xc_domain_destroy(xch, life->domid))
        err(1, "destroying domain %u", life->domid);
    life->ended_after = now_ns();
    slots[slot] = 0;
    taken--;
}

static void once(void)
{
    int slot = rand() % SLOTS;

    /* The first domid belongs to a real guest, and is used as soon as that guest is destroyed. */
    if (!slots[0])
        make(0);
    if (!slots[slot]) {
        if (taken < MAX_DOMAINS)
            make(slot);
        return;
    }
    if (taken <= MIN_DOMAINS)
        return;
    end(slot);
    /* Half of the domids are used again at once. */
    for (int tries = 0; rand() % 2 && tries < 20 && !slots[slot]; tries++)
        make(slot);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        errx(2, "usage: churn SECONDS LOG; it starts after a line on standard input");
    int64_t seconds = atoi(argv[1]);
    FILE *log = fopen(argv[2], "w");
    char word[8];

    xch = xc_interface_open(NULL, NULL, 0);
    xs = xs_open(0);
    if (!log || !xch || !xs)
        err(1, "%s, xc_interface_open, xs_open", argv[2]);
    srand(1);
    for (int slot = 0; taken < (MIN_DOMAINS + MAX_DOMAINS) / 2; slot++)
        make(slot);
    printf("%d domains exist\n", taken);
    fflush(stdout);
    if (!fgets(word, sizeof(word), stdin))
        errx(1, "standard input has ended before a line");
    for (int64_t until = now_ns() + seconds * 1000000000; now_ns() < until;) {
        once();
        usleep((useconds_t)(rand() % 20000));
    }
    fprintf(log, "domid,life,made_before,made_after,ended_before,ended_after\n");
    for (uint32_t number = 1; number <= last_life; number++)
        fprintf(log, "%u,%u,%ld,%ld,%ld,%ld\n", lives[number].domid, number,
                (long)lives[number].made_before, (long)lives[number].made_after,
                (long)lives[number].ended_before, (long)lives[number].ended_after);
    if (fclose(log))
        err(1, "%s", argv[2]);
    return 0;
}
