/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ELEMENT_RIG_H
#define ELEMENT_RIG_H

/* A real element on a medium in memory, with all who speak to it: the maker and the management station over
 * SCP03, the platform with a PIN, the matcher that seals unlock tokens. Everything goes as APDUs through
 * mitome_element_transmit. What must not fail and does aborts the test. */

#include "digest.h"
#include "matcher_class.h"
#include "power_cut.h"
#include "scp03.h"
#include "unlock_token.h"

#include <mitome/element.h>

#define ELEMENT_RIG_PIN "1234"
#define ELEMENT_RIG_PASSWORD "PASSWORD1"
#define ELEMENT_RIG_IDENTITY "MT-1 0001" /* printed on the phone */

enum {
        ELEMENT_RIG_CERTIFICATE_MAX = 1024,
        ELEMENT_RIG_ID_SIZE = 32,
        ELEMENT_RIG_SERIAL = 0x51,   /* first byte of a certificate's serial number, before its file's last */
        ELEMENT_RIG_TOKEN_SIZE = 48, /* of a PIN token, encrypted */
};

/* Zeroed ({0}) it is an element that is still to be made. Do not copy it while it is open. */
struct element_rig {
        struct power_cut medium;
        struct mitome_random random; /* the same bytes in every run */
        uint64_t drawn;
        struct mitome_element_config config;
        struct mitome_element *element; /* NULL: off */
        struct scp03_session host;

        /* The last answer. */
        slice data;
        uint16_t sw;
        mitome_code failure; /* of mitome_element_transmit */
        uint8_t response[MITOME_APDU_MAX], plain[MITOME_APDU_MAX];

        struct secret pairing_key;
        /* What the maker's certificate says of the matcher; not chosen: a strong one that reads fingers. */
        bool matcher_chosen;
        uint8_t matcher_class, matcher_modality;
        uint8_t set[UNLOCK_SET_SIZE]; /* of the matcher's fingers */
        struct secret batch_key;
        uint8_t batch_point[PAIRING_POINT_SIZE];
        uint8_t device_point[PAIRING_POINT_SIZE];
        uint8_t device_ca[ELEMENT_RIG_CERTIFICATE_MAX]; /* DER: who vouches for the device key */
        size_t device_ca_size;
};

extern const struct mitome_card_keys element_rig_keys;
extern const uint8_t element_rig_aaguid[16];
extern const slice element_rig_manager, element_rig_jpki, element_rig_fido, element_rig_ara; /* AIDs */

/* ---- power ---- */

/* element_rig_open makes the element, if the medium is empty, and powers it on. */
void element_rig_open(struct element_rig *rig);
void element_rig_off(struct element_rig *rig);
void element_rig_cycle(struct element_rig *rig);
void element_rig_close(struct element_rig *rig);

/* element_rig_clone opens a second element in the state of the first, which may be on. */
void element_rig_clone(const struct element_rig *rig, struct element_rig *ret);

/* element_rig_configure fills in config and random, for a test that creates and opens by itself. */
void element_rig_configure(struct element_rig *rig);

/* element_rig_stored views an object of the element's opened state as a copy in `buffer`, the empty view when
 * there is none: what only a test can see. */
slice element_rig_stored(struct element_rig *rig, uint32_t id, uint8_t *buffer, size_t capacity);

/* element_rig_store changes one behind the element's back, while it is off; element_rig_create_store makes a
 * store that holds none. */
void element_rig_store(struct element_rig *rig, uint32_t id, slice bytes);
mitome_code element_rig_create_store(struct element_rig *rig);

/* ---- commands: each gives the status word and leaves data, sw and failure in the rig ---- */

uint16_t element_rig_transmit(struct element_rig *rig, slice apdu);
uint16_t element_rig_send(struct element_rig *rig, const struct apdu_command *command);

/* element_rig_command sends bytes 0xCLAINSP1P2 and data, and takes any answer. */
uint16_t element_rig_command(struct element_rig *rig, uint32_t head, slice data);

/* element_rig_secured does the same through the open channel. */
uint16_t element_rig_secured(struct element_rig *rig, uint32_t head, slice data);

uint16_t element_rig_select(struct element_rig *rig, slice aid);
uint16_t element_rig_select_file(struct element_rig *rig, uint16_t file);

/* element_rig_channel selects and opens SCP03 with `keys` at level 33; element_rig_channel_at at another one.
 * A level that keys->i does not offer is a mistake of the test. */
