/* Preloaded before libfaketime, which takes every absolute timer for one of the wall clock, also those of the monotonic
 * clocks, on which the Swift runtime sleeps. Those clocks are not faked, and neither must their timers be. */
#include <sys/syscall.h>
#include <unistd.h>

struct itimerspec;

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
    return (int)syscall(SYS_timerfd_settime, descriptor, flags, value, old);
}
