/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ELEMENT_INTERNAL_H
#define ELEMENT_INTERNAL_H

/* What the card manager and the applets share: one element, its store, its source of randomness, and the
 * tables of commands. A handler answers with a status word; what it wrote is sent with 9000 only. */

#include "access_applet.h"
#include "evidence.h"
#include "fido_applet.h"
#include "jpki_applet.h"
#include "logical_channel.h"
#include "scp03.h"
#include "store.h"

/* SW_TRY leaves the calling handler with the status word of `expression`, if that is not 9000. */
#define SW_TRY(expression)                   \
        do {                                 \
                uint16_t sw_ = (expression); \
                if (sw_ != SW_OK)            \
                        return sw_;          \
        } while (0)

/* The objects of the store. A number is never given a second meaning.
 *
 *      0001..000F  the card: keys, registry      0010..001F  attestation keys
 *      0020..002F  PIN and password              0030..003F  the finger
 *      0040..004F  settings of the FIDO applet   0050..005F  device key, receipts, lease
 *      0100..01FF  files of the JPKI applet      0200..02FF  settings of the JPKI applet
 *  01000000..      credentials   02000000..  their counters   03000000..  registry   04000000..  key sets
 *  05000000..      access rules  06000000..  receipts */
enum element_object {
        OBJECT_CARD_KEYS = 0x0001,      /* of former versions: i (u8) or none, the issuer's ENC, MAC, DEK */
        OBJECT_SCP03_SEQUENCE = 0x0002, /* of former versions: u32, the last one that was answered */
        OBJECT_STAND_IN = 0x000F,       /* the one file of the stand-in for FeliCa */
        OBJECT_BATCH_KEY = 0x0010,      /* AAGUID (16), P-256 scalar (32) */
        OBJECT_BATCH_CERTIFICATES = 0x0011, /* TLV list of 82, the batch key's first */
        OBJECT_PIN = 0x0020,                /* reference_data.c */
        OBJECT_PIN_TRIES = 0x0021,          /* u8: how many are left */
        OBJECT_UV_TRIES = 0x0022,           /* u8: how many are left */
        OBJECT_PASSWORD = 0x0023,
        OBJECT_PASSWORD_TRIES = 0x0024,
        OBJECT_PAIRING_KEY = 0x0030,       /* 32 bytes */
        OBJECT_ENROLMENT_SET = 0x0031,     /* 16 bytes: the set that a PIN confirmed */
        OBJECT_ENTERPRISE_LIST = 0x0040,   /* fido_enterprise.c */
        OBJECT_PIN_FACTS = 0x0041,         /* code points of the PIN (u8), flags (u8): user_pin.c */
        OBJECT_PIN_MIN = 0x0042,           /* u8: code points, where the holder has raised it */
        OBJECT_PIN_MIN_LIST = 0x0043,      /* hashes of the RP IDs that may learn it: fido_config.c */
        OBJECT_FIDO_SETTINGS = 0x0044,     /* u8: fido_config.c */
        OBJECT_PERSISTENT_TOKEN = 0x0045,  /* fido_persistent.c */
        OBJECT_DEVICE_IDENTIFIER = 0x0046, /* 16 bytes, known to holders of that token */
        OBJECT_STORE_STATE = 0x0047,       /* u32: changes of the discoverable credentials */
        OBJECT_UV_COUNT = 0x0048,          /* u32: captures since the PIN was entered last */
        OBJECT_PIN_ENTRIES = 0x0049,       /* u32: how often the PIN was entered; outlives it */
        OBJECT_PAIRING_FACTS = 0x004A,     /* class (u8), modality (u8) of the matcher: fido_pairing.c */
        OBJECT_CHALLENGES = 0x004B,        /* u32: challenges that were given to the paired matcher */
        OBJECT_OTHER_SET = 0x004C,  /* 16 bytes: a set that a finger came from, which no PIN confirmed */
        OBJECT_DEVICE_KEY = 0x0050, /* P-256 scalar (32): device_key.c */
        OBJECT_DEVICE_CERTIFICATES = 0x0051, /* TLV list of 82, the device key's first */
        OBJECT_DEVICE_IDENTITY = 0x0052,     /* UTF-8 */
        OBJECT_RECEIPT_BOOK = 0x0053,        /* u32 last, u32 dropped: receipts.c */
        OBJECT_LEASE = 0x0054,               /* to what it is bound (32): status_lease.c */
        OBJECT_LEASE_LEFT = 0x0055,          /* u16 */
        OBJECT_JPKI_FILE = 0x0100,           /* + the number of the EF: certificates, RSA keys as DER */
        OBJECT_JPKI_GENERATION = 0x0200,     /* u32: jpki_generation; outlives the applet's erasure */
        OBJECT_JPKI_SETTINGS = 0x0201,       /* jpki_personality.c */
        OBJECT_CREDENTIAL = 0x01000000, /* fido_credentials.c; rising with age: the highest is the newest */
        OBJECT_CREDENTIAL_LAST = 0x01FFFFFF,
        OBJECT_REGISTRY = 0x03000000,       /* + slot; registry.c */
        OBJECT_DOMAIN_DATA = 0x03010000,    /* + slot << 8 + tag: what a domain was told about itself */
        OBJECT_KEY_SET = 0x04000000,        /* + slot << 16 + version << 8 + part; key_sets.c */
        OBJECT_ACCESS_REFRESH = 0x05000000, /* 8 bytes: another one after each change of the rules */
        OBJECT_ACCESS_RULE = 0x05000001,    /* and those that follow: REF-AR-DOs */
        OBJECT_ACCESS_LAST = 0x05FFFFFF,
        OBJECT_RECEIPT = 0x06000000, /* + its number, from 1 */
        OBJECT_RECEIPT_LAST = 0x06FFFFFF,
        OBJECT_COUNTER = 0x02000000, /* + the place of its credential; u32: values that may have been used */
        OBJECT_COUNTER_LAST = 0x02FFFFFF,
};

