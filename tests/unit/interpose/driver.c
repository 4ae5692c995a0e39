/* Uses everything that the interposer owns, and prints it. A second run under the same record prints the same. */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void show(const char *what, const void *bytes, size_t length)
{
    printf("%s ", what);
    for (size_t i = 0; i < length; i++)
        printf("%02x", ((const unsigned char *)bytes)[i]);
    printf("\n");
    fflush(stdout);
}

static void random_bytes(const char *who)
{
    unsigned char bytes[11];
    if (getrandom(bytes, sizeof bytes, 0) == sizeof bytes)
        show(who, bytes, sizeof bytes);
    if (getentropy(bytes, 5) == 0)
        show(who, bytes, 5);
    if (syscall(SYS_getrandom, bytes, 3, 0) == 3)
        show(who, bytes, 3);
}

static void long_file(void)
{
    static unsigned char bytes[200000];
    size_t got = 0;
    ssize_t part;
    int file = open("/dev/urandom", O_RDONLY);
    while (got < sizeof bytes && (part = read(file, bytes + got, sizeof bytes - got)) > 0)
        got += (size_t)part;
    close(file);
    printf("long file %zu\n", got);
    show("its end", bytes + sizeof bytes - 8, 8);
    FILE *stream = fopen("/dev/random", "rb");
    if (stream && fread(bytes, 1, 9, stream) == 9)
        show("stream", bytes, 9);
    if (stream)
        fclose(stream);
}

static void clocks(const char *who)
{
    struct timespec at;
    struct timeval day;
    struct tms spent;
    struct rusage usage;
    struct sysinfo machine;
    for (int clock = 0; clock < 12; clock++)
        if (clock != 10 && clock_gettime(clock, &at) == 0)
            printf("%s clock %d %ld.%09ld\n", who, clock, (long)at.tv_sec, at.tv_nsec);
    gettimeofday(&day, NULL);
    printf("%s day %ld.%06ld %ld %ld\n", who, (long)day.tv_sec, (long)day.tv_usec, (long)time(NULL), (long)clock());
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &at);
    printf("%s by number %ld.%09ld\n", who, (long)at.tv_sec, at.tv_nsec);
    printf("%s times %ld\n", who, (long)times(&spent));
    getrusage(RUSAGE_SELF, &usage);
    printf("%s usage %ld %ld\n", who, (long)usage.ru_utime.tv_usec, usage.ru_maxrss);
    sysinfo(&machine);
    printf("%s up %ld %lu\n", who, machine.uptime, machine.freeram);
}

static void *in_thread(void *name)
{
    random_bytes(name);
    clocks(name);
    return NULL;
}

static void threads(void)
{
    static char names[3][8] = {"one", "two", "three"};
    pthread_t ids[3];
    for (int i = 0; i < 3; i++) { /* one after the other: only their output must not mix */
        pthread_create(&ids[i], NULL, in_thread, names[i]);
        pthread_join(ids[i], NULL);
    }
}

static void processes(const char *self)
{
    int status;
    pid_t child = fork();
    if (!child) {
        random_bytes("fork");
        clocks("fork");
        _exit(0);
    }
    waitpid(child, &status, 0);
    char *arguments[] = {(char *)self, "child", NULL};
    char *bare[] = {"ORCHESTRATOR_STREAM=0", NULL};
    posix_spawn(&child, self, NULL, NULL, arguments, environ);
    waitpid(child, &status, 0);
    posix_spawn(&child, self, NULL, NULL, arguments, bare);
    waitpid(child, &status, 0);
    if (!fork())
        execl(self, self, "child", (char *)NULL);
    wait(&status);
    char command[4096];
    snprintf(command, sizeof command, "'%s' child", self);
    if (system(command))
        printf("system failed\n");
    FILE *pipe = popen(command, "r");
    for (int byte; pipe && (byte = fgetc(pipe)) != EOF;)
        putchar(byte);
    if (pipe)
        pclose(pipe);
}

static void files(void)
{
    struct stat about;
    struct statx more;
    FILE *file = fopen("fresh", "w");
    fprintf(file, "x");
    fclose(file);
    stat("fresh", &about);
    printf("fresh %ld.%09ld\n", (long)about.st_mtime, about.st_mtim.tv_nsec);
    statx(AT_FDCWD, "fresh", 0, STATX_BASIC_STATS, &more);
    printf("fresh %lld.%09u\n", (long long)more.stx_ctime.tv_sec, more.stx_ctime.tv_nsec);
    char line[200];
    file = fopen("/proc/uptime", "r");
    if (file && fgets(line, sizeof line, file))
        printf("uptime %s", line);
    if (file)
        fclose(file);
}

static void listing(void)
{
    DIR *folder = opendir("names");
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        printf("name %s\n", entry->d_name);
    if (!folder)
        return;
    rewinddir(folder);
    readdir(folder);
    long place = telldir(folder);
    printf("second %s\n", readdir(folder)->d_name);
    seekdir(folder, place);
    printf("second %s\n", readdir(folder)->d_name);
    closedir(folder);
}

static struct timespec soon(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_nsec += 20 * 1000 * 1000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static void waits(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t plain = PTHREAD_COND_INITIALIZER, monotonic;
    pthread_condattr_t attributes;
    sem_t semaphore;
    struct timespec at;
    uint32_t word = 0;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&monotonic, &attributes);
    sem_init(&semaphore, 0, 0);
    pthread_mutex_lock(&mutex);
    at = soon(CLOCK_REALTIME);
    printf("cond %d\n", pthread_cond_timedwait(&plain, &mutex, &at));
    at = soon(CLOCK_MONOTONIC);
    printf("cond %d\n", pthread_cond_timedwait(&monotonic, &mutex, &at));
    at = soon(CLOCK_MONOTONIC);
    printf("cond %d\n", pthread_cond_clockwait(&plain, &mutex, CLOCK_MONOTONIC, &at));
    at = soon(CLOCK_REALTIME);
    printf("mutex %d\n", pthread_mutex_timedlock(&mutex, &at));
    at = soon(CLOCK_REALTIME);
    printf("sem %d\n", sem_timedwait(&semaphore, &at));
    at = soon(CLOCK_MONOTONIC);
    printf("sem %d\n", sem_clockwait(&semaphore, CLOCK_MONOTONIC, &at));
    at = soon(CLOCK_MONOTONIC);
    printf("sleep %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL));
    at = soon(CLOCK_MONOTONIC);
    printf("futex %ld\n", syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &at, NULL, FUTEX_BITSET_MATCH_ANY));
}

static void many(void)
{
    struct timespec at;
    uint64_t sum = 0;
    for (int i = 0; i < 100000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &at);
        sum = sum * 31 + (uint64_t)at.tv_nsec;
    }
    printf("many %llu\n", (unsigned long long)sum);
}

int main(int count, char **arguments)
{
    random_bytes("main");
    clocks("main");
    if (count > 1)
        return 0;
    fflush(stdout);
    long_file();
    threads();
    processes(arguments[0]);
    files();
    listing();
    waits();
    many();
    printf("processors %ld %d\n", sysconf(_SC_NPROCESSORS_ONLN), get_nprocs());
    return 0;
}
