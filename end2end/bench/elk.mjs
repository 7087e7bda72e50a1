// elkjs at its cheapest on the graph from standard input; prints milliseconds and line segments.
import { readFileSync } from 'node:fs';
import Elk from 'elkjs';

const { nodes, edges } = JSON.parse(readFileSync(0, 'utf8'));
const graph = {
  id: 'root',
  layoutOptions: {
    'elk.algorithm': 'layered',
    'elk.layered.thoroughness': '1',
    'elk.layered.nodePlacement.strategy': 'SIMPLE',
    'elk.layered.layering.strategy': 'LONGEST_PATH',
    'elk.edgeRouting': 'POLYLINE',
  },
  children: Array.from({ length: nodes }, (_, n) => ({ id: `n${n}`, width: 80, height: 18 })),
  edges: edges.map(([a, b], n) => ({ id: `e${n}`, sources: [`n${a}`], targets: [`n${b}`] })),
};
const began = performance.now();
const laid = await new Elk().layout(graph);
const ms = performance.now() - began;
const places = new Map(laid.children.map(({ id, x, y }) => [id, [x, y]]));
console.log(JSON.stringify({ ms, segments: edges.map(([a, b]) => [...places.get(`n${a}`), ...places.get(`n${b}`)]) }));
