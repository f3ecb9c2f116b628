/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLATFORM_H
#define PROBE_PLATFORM_H

/* A CTAP platform before the target of a probe: what the authenticator can do, PINs and tokens. Answers are
 * read as a platform reads what anybody may have sent: what is not there or of another type is absent, and
 * the caller decides. Status bytes are those of probe_ctap: -1 ends the attempt. */

#include "pin_protocol.h"
#include "probe.h"

enum { PLATFORM_REQUEST_MAX = 1400, PLATFORM_MALFORMED = 0x100 /* "done", and the answer cannot be read */ };

enum platform_permission {
        PLATFORM_MAKE = 0x01,
        PLATFORM_GET = 0x02,
        PLATFORM_MANAGE = 0x04,
        PLATFORM_FINGERS = 0x08,
        PLATFORM_BLOBS = 0x10,
        PLATFORM_CONFIGURE = 0x20,
};

/* What getInfo says. */
struct platform_info {
        bool pin_possible, pin_set; /* option clientPin: there, and true */
        bool uv_possible, uv_set;   /* option uv */
        bool fingers;               /* option bioEnroll, whatever it is, or its preview */
        bool tokens;                /* option pinUvAuthToken */
        bool manage;                /* credMgmt, or its preview: then manage_command is 41 */
        uint8_t manage_command;
        bool discoverable; /* option rk */
        bool always_uv, make_without_uv;
        bool cred_protect, verification_told, hmac_secret;
        uint8_t protocol; /* the best of the PIN/UV auth protocols that it has: 2, 1, or 0 */
        uint64_t least_pin;
        uint8_t aaguid[16];
        uint64_t list_max; /* maxCredentialCountInList; 1 if it says nothing */
};

struct platform {
        struct probe_run *run;
        struct target *target;
        struct platform_info info;
        struct pin_protocol agreement;
        struct secret token; /* size 0: none */
        uint8_t request[PLATFORM_REQUEST_MAX];
        slice body; /* of the answer; until the next request */
};

/* platform_open asks getInfo. False: no CTAP 2 authenticator answered, and the verdict has been given. Wipe
 * it with platform_close. */
bool platform_open(struct platform *platform, struct probe_run *run, struct target *target);
void platform_close(struct platform *platform);

/* platform_refresh asks getInfo again: what may have changed. */
bool platform_refresh(struct platform *platform);

/* platform_begin begins a request in platform->request; platform_go sends it. */
writer platform_begin(struct platform *platform, uint8_t command, size_t members);
int platform_go(struct platform *platform, const writer *w);

/* What an answer holds: a member of a map by its number, or by its name when `name` is not NULL; the empty
 * slice if it is not there. The rest give false for another type. */
slice platform_member(slice map, int64_t number, const char *name);
bool platform_bytes(slice item, slice *ret);
bool platform_uint(slice item, uint64_t *ret);
bool platform_bool(slice item, bool *ret);

/* Pairs of a request. */
void platform_pair_uint(writer *w, unsigned key, uint64_t value);
void platform_pair_bytes(writer *w, unsigned key, slice value);
void platform_pair_text(writer *w, unsigned key, const char *text);
/* platform_pair_param authenticates `message` by the token. */
void platform_pair_param(writer *w, unsigned key, const struct platform *platform, slice message);

/* ---- PINs and tokens ---- */

/* platform_retries asks how many tries of the PIN, or of the finger, are left. */
int platform_retries(struct platform *platform, bool finger, unsigned *ret);

/* platform_pin_token asks for a token by PIN, platform_hash_token by what stands for one: 16 bytes of a hash
 * that may be of no PIN at all; platform_uv_token by the authenticator's own verification. rp_id may be NULL.
 * Where the authenticator knows no permissions none are sent. The token is platform->token.
 *
 * target->pin is NULL after the authenticator has refused it, unless it can be made anew: nothing is sent for
 * a PIN that is NULL, and the status is PIN_INVALID. */
int platform_pin_token(struct platform *platform, const char *pin, uint8_t permissions, const char *rp_id);
int platform_hash_token(struct platform *platform, const uint8_t hash[PIN_PROTOCOL_HASH], uint8_t permissions,
        const char *rp_id);
int platform_uv_token(struct platform *platform, uint8_t permissions, const char *rp_id);

/* platform_forget_pin: target->pin is not its PIN, or no longer. Each try of it would bring somebody's real
 * key nearer to its lock, so that it is not known any more, unless the target can be made anew. */
void platform_forget_pin(struct platform *platform);
/* platform_keeps_pin is the verdict where a PIN that was set cannot be taken back: it says which. */
void platform_keeps_pin(struct platform *platform, const char *pin);

/* platform_agree is the key agreement alone: for who wants it outside of what he measures. */
int platform_agree(struct platform *platform);
/* platform_hash_token_agreed is platform_hash_token with the agreement that there is. */
int platform_hash_token_agreed(struct platform *platform, const uint8_t hash[PIN_PROTOCOL_HASH],
        uint8_t permissions, const char *rp_id);

/* platform_change_pin is changePIN, or setPIN when `former` is NULL. */
int platform_change_pin(struct platform *platform, const char *former, const char *next);

/* How the user can be verified here, from what is known. */
enum platform_way { PLATFORM_BY_NOTHING, PLATFORM_BY_PIN, PLATFORM_BY_FINGER };
enum platform_way platform_way(const struct platform *platform);

/* platform_verify gets a token by the best way that there is: status 0 and no token when there is none. */
int platform_verify(struct platform *platform, uint8_t permissions, const char *rp_id);

#endif
