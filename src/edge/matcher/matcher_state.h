/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATCHER_STATE_H
#define MATCHER_STATE_H

/* What a matcher remembers: its pairing key, whom it is paired with, the enrolled fingers. One file, sealed
 * by XChaCha20-Poly1305, replaced whole. */

#include "gate_message.h"

#include <mitome/element.h>

enum { MATCHER_TEMPLATE_MAX = 65536, MATCHER_SURVEY_SIZE = 32, MATCHER_SENSOR_MAX = 48 };

/* A finger of the set: how its holder knows it, and what is kept of it for the sensor: a template, a handle
 * or nothing. */
struct matcher_finger {
        struct mitome_gate_finger known;
        uint8_t *data;
        size_t size;
};

struct matcher_state {
        struct mitome_storage storage;
        struct secret storage_key;
        struct secret scalar; /* of the pairing key */
        uint8_t point[PAIRING_POINT_SIZE];
        bool paired;
        uint8_t element_point[PAIRING_POINT_SIZE];
        uint8_t set[UNLOCK_SET_SIZE]; /* zeros: the last finger was removed */
        size_t finger_count;
        struct matcher_finger fingers[GATE_FINGERS_MAX];
        size_t certificate_size; /* 0: it has none */
        uint8_t certificate[GATE_CERTIFICATE_MAX];
        char sensor[MATCHER_SENSOR_MAX + 1]; /* "": not said yet */
        uint8_t class, modality;             /* of the sensor */
        uint8_t survey[MATCHER_SURVEY_SIZE]; /* of what the device itself keeps, when the set was last changed
                                              */
};

/* matcher_state_open reads the state, or makes and writes a new one where there is none. Fails with
 * STORE_SEAL, STORE_FOREIGN, or as the storage does; what is there is then left as it is. */
MITOME_CHECKED mitome_status matcher_state_open(const struct mitome_storage *storage, slice storage_key,
        struct matcher_state **ret, mitome_error *error);

/* matcher_state_sensor says which sensor the state is opened with. A state that is paired or certified
 * belongs to the sensor that it was with then: what somebody vouched for is that one. Another name or
 * modality, or a lower class: GATE_SENSOR_KIND. Fails with TOO_LONG, too. It is written with the next change.
 */
MITOME_CHECKED mitome_status matcher_state_sensor(
        struct matcher_state *state, const char *name, uint8_t class, uint8_t modality, mitome_error *error);

/* matcher_state_pair keeps the element's point. Another point than before ends the former pairing, and its
 * fingers are forgotten: they may be another owner's. Fails with KEY_POINT, or as the storage does; the state
 * is then as before. */
MITOME_CHECKED mitome_status matcher_state_pair(
        struct matcher_state *state, slice element_point, mitome_error *error);

/* matcher_state_find gives the finger of that id, or NULL. */
const struct matcher_finger *matcher_state_find(const struct matcher_state *state, slice id);

/* The changes of the set. Each is written before it is the state's; one that fails leaves the state as it
 * was. `survey` is what the device itself keeps after the change (32 bytes; empty: nothing).
 * matcher_state_add adds a finger (the template is copied) and gives the set a new id. Fails with GATE_FULL,
 * GATE_KNOWN_FINGER, TOO_LONG, NO_MEMORY or as the storage does. */
MITOME_CHECKED mitome_status matcher_state_add(
        struct matcher_state *state, slice id, slice template, slice survey, mitome_error *error);

/* matcher_state_rename calls a finger otherwise; the set keeps its id. matcher_state_remove forgets it, and
 * gives the set a new id. Both fail with GATE_UNKNOWN_FINGER, or as the storage does. */
MITOME_CHECKED mitome_status matcher_state_rename(
        struct matcher_state *state, slice id, slice name, mitome_error *error);
MITOME_CHECKED mitome_status matcher_state_remove(
        struct matcher_state *state, slice id, slice survey, mitome_error *error);

/* matcher_state_compare holds what the device keeps now against what it kept after the last change that was
 * the matcher's own. Another survey: somebody else changed the set, and it gets a new id. Fails as the
 * storage does. */
MITOME_CHECKED mitome_status matcher_state_compare(
        struct matcher_state *state, slice survey, mitome_error *error);

/* matcher_state_forget ends the pairing and forgets every finger. Fails as the storage does. */
MITOME_CHECKED mitome_status matcher_state_forget(struct matcher_state *state, mitome_error *error);

/* matcher_state_certify keeps the maker's certificate on the matcher's key: once, at manufacture. The same
 * one again changes nothing. Fails with GATE_CERTIFIED for another one, ARGUMENT for none or one that is too
 * long, or as the storage does. */
MITOME_CHECKED mitome_status matcher_state_certify(
        struct matcher_state *state, slice certificate, mitome_error *error);

/* matcher_state_key derives the pairing key. Fails with GATE_UNPAIRED. */
MITOME_CHECKED mitome_status matcher_state_key(
        const struct matcher_state *state, struct secret *ret_key, mitome_error *error);

/* matcher_state_confirmation shows the element that this end holds the key. Fails with GATE_UNPAIRED. */
MITOME_CHECKED mitome_status matcher_state_confirmation(
        const struct matcher_state *state, uint8_t ret[SHA256_SIZE], mitome_error *error);

/* matcher_state_free wipes and releases; NULL is fine. */
void matcher_state_free(struct matcher_state *state);

#endif
