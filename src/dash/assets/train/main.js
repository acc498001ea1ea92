// SPDX-License-Identifier: Apache-2.0
// Starts the training page: takes the token out of the address, asks for the runs.
import { batch, html, render } from '../vendor/ui.js';
import { ask } from '../event.js';
import { preferred, speak } from '../words.js';
import { applyTheme } from '../theme.js';
import * as store from './store.js';
import { follow } from './stream.js';
import { App } from './view.js';

async function open() {
  try {
    const page = await ask('api/page/train');
    batch(() => {
      store.series.value = page.series;
      store.hasMap.value = page.map;
      store.runs.value = page.runs.map(store.newRun);
      store.followAddress();
      store.state.value = { is: 'ready' };
    });
    document.title = `${page.runs.length === 1 ? page.runs[0].name : page.runs.length} – nadir`;
    follow();
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
