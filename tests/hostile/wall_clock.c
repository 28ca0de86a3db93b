/* Another wall clock for one process, and nothing else: FAKETIME=+3600s LD_PRELOAD=wall_clock.so.
 *
 *   cc -shared -fPIC -O2 -o wall_clock.so tests/hostile/wall_clock.c -ldl
 *
 * libfaketime 0.9.10 also takes the waits of threads in hand (pthread_cond_timedwait, clock_nanosleep), on
 * which CPython's lock stands: time.sleep fails there with EINVAL. This shifts what tells the time of day,
 * for Python and OpenSSL alike, and leaves monotonic clocks and all waiting alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long shift_s(void) {
    const char *told = getenv("FAKETIME");
    return told ? strtol(told, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift_s();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *told) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return (time_t)-1;
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
