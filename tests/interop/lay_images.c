/* SPDX-License-Identifier: Apache-2.0 */

/* Lays images of grown fingers into a folder, as `mitome biometric measure --images` takes them.
 * usage: lay_images DIR FINGERS IMPRESSIONS [SEED OF THE FIRST] */

#include "grow_finger.h"

#include <stdio.h>
#include <stdlib.h>

static int lay(const char *folder, int finger, int number, const struct finger *grown)
{
        static uint8_t image[FINGER_SIZE];
        char path[512];
        const struct finger_touch touch = finger_usual_touch((uint64_t)finger * 1000 + (uint64_t)number);
        finger_press(grown, &touch, image);
        snprintf(path, sizeof path, "%s/F%d_%d.pgm", folder, finger, number);
        FILE *file = fopen(path, "wb");
        if (!file)
                return -1;
        fprintf(file, "P5\n%d %d\n255\n", FINGER_WIDTH, FINGER_HEIGHT);
        size_t written = fwrite(image, 1, sizeof image, file);
        return fclose(file) == 0 && written == sizeof image ? 0 : -1;
}

int main(int argc, char **argv)
{
        static struct finger grown;
        if (argc != 4 && argc != 5)
                return 2;
        const uint64_t first = argc == 5 ? strtoull(argv[4], NULL, 10) : 501;
        const int fingers = atoi(argv[2]), impressions = atoi(argv[3]);
        for (int finger = 1; finger <= fingers; finger++) {
                if (finger_grow(first + (uint64_t)finger - 1, &grown, NULL).code != MITOME_OK)
                        return 1;
                for (int number = 1; number <= impressions; number++)
                        if (lay(argv[1], finger, number, &grown) != 0)
                                return 1;
        }
        return 0;
}