struct mitome_element {
        struct mitome_random random;
        struct store *store;
        bool broken;      /* a commit failed: nothing is decided any more */
        bool contactless; /* commands come from a contactless reader */
        mitome_error failure;

        struct logical_channel channels[CHANNELS_MAX];
        uint8_t at;   /* the channel of the command that is being carried out */
        bool secured; /* that command came through the session of its channel */
        struct card_load load;
        struct jpki jpki;
        struct jpki_ready jpki_ready;
        struct fido fido;
        struct access_reading access[CHANNELS_MAX];

        uint8_t plain[MITOME_APDU_MAX]; /* the data of a command that came through the channel */
        uint8_t answer[MITOME_APDU_MAX];
};

/* How a command has to come: as it is, or through a secure channel that the keys of the applet's security
 * domain opened, with at least these bits of its level. Managed ones are MACed, protected ones encrypted too,
 * whatever they carry. */
enum command_level { COMMAND_OPEN = 0x00, COMMAND_MANAGED = 0x01, COMMAND_PROTECTED = 0x03 };

/* A command: CLA without the bits for secure messaging and logical channel, INS. */
struct command {
        uint8_t cla, ins;
        enum command_level level;
        uint16_t (*run)(struct mitome_element *element, const struct apdu_command *command, writer *answer);
        uint8_t p1_max; /* of an applet with zero_parameters: the highest P1 that this command takes */
};

/* An applet of this build. It is selected on one logical channel at a time, unless it is multi-selectable. */
struct applet {
        const char *name;
        slice aid;
        const struct command *commands;
        size_t count;
        bool zero_parameters;  /* P1 P2 of every command are 0000, or P1 at most its p1_max */
        bool multi_selectable; /* it keeps nothing between two commands, or keeps it by element->at */
        /* What ends with a selection, of this applet or another one in its place, and with a reset. */
        void (*forget)(struct mitome_element *element);
        /* Stages the end of every object that is the applet's: its instance is deleted. */
        uint16_t (*erase)(struct mitome_element *element);
};

extern const struct applet jpki_applet, fido_applet, ara_applet, stand_in_applet, security_domain;

/* element_erase stages the end of every object from `first` to `last`. */
uint16_t element_erase(struct mitome_element *element, uint32_t first, uint32_t last);

/* card_manager_process carries out one command APDU and writes the response, status word included. */
void card_manager_process(struct mitome_element *element, slice bytes, writer *response);

/* card_manager_reset selects the card manager and forgets all that a reset forgets. */
void card_manager_reset(struct mitome_element *element);

/* Stored objects, answered with status words. element_commit is the one place where state becomes durable;
 * when it fails, everything after it is 6581. Views last until the next commit. */
slice element_object(const struct mitome_element *element, uint32_t id);
bool element_has(const struct mitome_element *element, uint32_t id);
uint16_t element_put(struct mitome_element *element, uint32_t id, slice bytes);
uint16_t element_delete(struct mitome_element *element, uint32_t id);
uint16_t element_commit(struct mitome_element *element);

/* element_is_sealed tells whether the command came through a session that stands for the selected applet's
 * domain and encrypts both ways: nobody but the management station reads the answer. */
bool element_is_sealed(struct mitome_element *element);

/* element_number reads an object of at most four bytes, big-endian; one that is not there is 0. */
uint32_t element_number(const struct mitome_element *element, uint32_t id);

uint16_t element_random(struct mitome_element *element, uint8_t *bytes, size_t size);

/* element_is_personalised: the user-verification certificate is there. */
bool element_is_personalised(const struct mitome_element *element);

/* element_sw says which status word tells of a failure below. */
uint16_t element_sw(mitome_status status);

#endif
