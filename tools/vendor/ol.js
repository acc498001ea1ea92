// SPDX-License-Identifier: Apache-2.0
// The map: the classes of OpenLayers that the pages use, and no others.
export { default as OlMap } from 'ol/Map.js';
export { default as View } from 'ol/View.js';
export { default as Projection } from 'ol/proj/Projection.js';
export { default as TileGrid } from 'ol/tilegrid/TileGrid.js';
export { default as DataTileSource } from 'ol/source/DataTile.js';
export { default as WebGLTileLayer } from 'ol/layer/WebGLTile.js';
export { default as TileLayer } from 'ol/layer/Tile.js';
export { default as VectorLayer } from 'ol/layer/Vector.js';
export { default as VectorSource } from 'ol/source/Vector.js';
export { default as Feature } from 'ol/Feature.js';
export { default as LineString } from 'ol/geom/LineString.js';
export { default as Point } from 'ol/geom/Point.js';
export { default as Style } from 'ol/style/Style.js';
export { default as Stroke } from 'ol/style/Stroke.js';
export { default as Fill } from 'ol/style/Fill.js';
export { default as Circle } from 'ol/style/Circle.js';
export { default as Draw } from 'ol/interaction/Draw.js';
export { defaults as interactions } from 'ol/interaction/defaults.js';
