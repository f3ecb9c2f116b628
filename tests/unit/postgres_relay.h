/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POSTGRES_RELAY_H
#define POSTGRES_RELAY_H

/* A way to a PostgreSQL server that is lost at will: a socket in a folder, whose bytes go to the server's and
 * back. */

#include <stdbool.h>

struct postgres_relay;

/* postgres_relay_open listens in a new folder, before the server whose socket is in `server_folder`; both are
 * ended by a failed assertion (abort) when they cannot be. */
struct postgres_relay *postgres_relay_open(const char *server_folder);
const char *postgres_relay_folder(const struct postgres_relay *relay);
void postgres_relay_close(struct postgres_relay *relay);

/* postgres_relay_lose: when what the program sends next ends with `text` (behind it the zero byte of a
 * query), it is carried to the server, whose answer is waited for and not carried back: the connection ends
 * instead. With `for_good` there is no other one afterwards. */
void postgres_relay_lose(struct postgres_relay *relay, const char *text, bool for_good);

#endif
