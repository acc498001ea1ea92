// SPDX-License-Identifier: Apache-2.0
// The language the program speaks: the user's, where there is a catalogue for it.
#pragma once

void cli_language(void); // once, before threads start