uint16_t element_rig_channel(struct element_rig *rig, slice aid, const struct mitome_card_keys *keys);
uint16_t element_rig_channel_at(
        struct element_rig *rig, slice aid, const struct mitome_card_keys *keys, uint8_t level);

/* element_rig_host_keys are the same keys as a host's. */
struct scp03_keys element_rig_host_keys(const struct mitome_card_keys *keys);

/* ---- what a maker and a management station do; all must succeed ---- */

void element_rig_store_batch_key(struct element_rig *rig);

/* element_rig_personalise stores a batch key, certificates, PIN and password. Where the element has made no
 * keys (element_rig_generate, 97 or 9A, which takes long) it gets two that the process made once. */
void element_rig_personalise(struct element_rig *rig);
void element_rig_generate(struct element_rig *rig, uint8_t reference);

/* element_rig_write writes a file in parts, element_rig_certify a certificate of the key that is there (0001,
 * 0002: 001A; 000A, 000B: 0017) with exactly `size` bytes: both through the open channel. */
void element_rig_write(struct element_rig *rig, uint16_t file, slice content);
void element_rig_certify(struct element_rig *rig, uint16_t file, size_t size);

/* element_rig_make_device has a device key made and stores its certificate and identity. */
void element_rig_make_device(struct element_rig *rig);

/* element_rig_certify_device only makes a certificate for a point, and leaves its CA in the rig. */
slice element_rig_certify_device(struct element_rig *rig, slice point, uint8_t *buffer);

/* element_rig_lease allows `count` more signatures by key 001A, which must be there with its certificate. */
void element_rig_lease(struct element_rig *rig, uint16_t count);

/* element_rig_pair pairs the rig's matcher; `ret_key` may be NULL. */
void element_rig_pair(struct element_rig *rig, struct secret *ret_key);

/* element_rig_write_matcher writes PAIR's data for a matcher of this point. */
void element_rig_write_matcher(const struct element_rig *rig, slice point, writer *w);

/* element_rig_allow writes an access rule: the app with this hash (none: every app) may send anything to the
 * applet. The card manager is selected then, and every applet free. */
void element_rig_allow(struct element_rig *rig, slice aid, slice hash);

/* ---- what platform and matcher do ---- */

/* element_rig_pin_token agrees on keys and asks for a token by PIN. */
uint16_t element_rig_pin_token(struct element_rig *rig, const char *pin, struct secret *ret_token);

struct element_rig_operation {
        uint8_t command;
        const char *rp_id;
        uint8_t client_data_hash[SHA256_SIZE];
        uint8_t options;          /* BEGIN's: 01 presence, 02 built-in verification */
        const struct secret *pin; /* a PIN token, or NULL */
        uint8_t permissions;      /* command 06 */
        slice removes;            /* command 09: templateId of the finger that goes; empty: one comes */
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        uint8_t entry[UNLOCK_ENTRY_SIZE]; /* BEGIN's answer, beside a challenge */
};

uint16_t element_rig_begin(struct element_rig *rig, struct element_rig_operation *operation);

/* element_rig_seal makes the matcher's token for an operation. */
void element_rig_seal(const struct element_rig *rig, const struct element_rig_operation *operation,
        enum unlock_purpose purpose, uint8_t ret_token[UNLOCK_TOKEN_SIZE]);

/* `token` may be empty. */
uint16_t element_rig_make(struct element_rig *rig, const struct element_rig_operation *operation, slice token,
        uint8_t options, uint8_t algorithm, slice user_id, slice excluded);
uint16_t element_rig_get(struct element_rig *rig, slice token, uint8_t options, slice allowed);

/* A whole ceremony by finger; `make` leaves the credential's id in ret_id. */
uint16_t element_rig_register(
        struct element_rig *rig, const char *rp_id, uint8_t options, uint8_t ret_id[ELEMENT_RIG_ID_SIZE]);
uint16_t element_rig_log_in(struct element_rig *rig, const char *rp_id, slice allowed);
uint16_t element_rig_enrol(struct element_rig *rig, const char *pin);

/* element_rig_value gives the value of a tag of the last answer, which must be there. */
slice element_rig_value(const struct element_rig *rig, uint32_t tag);

struct element_rig_state {
        uint8_t flags, pin_tries, uv_tries, min_pin_length;
        uint16_t room;
};

/* element_rig_state asks the FIDO applet, which must be selected. */
struct element_rig_state element_rig_state(struct element_rig *rig);

#endif
