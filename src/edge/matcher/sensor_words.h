/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_WORDS_H
#define SENSOR_WORDS_H

/* The words that scripts and sensors' programs have for what C calls by numbers. */

#include "gate_message.h"

/* sensor_hint_of knows short, centre, lift, general, same, known and poor; false is another word. */
bool sensor_hint_of(slice word, enum mitome_gate_hint *ret);

/* sensor_modality_of knows finger, face and iris. */
bool sensor_modality_of(slice word, uint8_t *ret);

/* sensor_class_of knows scripted, convenience, weak and strong. */
bool sensor_class_of(slice word, uint8_t *ret);

/* sensor_number_of reads decimal digits, at most `most`. */
bool sensor_number_of(slice word, unsigned most, unsigned *ret);

#endif
