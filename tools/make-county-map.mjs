// Makes policy/<state>/maps/counties.csv: one county a row, its outline projected and simplified to an SVG path.
//
// One-off: the CSV is what the product reads, this script is how it can be made again.
//   npm install us-atlas@3.0.1 topojson-client@3.1.0 d3-geo@3.1.2   (ISC; the shapes are Census Bureau public domain)
//   node make-county-map.mjs 08 > counties.csv
//
// The projection is an equal-area conic on Colorado-like latitudes, fitted to 360 units of width, because the charts
// of a page are drawn 360 wide (src/publish/svg.h). us-atlas is already simplified to a 1:10,000,000 topology, so that
// neighbours share their border points exactly; rounding to a tenth of a unit keeps that.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';
import { geoConicEqualArea, geoPath } from 'd3-geo';

const state = process.argv[2];
if (!/^\d\d$/.test(state ?? '')) {
  console.error('usage: make-county-map.mjs STATE_FIPS');
  process.exit(2);
}
const require = createRequire(import.meta.url);
const topology = JSON.parse(readFileSync(require.resolve('us-atlas/counties-10m.json'), 'utf8'));
const counties = feature(topology, topology.objects.counties).features
  .filter((f) => f.id.startsWith(state))
  .sort((a, b) => (a.id < b.id ? -1 : 1));
const all = { type: 'FeatureCollection', features: counties };
const projection = geoConicEqualArea().parallels([37.5, 40.5]).rotate([105.5, 0]).fitWidth(356, all);
const [dx, dy] = projection.translate();
projection.translate([dx + 2, dy + 2]);

// Relative line segments in tenths: about half the bytes of absolute coordinates.
function shorten(ring) {
  const points = ring.map(([x, y]) => [Math.round(x * 10), Math.round(y * 10)]);
  let [px, py] = points[0];
  let out = `M${px / 10},${py / 10}`;
  for (const [x, y] of points.slice(1, -1)) {
    if (x === px && y === py) continue;
    out += `l${(x - px) / 10},${(y - py) / 10}`;
    [px, py] = [x, y];
  }
  return out.includes("l") ? `${out}z` : ""; // an enclave smaller than a tenth of a unit
}
function rings(geometry) {
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  return polygons.flat().map((ring) => ring.map((point) => projection(point)));
}
const [[, ,], [, bottom]] = geoPath(projection).bounds(all);
console.log(`# County outlines as SVG paths in a box of 360 x ${Math.ceil(bottom) + 2}. Source: us-atlas 3.0.1 (ISC), made from`
  + ' U.S. Census Bureau cartographic boundary files (public domain); by tools/make-county-map.mjs.');
console.log('fips,name,x,y,path');
for (const county of counties) {
  const [x, y] = geoPath(projection).centroid(county).map((v) => Math.round(v * 10) / 10);
  console.log(`${county.id},${county.properties.name},${x},${y},"${rings(county.geometry).map(shorten).join('')}"`);
}
