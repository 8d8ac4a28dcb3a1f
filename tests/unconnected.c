/* Loaded before the C library: nobody resolves a name or connects, and whoever tries is written down. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int noted(const char *what, const char *whom) {
    char line[512];
    const char *path = getenv("ATTEMPTS");
    int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
    int length = snprintf(line, sizeof line, "%s %s\n", what, whom ? whom : "");
    if (file >= 0) {
        if (write(file, line, length) < 0) abort();
        close(file);
    }
    errno = ENETUNREACH;
    return -1;
}

static int outside(const struct sockaddr *to) { return to && to->sa_family != AF_UNIX; }

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    (void)service, (void)hints, (void)found, noted("getaddrinfo", name);
    return EAI_FAIL;
}
struct hostent *gethostbyname(const char *name) { return noted("gethostbyname", name), NULL; }
struct hostent *gethostbyname2(const char *name, int family) {
    return (void)family, noted("gethostbyname2", name), NULL;
}
int connect(int file, const struct sockaddr *to, socklen_t length) {
    int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    return outside(to) ? noted("connect", NULL) : next(file, to, length);
}
ssize_t sendto(int file, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
    ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
    return outside(to) ? noted("sendto", NULL) : next(file, data, size, flags, to, length);
}
