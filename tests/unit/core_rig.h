/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_RIG_H
#define CORE_RIG_H

/* A core with a scripted user, element, clock and place for the large-blob array: what a test does not say is
 * what mostly is. core_model watches every action. Whatever must not fail and does fails the test. */

#include "cbor.h"
#include "core_model.h"
#include "ctap_status.h"
#include "tlv.h"

enum core_rig_ins {
        RIG_GET_STATE = 0x10,
        RIG_KEY_AGREEMENT = 0x12,
        RIG_PIN_TOKEN = 0x14,
        RIG_UV_TOKEN = 0x16,
        RIG_RESET = 0x18,
        RIG_FORGET_TOKEN = 0x1A,
        RIG_CHANGE_PIN = 0x1C,
        RIG_CONFIGURE = 0x1E,
        RIG_BEGIN = 0x20,
        RIG_NEXT = 0x22,
        RIG_MAKE = 0x24,
        RIG_GET = 0x26,
        RIG_AUTHORISE = 0x28,
        RIG_ABANDON = 0x2E,
};

enum core_rig_flag { RIG_PIN = 0x02, RIG_PAIRED = 0x04, RIG_OPEN = 0x08, RIG_PERSONALISED = 0x10 };
enum core_rig_flag_too { RIG_ENTERPRISE = 0x20, RIG_CERTIFICATE = 0x40 };
enum core_rig_flag2 {
        RIG_ALWAYS_UV = 0x01,
        RIG_FORCE_CHANGE = 0x02,
        RIG_LIST = 0x04,
        RIG_ENROLLED = 0x08,
        RIG_CYCLE_OWED = 0x20,
};

/* What GET STATE answers. */
struct core_rig_state {
        uint8_t flags, flags2, pin_tries, uv_tries, min_pin_length;
        uint32_t uv_count;
        bool persistent;  /* a persistent token is there */
        uint8_t modality; /* of the matcher; 0: the element does not tell */
};

struct core_rig {
        struct core *core;
        struct core_model model;
        struct core_action action;
        struct core_rig_state state;
        uint64_t now_ms;
        enum core_caller caller;
        uint32_t channel;
        bool contactless;
        writer w; /* of the request that is being built */
        uint8_t request[8192], reply[8192];
        slice answer; /* of the last reply: status and what follows, a copy */
};

struct core_rig *core_rig_new(const struct core_config *config);
void core_rig_free(struct core_rig *rig);

/* ---- events ---- */

void core_rig_event(struct core_rig *rig, enum core_event_kind kind);
void core_rig_bytes(struct core_rig *rig, enum core_event_kind kind, slice bytes);
void core_rig_respond(struct core_rig *rig, slice data, uint16_t sw);
void core_rig_gate(struct core_rig *rig, enum mitome_gate_event_kind kind, bool evidence);

/* core_rig_begin begins a request: the command and the head of its map; the pairs go into rig->w.
 * core_rig_go sends it. */
writer *core_rig_begin(struct core_rig *rig, uint8_t command, size_t pairs);
void core_rig_go(struct core_rig *rig);
void core_rig_command(struct core_rig *rig, uint8_t command); /* without parameters */

/* ---- what is expected ---- */

void core_rig_expect(const struct core_rig *rig, enum core_action_kind kind);
void core_rig_expect_status(const struct core_rig *rig, enum ctap_status status);
slice core_rig_expect_apdu(const struct core_rig *rig, enum core_rig_ins ins); /* its data */
void core_rig_answer_state(struct core_rig *rig);

/* core_rig_expect_idle: getInfo is answered, so nothing hangs over. */
void core_rig_expect_idle(struct core_rig *rig);

slice core_rig_tag(slice data, uint32_t tag); /* empty, data NULL: not there */
void core_rig_same(slice value, const void *bytes, size_t size);

/* core_rig_member reads a member of the map in the last reply; false: it is not there. */
bool core_rig_member(const struct core_rig *rig, int64_t key, struct cbor_reader *ret);

/* core_rig_bytes_of, core_rig_number_of: of a member that must be there and of that type. */
slice core_rig_bytes_of(const struct core_rig *rig, int64_t key);
uint64_t core_rig_number_of(const struct core_rig *rig, int64_t key);

#endif
