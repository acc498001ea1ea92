// SPDX-License-Identifier: Apache-2.0
// The view layer: preact, htm and signals under one roof.
import { h, render, Fragment } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState, useMemo } from 'preact/hooks';
import { signal, computed, effect, batch, untracked } from '@preact/signals';
import htm from 'htm';

export const html = htm.bind(h);
export {
  h, render, Fragment, useEffect, useLayoutEffect, useRef, useState, useMemo,
  signal, computed, effect, batch, untracked,
};
