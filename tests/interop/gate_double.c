/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_double.h"

#include <string.h>

static mitome_status start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct gate_double *gate = context;
        static const uint8_t zeros[SHA256_SIZE];
        if (gate->runs)
                return fail(error, MITOME_E_GATE_BUSY, NULL, NULL);
        gate->starts++;
        gate->runs = true;
        gate->cancelled = gate->awaited = false;
        gate->request = *request;
        gate->remaining = GATE_DOUBLE_SAMPLES;
        gate->name_size = (uint8_t)request->name.size;
        if (request->finger_id.size)
                memcpy(gate->finger_id, request->finger_id.data, sizeof gate->finger_id);
        if (request->name.size)
                memcpy(gate->name, request->name.data, request->name.size);
        if (request->purpose > MITOME_GATE_ENROL && request->purpose != MITOME_GATE_REMOVE)
                return ok();
        MITOME_TRY(
                slice_copy(request->challenge, "challenge", gate->challenge, sizeof gate->challenge, error));
        memcpy(gate->rp_id_hash, zeros, sizeof zeros);
        memcpy(gate->client_data_hash, zeros, sizeof zeros);
        if (request->purpose == MITOME_GATE_REMOVE)
                unlock_removal(SLICE(gate->finger_id), gate->client_data_hash);
        if (request->purpose != MITOME_GATE_VERIFY)
                return ok();
        slice rp_id = gate->forgery == FORGERY_RP_ID ? slice_text("elsewhere.example") : request->rp_id;
        if (rp_id.size)
                sha256(&rp_id, 1, gate->rp_id_hash);
        return slice_copy(request->client_data_hash, "clientDataHash", gate->client_data_hash,
                sizeof gate->client_data_hash, error);
}

static void seal(struct gate_double *gate, enum unlock_purpose purpose, struct mitome_gate_event *event)
{
        struct unlock_token token = { .purpose = (uint8_t)purpose, .modality = UNLOCK_FINGER };
        uint8_t command = gate->request.command;
        if (gate->forgery == FORGERY_COMMAND)
                command = command == 0x01 ? 0x02 : 0x01;
        if (gate->forgery == FORGERY_PURPOSE)
                token.purpose = UNLOCK_ENROLLED;
        if (purpose == UNLOCK_ENROLLED || purpose == UNLOCK_REMOVED) /* other fingers make another set */
                gate->set[0]++;
        if (purpose == UNLOCK_REMOVED && gate->finger_count == 0)
                memset(gate->set, 0, sizeof gate->set);
        memcpy(token.challenge, gate->challenge, sizeof token.challenge);
        unlock_digest(command, SLICE(gate->rp_id_hash), SLICE(gate->client_data_hash), token.digest);
        memcpy(token.set, gate->set, sizeof token.set);
        if (gate->forgery == FORGERY_SET)
                token.set[1] ^= 0x80;
        event->has_evidence = true;
        if (gate->forgery == FORGERY_REPLAY) {
                memcpy(event->evidence, gate->last_token, sizeof event->evidence);
                return;
        }
        unlock_token_seal(&token, secret_view(&gate->pairing_key), event->evidence);
        if (gate->forgery == FORGERY_MAC)
                event->evidence[UNLOCK_TOKEN_SIZE - 1] ^= 1;
        memcpy(gate->last_token, event->evidence, sizeof gate->last_token);
}

static void end_absent(struct gate_double *gate, struct mitome_gate_event *event)
{
        event->kind = MITOME_GATE_ABSENT;
        gate->runs = false;
        seal(gate, UNLOCK_ABSENT, event);
}

static void own_finger(struct gate_double *gate, struct mitome_gate_event *event)
{
        bool enrols = gate->request.purpose == MITOME_GATE_ENROL;
        if (enrols && gate->remaining > 1) {
                event->kind = MITOME_GATE_SAMPLE;
                event->remaining = --gate->remaining;
                return;
        }
        event->kind = MITOME_GATE_EVIDENCE;
        gate->runs = false;
        if (enrols)
                memcpy(gate->fingers[gate->finger_count++].id, gate->finger_id, sizeof gate->finger_id);
        seal(gate, enrols ? UNLOCK_ENROLLED : UNLOCK_VERIFIED, event);
}

/* ---- the set ---- */

static void refuse(struct mitome_gate_event *event, mitome_code code)
{
        event->kind = MITOME_GATE_REFUSED;
        event->code = code;
}

static void list(struct gate_double *gate, struct mitome_gate_event *event)
{
        event->kind = MITOME_GATE_DONE;
        event->finger_count = gate->finger_count;
        memcpy(event->fingers, gate->fingers, sizeof event->fingers);
}

