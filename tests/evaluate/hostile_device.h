/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOSTILE_DEVICE_H
#define HOSTILE_DEVICE_H

/* An authenticator that answers getInfo, and else misbehaves in the way that it is asked for: CTAPHID reports
 * over a socket, in a process of its own. */

#include <stdint.h>
#include <sys/types.h>

enum { HOSTILE_COMMAND = 0x40 }; /* a message of this byte and one of these */

enum hostile_way {
        HOSTILE_HANGS,         /* never answers */
        HOSTILE_KEEPS_ALIVE,   /* .. and says for ever that it works */
        HOSTILE_AWAITS_USER,   /* .. or that somebody is awaited */
        HOSTILE_BAD_CBOR,      /* success, and then what is no CBOR */
        HOSTILE_NO_STATUS,     /* an answer without a byte */
        HOSTILE_OTHER_CHANNEL, /* answers whom nobody knows, for ever */
        HOSTILE_HUGE,          /* announces 65535 bytes, and sends them */
        HOSTILE_FLOODS,        /* keepalives as fast as it can */
        HOSTILE_WRONG_ORDER,   /* the second packet before the first is over */
        HOSTILE_ERROR,         /* a CTAPHID_ERROR */
        HOSTILE_SHORT_REPORT,  /* a report of 7 bytes */
        HOSTILE_HANGS_UP,      /* in the middle of an answer */
        HOSTILE_LATE,          /* answers when nobody waits any more, and again and again */
        HOSTILE_DIES,          /* for good */
        HOSTILE_WAYS,
};

/* hostile_device_start listens at `path`; ends with hostile_device_stop, or by itself where it dies. */
pid_t hostile_device_start(const char *path);
void hostile_device_stop(pid_t process);

#endif
