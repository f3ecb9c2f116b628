/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTAP_RIG_H
#define CTAP_RIG_H

/* The core before a real element: CTAP and U2F requests in, answers out, and a user who touches or does not.
 * core_model.h watches every action. A finger comes, where one is wanted, as `finger` says. */

#include "core_model.h"
#include "ctap_status.h"
#include "element_rig.h"

enum { CTAP_RIG_BLOBS_MAX = 8192 };

/* Zeroed ({0}) it is closed. Do not copy it while it is open. */
struct ctap_rig {
        struct element_rig element; /* powered on by the caller; ctap_rig_open selects its FIDO applet */
        struct core *core;
        struct core_model model;
        uint64_t now_ms;
        enum core_caller caller;
        uint32_t channel;
        enum core_event_kind user; /* what comes of a touch: CORE_TOUCHED (set by ctap_rig_open) .. */
        enum mitome_gate_event_kind finger; /* EVIDENCE (set by ctap_rig_open), NO_MATCH, ABSENT .. */
        mitome_code finger_code;            /* why the matcher refuses, if it does */
        bool blobs_fail;
        size_t blobs_size;
        uint8_t blobs[CTAP_RIG_BLOBS_MAX]; /* as saved last */

        /* What the last request brought. */
        unsigned touches, element_commands;
        struct core_touch touch; /* the last one; its views have ended */
        /* The matcher's last request, and what it said. */
        struct mitome_gate_event gate_event;
        enum mitome_gate_purpose gate_purpose;
        bool fingers_forgotten;
        uint8_t gate_command, rp_id[256], client_data_hash[SHA256_SIZE], challenge[UNLOCK_CHALLENGE_SIZE];
        uint32_t pin_entries; /* what the element says to the matcher */
        size_t rp_id_size;

        uint8_t reply[CORE_MESSAGE_MAX];
        slice body; /* of a CTAP answer behind its status; of a U2F answer without its status word */
};

void ctap_rig_open(struct ctap_rig *rig);
void ctap_rig_close(struct ctap_rig *rig); /* the element too */

/* ctap_rig_power_cycle: of the element, and so of everything. */
void ctap_rig_power_cycle(struct ctap_rig *rig);

/* ctap_rig_request sends a command byte and its CBOR and gives the status. */
uint8_t ctap_rig_request(struct ctap_rig *rig, slice request);

/* ctap_rig_command does so for a command and the CBOR behind it. */
uint8_t ctap_rig_command(struct ctap_rig *rig, uint8_t command, slice cbor);

/* ctap_rig_u2f sends an APDU and gives the status word. */
uint16_t ctap_rig_u2f(struct ctap_rig *rig, slice apdu);

/* ctap_rig_member finds a member of the answer's map, as encoded; the empty view when there is none. */
slice ctap_rig_member(const struct ctap_rig *rig, uint64_t key);
/* Its value, which must be there and of that kind. */
uint64_t ctap_rig_uint(const struct ctap_rig *rig, uint64_t key);
slice ctap_rig_bytes(const struct ctap_rig *rig, uint64_t key);

#endif
