// SPDX-License-Identifier: Apache-2.0
// The language the program speaks: the user's, where there is a catalogue for it.
#pragma once

void cli_language(void); // once, before threads start
// For servers, whose clients differ: call cli_language_each() once, before threads start;
// then cli_speak() makes the calling thread speak what a browser's Accept-Language asks
// for, where there is a catalogue for it, else English; NULL: the program's own.
void cli_language_each(void);
void cli_speak(const char *wanted);
