/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_TRANSPORT_H
#define MITOME_TRANSPORT_H

/* The ways between a client and an authenticator: what an authenticator says of itself (getInfo), what a
 * relying party keeps and gives back as a hint. One set of numbers for all of them, and for ever: records are
 * kept with these numbers (docs/record.md). */

/* AuthenticatorTransport, WebAuthn L3 5.8.4, as bits. */
enum mitome_transport {
        MITOME_TRANSPORT_USB = 0x01,
        MITOME_TRANSPORT_NFC = 0x02,
        MITOME_TRANSPORT_BLE = 0x04,
        MITOME_TRANSPORT_SMART_CARD = 0x08,
        MITOME_TRANSPORT_HYBRID = 0x10,
        MITOME_TRANSPORT_INTERNAL = 0x20,
};

/* The set of all of them. */
#define MITOME_TRANSPORTS_ALL                                                                               \
        (MITOME_TRANSPORT_USB | MITOME_TRANSPORT_NFC | MITOME_TRANSPORT_BLE | MITOME_TRANSPORT_SMART_CARD | \
                MITOME_TRANSPORT_HYBRID | MITOME_TRANSPORT_INTERNAL)

#endif
