/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAF_BYTES_H
#define LEAF_BYTES_H

/* What the ceremonies take out of an attestation certificate's bytes. That it is a certificate, and whose, is
 * judged elsewhere; what cannot be read here is not there. */

#include "bytes.h"

/* leaf_device_serial views the value of id-fido-gen-ce-sernum, the mark of enterprise attestation (WebAuthn
 * L3 8.2.2), as it stands where it is not wrapped as that clause says: it tells the device all the same.
 * Empty: none. */
slice leaf_device_serial(slice der);

/* leaf_mend_unused_bits writes the certificate with the unused bits of its signature counted as none into
 * `space`, if they are counted otherwise, and views it there: an early series of a maker says 2, of
 * signatures that fill their bytes. Else it answers `der`. */
slice leaf_mend_unused_bits(slice der, writer *space);

#endif