static struct mitome_gate_finger *find(struct gate_double *gate)
{
        for (size_t i = 0; i < gate->finger_count; i++)
                if (memcmp(gate->fingers[i].id, gate->finger_id, sizeof gate->finger_id) == 0)
                        return &gate->fingers[i];
        return NULL;
}

static void rename_finger(struct gate_double *gate, struct mitome_gate_event *event)
{
        struct mitome_gate_finger *finger = find(gate);
        if (!finger) {
                refuse(event, MITOME_E_GATE_UNKNOWN_FINGER);
                return;
        }
        memcpy(finger->name, gate->name, sizeof finger->name);
        finger->name_size = gate->name_size;
        event->kind = MITOME_GATE_DONE;
}

static void remove_finger(struct gate_double *gate, struct mitome_gate_event *event)
{
        struct mitome_gate_finger *finger = find(gate);
        if (!finger) {
                refuse(event, MITOME_E_GATE_UNKNOWN_FINGER);
                return;
        }
        *finger = gate->fingers[--gate->finger_count];
        event->kind = MITOME_GATE_EVIDENCE;
        seal(gate, UNLOCK_REMOVED, event);
}

static void forget(struct gate_double *gate, struct mitome_gate_event *event)
{
        gate->finger_count = 0;
        memset(gate->set, 0, sizeof gate->set);
        event->kind = MITOME_GATE_DONE;
}

static bool without_finger(struct gate_double *gate, struct mitome_gate_event *event)
{
        static void (*const does[])(struct gate_double *, struct mitome_gate_event *) = {
                [MITOME_GATE_LIST] = list,
                [MITOME_GATE_RENAME] = rename_finger,
                [MITOME_GATE_REMOVE] = remove_finger,
                [MITOME_GATE_FORGET] = forget,
        };
        if (gate->declines && gate->request.purpose == MITOME_GATE_VERIFY) {
                refuse(event, gate->declines_for ? gate->declines_for : MITOME_E_GATE_NO_SENSOR);
                seal(gate, UNLOCK_ABSENT, event);
        } else if (gate->request.purpose == MITOME_GATE_ENROL &&
                   gate->finger_count == MITOME_GATE_FINGERS_MAX)
                refuse(event, MITOME_E_GATE_FULL);
        else if (gate->request.purpose > MITOME_GATE_ENROL)
                does[gate->request.purpose](gate, event);
        else
                return false;
        gate->runs = false;
        return true;
}

static mitome_status poll(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct gate_double *gate = context;
        struct mitome_gate_event event = { .kind = MITOME_GATE_NOTHING };
        (void)wait_ms;
        if (gate->broken || !gate->runs) {
                gate->runs = false;
                return fail(error, MITOME_E_GATE_BROKEN, NULL, NULL);
        }
        if (without_finger(gate, &event)) {
                *ret = event;
                return ok();
        }
        if (!gate->awaited) {
                gate->awaited = true;
                event.kind = MITOME_GATE_AWAITS;
                event.remaining = gate->request.purpose == MITOME_GATE_ENROL ? gate->remaining : 0;
        } else if (gate->cancelled || gate->finger == FINGER_NONE) {
                end_absent(gate, &event);
        } else if (gate->finger == FINGER_OWN) {
                own_finger(gate, &event);
        } else if (gate->finger == FINGER_OTHER) {
                event.kind = MITOME_GATE_NO_MATCH;
                gate->runs = false;
        } else if (gate->finger == FINGER_BLURRED) {
                gate->finger = FINGER_OWN;
                event.kind = MITOME_GATE_RETRY;
                event.hint = MITOME_GATE_HINT_TOO_SHORT;
        } else if (gate->finger == FINGER_SMUDGED || gate->finger == FINGER_KNOWN) {
                event.kind = MITOME_GATE_RETRY;
                event.remaining = gate->remaining;
                event.hint = gate->finger == FINGER_KNOWN ? MITOME_GATE_HINT_KNOWN : MITOME_GATE_HINT_GENERAL;
        } else if (gate->finger == FINGER_WITHHELD) {
                end_absent(gate, &event);
                event.kind = MITOME_GATE_DISMISSED;
        }
        *ret = event;
        return ok();
}

static void cancel(void *context)
{
        struct gate_double *gate = context;
        gate->cancelled = true;
}

struct mitome_gate gate_double_gate(struct gate_double *gate)
{
        return (struct mitome_gate){ .version = MITOME_GATE_VERSION,
                .context = gate,
                .start = start,
                .poll = poll,
                .cancel = cancel };
}
