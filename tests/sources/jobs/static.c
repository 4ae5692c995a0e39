/* A program without a dynamic loader: nothing can be preloaded into it. It tells the time. */
#include <stdio.h>
#include <time.h>

int main(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return printf("%ld.%09ld\n", (long)now.tv_sec, now.tv_nsec) < 0;
}
