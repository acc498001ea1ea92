// SPDX-License-Identifier: Apache-2.0
// Starts the page: takes the token out of the address, asks for the layout, draws it.
import { batch, html, render } from './vendor/ui.js';
import { ask } from './event.js';
import { App } from './render.js';
import { preferred, speak } from './words.js';
import * as store from './store.js';
import { applySet } from './change.js';
import { options, readAddress } from './address.js';
import { applyTheme } from './theme.js';

async function open() {
  try {
    const page = await ask('api/page/map');
    document.title = `${page.title} – nadir`;
    store.ramps.value = page.ramps;
    batch(() => {
      applySet(page.set);
      store.showNode(store.left, page.first.left);
      store.showNode(store.right, page.first.right);
      store.isCompared.value = page.first.compared && !options.has('l');
      readAddress();
      store.page.value = page;
      store.state.value = { is: 'ready' };
    });
  } catch (error) {
    store.state.value = { is: 'failed', ...error };
  }
}

if (location.search.includes('t=')) history.replaceState(null, '', location.pathname + location.hash);
applyTheme();
await speak(preferred());
const root = document.createElement('div');
root.id = 'root';
document.body.replaceChildren(root);
render(html`<${App} />`, root);
open();
