#ifndef TENURE_CLINUX_SHIM_H
#define TENURE_CLINUX_SHIM_H

#include <poll.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* GNU extensions that Swift's Glibc module does not show. */
int pipe2(int descriptors[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

#endif
