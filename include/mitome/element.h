/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_ELEMENT_H
#define MITOME_ELEMENT_H

/* The secure element in software: APDU bytes in, APDU bytes out, everything else stays inside.
 *
 * A real deployment runs it as a process of its own (`mitome element`). Linking it into a program is for
 * tests, benchmarks and platforms that are the boundary themselves. */

#include <mitome/bytes.h>
#include <mitome/error.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* mitome_storage is where the element keeps its state: a sealed image, and records appended to it. */
struct mitome_storage {
        void *context;
        /* load reads all of it, image and records, into memory that the caller frees with free(). Nothing
         * stored yet: *ret_image is NULL and the call succeeds. What load has given once, a power cut does
         * not take back. */
        mitome_status (*load)(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error);
        /* append writes `record` behind what is stored, which has `at` bytes; if it has another size,
         * STORE_APPEND. Durable: when it returns success, load gives the record, too. After a power cut or a
         * failure load gives what was there before and any part of the record, or bytes that never were
         * written in its place. NULL: the storage cannot append; then every commit replaces. */
        mitome_status (*append)(void *context, size_t at, mitome_slice record, mitome_error *error);
        /* replace puts `image` in the place of all that is stored. Atomic: after a power cut at any moment,
         * load gives the old state or the new one. Durable: when it returns success, load gives the new one,
         * and the bytes of the old one have been overwritten where they stood, as far as the medium lets a
         * program do that. After a failure it may give either. */
        mitome_status (*replace)(void *context, mitome_slice image, mitome_error *error);
};

/* mitome_anchor is a counter that only rises and that is kept where whoever can put back the state cannot put
 * back the counter: a file on another medium, a chip. With it the element notices that it was given an older
 * copy of its state. Every commit raises it by one, after the state is durable and before the command is
 * answered; and so does every opening, which writes the state anew.
 *
 * Detected (STORE_ROLLED_BACK): an older copy of the state, a state whose last records are cut off, one from
 * before it had an anchor. Not detected: an older state together with an equally old anchor; and the loss of
 * the one commit that was under way when the power went, which no answer has told of. A state and an anchor
 * whose counts disagree are refused (STORE_ANCHOR, STORE_ROLLED_BACK), and so is a state that has an anchor
 * when none is given; the anchor of another element whose count happens to fit is not told apart. */
struct mitome_anchor {
        void *context;
        /* read gives the value; an anchor that was never raised gives 0. */
        mitome_status (*read)(void *context, uint64_t *ret_value, mitome_error *error);
        /* advance raises the value to `value`, which is one more than what read gives. Atomic and durable. */
        mitome_status (*advance)(void *context, uint64_t value, mitome_error *error);
};

enum { MITOME_STORAGE_KEY_SIZE = 32, MITOME_SCP03_KEY_MAX = 32 };

struct mitome_element_config {
        struct mitome_storage storage;
        struct mitome_anchor anchor; /* optional: {0} is none */
        struct mitome_random random;
        uint8_t storage_key[MITOME_STORAGE_KEY_SIZE]; /* seals the image; kept beside it, readable by nobody
                                                         else */
};

/* The keys of the issuer's security domain, set at manufacture, and what of SCP03 is offered with them. */
struct mitome_card_keys {
        uint8_t size; /* of each key: 16, 24 or 32 */
        uint8_t i;    /* Amendment D 5.1: 00, 10, 20, 30, 60 or 70, each also with 01 (S16); 70 is usual */
        uint8_t enc[MITOME_SCP03_KEY_MAX];
        uint8_t mac[MITOME_SCP03_KEY_MAX];
        uint8_t dek[MITOME_SCP03_KEY_MAX];
};

struct mitome_element;

/* mitome_element_create writes the state of a new element into empty storage. Storage that holds anything,
 * even something unreadable, is refused (STORE_EXISTS) and left as it is; keys of another size, or an `i`
 * that SCP03 does not know, are refused before it is looked at (ARGUMENT). */
MITOME_CHECKED mitome_status mitome_element_create(
        const struct mitome_element_config *config, const struct mitome_card_keys *keys, mitome_error *error);

/* mitome_element_open powers an element on. A state that is missing (STORE_MISSING), damaged or sealed with
 * another key (STORE_SEAL), of another program or version (STORE_FOREIGN), or older than its anchor
 * (STORE_ROLLED_BACK, STORE_ANCHOR) is refused and left as it is. One of an older version is rewritten.
 * The config is copied; its contexts must outlive the element. */
MITOME_CHECKED mitome_status mitome_element_open(
        const struct mitome_element_config *config, struct mitome_element **ret, mitome_error *error);

/* mitome_element_reset is what a reader's reset does: selection, secure channels, verified PINs, begun
 * operations and key agreements are forgotten. */
void mitome_element_reset(struct mitome_element *element);

/* mitome_element_set_contactless tells whether commands come by a contactless reader from now on (not 0), or
 * from the phone itself (0, as after opening). It does what a reset does: nothing that was opened by one
 * serves the other. Receipts and statements are never given contactless. */
void mitome_element_set_contactless(struct mitome_element *element, int contactless);

enum { MITOME_APDU_MAX = 4096 }; /* of a command or a response, status word included */

/* mitome_element_transmit carries out one command APDU (at most MITOME_APDU_MAX bytes) and writes the
 * response, always at least its status word, into `response`, which holds MITOME_APDU_MAX bytes. A malformed
 * command is answered by a status word; a failure of this call means that the state could not be stored: the
 * response is then 6581 (and *ret_size 2), and so is every later one until the element is opened again. */
MITOME_CHECKED mitome_status mitome_element_transmit(struct mitome_element *element, mitome_slice command,
        uint8_t response[MITOME_APDU_MAX], size_t *ret_size, mitome_error *error);

/* mitome_element_atr is the answer to reset, a static view. */
mitome_slice mitome_element_atr(void);

/* mitome_element_free wipes and releases; NULL is fine. */
void mitome_element_free(struct mitome_element *element);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
