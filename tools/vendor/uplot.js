// SPDX-License-Identifier: Apache-2.0
// Charts: uPlot as it is.
export { default } from 'uplot';
