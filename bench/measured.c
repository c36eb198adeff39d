/*
 * measured LOG NAME COMMAND...: runs the command and adds one line to LOG: NAME, seconds of the clock, seconds of CPU
 * (both its own and its children's), peak resident MiB of the largest process. Ends with the command's exit code.
 * GNU time would do, but is not on every machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: measured LOG NAME COMMAND...\n", stderr);
        return 64;
    }
    double begin = monotonic();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("measured");
        return 1;
    }
    double wall = monotonic() - begin;
    struct rusage u = {0};
    if (getrusage(RUSAGE_CHILDREN, &u) != 0) {
        perror("measured");
        return 1;
    }
    FILE *log = fopen(argv[1], "a");
    if (!log) {
        perror(argv[1]);
        return 1;
    }
    double cpu = seconds(u.ru_utime) + seconds(u.ru_stime);
    fprintf(log, "%s %.2f %.2f %.0f\n", argv[2], wall, cpu, (double)u.ru_maxrss / 1024);
    if (fclose(log) != 0) {
        perror(argv[1]);
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
