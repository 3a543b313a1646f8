/* Counts instructions: with the lab's --icount, one ns of this clock is one instruction of the
 * hypervisor, the kernel or the program. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Cost of one call: the minimum of BATCHES batches. Interrupts of the timer occur in some batches and not
 * in others, so the minimum excludes them. */
enum { BATCHES = 12 };

#define COST_OF(calls, call)                                        \
    ({                                                              \
        int64_t min_ = INT64_MAX;                                   \
        for (int batch_ = 0; batch_ < BATCHES; batch_++) {          \
            int64_t began_ = now_ns();                              \
            for (int n_ = 0; n_ < (calls); n_++)                    \
                (void)(call);                                       \
            int64_t took_ = now_ns() - began_;                      \
            if (took_ < min_)                                       \
                min_ = took_;                                       \
        }                                                           \
        (min_ - clock_cost()) / (calls);                            \
    })

/* Cost of reading the clock, which every batch includes once. */
static inline int64_t clock_cost(void)
{
    static int64_t cost;

    if (cost == 0) {
        cost = INT64_MAX;
        for (int batch = 0; batch < BATCHES; batch++) {
            int64_t began = now_ns();

            for (int n = 0; n < 99; n++)
                (void)now_ns();
            int64_t took = (now_ns() - began) / 100;
            if (took < cost)
                cost = took;
        }
    }
    return cost;
}

#endif
