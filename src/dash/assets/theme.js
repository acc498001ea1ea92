// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system says.
import { signal } from './vendor/ui.js';
import { keep, kept } from './words.js';

export const theme = signal(kept('theme') ?? 'system');

export function applyTheme() {
  document.documentElement.dataset.theme = theme.value;
}
export function setTheme(name) {
  theme.value = name;
  keep('theme', name);
  applyTheme();
}
