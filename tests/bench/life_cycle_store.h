/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_CYCLE_STORE_H
#define LIFE_CYCLE_STORE_H

/* The authority's store with very many people in it, put there by SQL and not by letters: their certificates
 * have serial numbers, keys and links, but no documents, since nothing that is measured reads them. */

#include <stdint.h>

/* life_cycle_fill puts people into the store at `path`, which the register made and nobody has open: each
 * with four live certificates, until `not_after`. One in `ended` has been revoked before (a card's, with
 * what hangs from it). Ends the program when it cannot. */
void life_cycle_fill(const char *path, int64_t people, int64_t ended, int64_t not_after);

#endif
