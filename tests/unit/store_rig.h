/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RIG_H
#define STORE_RIG_H

/* Where a test's stores are: MITOME_STORE is the address of a PostgreSQL server (postgres_rig.sh), in which
 * each has a schema of its own; without it, they are files. */

/* store_rig_fresh makes the address of a store that is empty; NULL without MITOME_STORE. It is good until 64
 * more have been made. */
const char *store_rig_fresh(void);

/* store_rig_run runs statements of PostgreSQL's own in that store, by a connection of its own; ends the
 * program when they fail. */
void store_rig_run(const char *address, const char *sql);

#endif
