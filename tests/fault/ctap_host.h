/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTAP_HOST_H
#define CTAP_HOST_H

/* A platform before the real program, over its socket. Each request gives the status byte, or
 * CTAP_HOST_SILENT when the program died before it answered; the answer's CBOR is in `body`. What is not
 * about that (a malformed answer, say) aborts. */

#include "hid_host.h"
#include "pin_rig.h"

enum { CTAP_HOST_SILENT = 0x100, CTAP_HOST_MESSAGE_MAX = 7609, CTAP_HOST_ID_SIZE = 32 };

struct ctap_host {
        struct hid_host *hid;
        struct mitome_random random;
        struct secret token;
        uint8_t answer[CTAP_HOST_MESSAGE_MAX];
        slice body;
};

/* Whether somebody answered at all. */
bool ctap_host_open(struct ctap_host *host, const char *target);
void ctap_host_close(struct ctap_host *host);

int ctap_host_request(struct ctap_host *host, uint8_t command, slice cbor);

/* The value of a member of the answer's map, which must be there. */
slice ctap_host_member(const struct ctap_host *host, int64_t key);
unsigned ctap_host_uint(const struct ctap_host *host, int64_t key);

/* setPIN, or changePIN when there is a former one; a token by PIN or by finger (`pin` NULL), all by protocol
 * 2. */
int ctap_host_change_pin(struct ctap_host *host, const char *former, const char *next);
int ctap_host_get_token(struct ctap_host *host, const char *pin, uint8_t permissions, const char *rp_id);
unsigned ctap_host_retries(struct ctap_host *host, bool finger);

/* A discoverable credential; a token of the host's is used if there is one. */
int ctap_host_make(struct ctap_host *host, const char *rp_id, uint8_t ret_id[CTAP_HOST_ID_SIZE]);
int ctap_host_login(struct ctap_host *host, const char *rp_id, slice id);

/* credentialManagement and largeBlobs with the token. */
int ctap_host_count(struct ctap_host *host, unsigned *ret_existing, unsigned *ret_room);
int ctap_host_delete(struct ctap_host *host, slice id);
int ctap_host_write_blobs(struct ctap_host *host, slice array);
slice ctap_host_blobs(struct ctap_host *host);

#endif
