// SPDX-License-Identifier: Apache-2.0
// A network by onnxruntime, the peer of bench/nn.py: seconds a picture, memory, how far from the answer wanted.
// usage: node onnxruntime.js NODE_MODULES FOLDER SHAPE THREADS SECONDS SPIN (1 or 0); FOLDER: net.onnx, x.f32, y.f32
"use strict";
const fs = require("fs");
const path = require("path");

const [modules, folder, shape, threads, seconds, spin] = process.argv.slice(2);
const dims = shape.split(",").map(Number);

function floats(name) {
  const raw = fs.readFileSync(path.join(folder, name));
  return new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4).slice();
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function furthest(got, want) {
  if (got.length !== want.length) return Infinity;
  return want.reduce((most, value, i) => {
    const off = Math.abs(got[i] - value);
    return off <= most ? most : off; // a NaN stays
  }, 0);
}

async function main() {
  const ort = require(path.resolve(modules, "onnxruntime-node"));
  const session = await ort.InferenceSession.create(path.join(folder, "net.onnx"), {
    executionProviders: ["cpu"], graphOptimizationLevel: "all", intraOpNumThreads: Number(threads), interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: spin } } } // bindings before 1.22 do not know it
  });
  const x = { [session.inputNames[0]]: new ort.Tensor("float32", floats("x.f32"), dims) };
  const answer = (await session.run(x))[session.outputNames[0]];
  const off = furthest(answer.data, floats("y.f32"));
  for (let i = 0; i < 2; i++) await session.run(x);
  const cpu = [], wall = [];
  const start = process.hrtime.bigint();
  while (cpu.length < 3 || Number(process.hrtime.bigint() - start) < 1e9 * Number(seconds)) {
    const before = process.cpuUsage(), from = process.hrtime.bigint();
    await session.run(x);
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1e6 / dims[0]);
    wall.push(Number(process.hrtime.bigint() - from) / 1e9 / dims[0]);
  }
  const version = require(path.resolve(modules, "onnxruntime-node", "package.json")).version;
  console.log(JSON.stringify({ cpu: median(cpu), wall: median(wall), mb: process.resourceUsage().maxRSS / 1024, off, version }));
}

main().catch((error) => { console.error(String(error)); process.exitCode = 1; });
