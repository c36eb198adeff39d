/*
 * From page to PDF by WeasyPrint, a program of its own: probed at run time, started without a shell, and given the
 * release's day as its clock (SOURCE_DATE_EPOCH, reproducible-builds.org), so that the same page gives the same bytes.
 */
#include "report/report_parts.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#define PROGRAM "weasyprint"

Status pdf_make(const char *html, const char *pdf, int64_t instant, bool *there, Error *err)
{
    char epoch[48], path[4096 + 8], home[] = "HOME=/nonexistent", locale[] = "LC_ALL=C.UTF-8";
    char *argv[] = {(char[]){PROGRAM}, (char[]){"--quiet"}, NULL, NULL, NULL};
    char *env[] = {epoch, path, home, locale, NULL};
    const char *own_path = env_get("PATH");
    char from[4096], to[4096];
    pid_t child;
    int state = 0;
    *there = true;
    if (strlen(html) >= sizeof from || strlen(pdf) >= sizeof to)
        return error_set(err, ERR_LIMIT, "the report's path is too long");
    (void)snprintf(from, sizeof from, "%s", html);
    (void)snprintf(to, sizeof to, "%s", pdf);
    (void)snprintf(epoch, sizeof epoch, "SOURCE_DATE_EPOCH=%" PRId64, instant);
    (void)snprintf(path, sizeof path, "PATH=%s", own_path ? own_path : "/usr/bin:/bin");
    argv[2] = from;
    argv[3] = to;
    int code = posix_spawnp(&child, PROGRAM, NULL, NULL, argv, env);
    if (code == ENOENT) {
        *there = false;
        return OK;
    }
    if (code != 0) {
        errno = code;
        return error_errno(err, "could not start %s", PROGRAM);
    }
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, "could not wait for %s", PROGRAM);
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0 || !file_exists(pdf))
        return error_set(err, ERR_IO, "%s could not make the PDF; the page is complete", PROGRAM);
    return OK;
}
