/* SPDX-License-Identifier: Apache-2.0 */
#include "demo_finger.h"

#include "finger_client.h"
#include "provision.h"
#include "random_system.h"
#include "steady_clock.h"

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        enum { WAIT_MS = 50, PATIENCE_MS = 60000 };
        const slice go_on = { 0 };
        const uint64_t end = steady_clock_ms() + PATIENCE_MS;
        bool answered = mitome_authenticator_call(
                context, request, WAIT_MS, steady_clock_ms(), response, capacity, ret_size);
        while (!answered && steady_clock_ms() < end)
                answered = mitome_authenticator_call(
                        context, go_on, WAIT_MS, steady_clock_ms(), response, capacity, ret_size);
        return answered ? ok() : fail(error, MITOME_E_GATE_BROKEN, "enrolment", NULL);
}

mitome_status demo_finger_enrol(struct mitome_authenticator *authenticator, mitome_error *error)
{
        const struct finger_wire wire = { .context = authenticator, .exchange = exchange };
        const struct mitome_random random = random_system();
        struct finger_client client = { 0 };
        struct mitome_gate_finger finger;
        mitome_status status = finger_client_open(&client, &wire, &random, slice_text(PROVISION_PIN), error);
        if (!failed(status))
                status = finger_client_enrol(&client, slice_text("demonstration"), NULL, &finger, error);
        finger_client_close(&client);
        return status;
}
