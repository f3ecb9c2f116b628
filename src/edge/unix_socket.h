/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIX_SOCKET_H
#define UNIX_SOCKET_H

/* Sockets of one user: nobody else can connect, and whoever connects is asked for his uid. */

#include "status.h"

/* unix_socket_listen makes the socket (mode 0600). A socket on which nobody listens any more is replaced; one
 * that is in use is refused (SOCKET), and so is a path that is no socket. */
MITOME_CHECKED mitome_status unix_socket_listen(const char *path, int *ret_fd, mitome_error *error);

/* unix_socket_listen_packets does so for SOCK_SEQPACKET, and does not block: take clients, which do not block
 * either, with unix_socket_accept_now; it returns false when none of our own uid waits. */
MITOME_CHECKED mitome_status unix_socket_listen_packets(const char *path, int *ret_fd, mitome_error *error);
bool unix_socket_accept_now(int listener, int *ret_fd);

/* unix_socket_accept waits for the next client of our own uid; others are sent away. Fails with SOCKET when
 * interrupted by a signal or when the socket is closed. */
MITOME_CHECKED mitome_status unix_socket_accept(int listener, int *ret_fd, mitome_error *error);

/* unix_socket_connect waits up to `timeout_ms` until somebody listens. Fails with LINK. */
MITOME_CHECKED mitome_status unix_socket_connect(
        const char *path, int timeout_ms, int *ret_fd, mitome_error *error);

#endif
