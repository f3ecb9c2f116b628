/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECURITY_DOMAIN_H
#define SECURITY_DOMAIN_H

/* The commands of a security domain (GPC_SPE_034, chapter 11), and who may do what with them. Every domain
 * has the same commands: its privileges say which of them it may use, and its place in the tree, on what. */

#include "apdu.h"
#include "registry.h"

struct mitome_element;

typedef uint16_t domain_handler(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);

domain_handler domain_get_data;   /* get_data.c */
domain_handler domain_get_status; /* get_status.c */
domain_handler domain_set_status; /* set_status.c */
domain_handler domain_put_key;    /* put_key.c */
domain_handler domain_store_data; /* store_data.c */
domain_handler domain_install;    /* install.c */
domain_handler domain_load;       /* load.c */
domain_handler domain_delete;     /* delete_content.c */

/* ---- who asks ---- */

/* domain_acting gives the domain that is selected: whoever has its session speaks for it. */
uint16_t domain_acting(struct mitome_element *element, struct registry_entry *ret);

/* domain_may_manage answers 6985 unless the domain loads, installs, deletes and extradites by its own
 * authority. Delegated management would need tokens, which this card does not verify: a command with one is
 * refused too. */
uint16_t domain_may_manage(const struct registry_entry *domain, slice token);

bool domain_has(const struct registry_entry *domain, uint32_t privileges);

/* domain_reaches: `entry` is below the domain (itself included), or a global privilege makes it so. */
bool domain_reaches(const struct mitome_element *element, const struct registry_entry *domain,
        const struct registry_entry *entry, uint32_t global);

/* domain_may_grant answers 6A80 for privileges that the card does not know or the domain has not itself. */
uint16_t domain_may_grant(const struct registry_entry *domain, uint8_t kind, uint32_t privileges);

/* domain_works_when_locked tells whether a locked card still takes the command. */
bool domain_works_when_locked(const struct apdu_command *command);

/* ---- fields that several commands have ---- */

/* domain_read_field takes a value behind its length (one byte, or 81 and one). */
uint16_t domain_read_field(reader *r, slice *ret);

/* domain_write_recognition writes the card recognition data (73) of a domain (appendix H.2). */
void domain_write_recognition(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w);

/* ---- installation ---- */

/* What INSTALL has in its data, five fields for [for load], six for all others. */
struct install_fields {
        slice first, second, third, privileges, parameters, token;
};

/* load_begin is INSTALL [for load]; load_end puts what a combined one delivered into the registry. */
uint16_t load_begin(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields, bool combined);
uint16_t load_end(struct mitome_element *element, uint8_t *ret_native, uint8_t *ret_slot);

/* domain_data is the object of what a domain was told about itself: 42, 45. */
uint32_t domain_data(uint8_t slot, uint8_t tag);

#endif
