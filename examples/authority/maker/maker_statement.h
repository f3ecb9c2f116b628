/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_STATEMENT_H
#define MAKER_STATEMENT_H

/* What the maker declares of its models: FIDO metadata statements (Metadata Statements 3.1), a model for each
 * assurance class. Only the software model is built; the others are what a maker with the hardware would
 * declare, and there is no batch key, and so no root, for any of them. */

#include "maker.h"

struct maker_class {
        const char *name; /* "software", "secure-element-3": for the command line */
        uint8_t aaguid[MAKER_AAGUID_SIZE];
        const char *description;
        const char *key_protection, *matcher_protection; /* FIDO registry 3.2, 3.3 */
        unsigned finger_tries; /* a matcher of a class below 3 gets fewer from the element */
        bool built;
};

/* The classes, the weakest first: the software model is number 0. */
enum { MAKER_CLASSES = 4 };
extern const struct maker_class maker_classes[MAKER_CLASSES];

/* maker_class_find gives NULL for a model that is none of this maker's. */
const struct maker_class *maker_class_find(const uint8_t aaguid[MAKER_AAGUID_SIZE]);

/* maker_write_statement writes the metadata statement of a class, JSON. `root` is the DER of the CA of its
 * batches, empty where there is none; `get_info` the CBOR that a device of the model answers to
 * authenticatorGetInfo, empty: the statement then lacks authenticatorGetInfo, which a published one must
 * have. Fails with CBOR's codes for a get_info that is none, VALUE for one with another AAGUID than the
 * class has, BUFFER_FULL. */
MITOME_CHECKED mitome_status maker_write_statement(
        const struct maker_class *class, slice root, slice get_info, writer *out, mitome_error *error);

#endif
