/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_CHANNELS_H
#define PHONE_CHANNELS_H

/* A TSM opens logical channels of the phone's element over its relay, and one that dies in the middle closes
 * none. The element has but a few, and an applet that is selected on one is not there for the next. So the
 * phone watches what a relay opens, and closes at its end what is left. */

#include <mitome/link.h>

struct phone_channels {
        const struct mitome_link *below; /* to the element */
        unsigned open;                   /* bit n: channel n */
};

/* phone_channels_link is what the relay gets instead of `below`; `channels` must outlive it. */
struct mitome_link phone_channels_link(struct phone_channels *channels);

/* phone_channels_close closes what is open. An element that does not answer has nothing open. */
void phone_channels_close(struct phone_channels *channels);

#endif
