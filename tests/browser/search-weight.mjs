// What a query of the search costs: node search-weight.mjs BASE QUERIES; see scripts/search-weight.
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const [base, count] = [process.argv[2], Number(process.argv[3])];
// A small generator with a fixed seed, so that two runs ask the same.
let seed = 20260101;
const random = (below) => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
const json = async (path) => (await fetch(base + path)).json();

const index = await json("api/v1/index.json");
const queries = [];
while (queries.length < count) {
  const shard = await json(index.shards[random(index.shards.length)].document);
  const line = shard.servers[random(shard.servers.length)];
  const { tools } = await json(line.document);
  if (tools.length === 0) continue;
  const { name } = tools[random(tools.length)];
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word.length > 2);
  const exact = queries.length % 2 === 0;
  if (!exact && words.length === 0) continue;
  queries.push({ exact, text: exact ? name : words[random(words.length)].toLowerCase() });
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const weights = [];
const missed = [];
for (const { exact, text } of queries) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const bodies = [];
  page.on("response", (response) => { if (response.url().includes("/search/")) bodies.push(response.body()); });
  await page.goto(base + "search/index.html?q=" + encodeURIComponent(text));
  for (let turn = 0; turn < 40 && (await page.textContent("#status")) === ""; turn += 1) await page.waitForTimeout(50);
  if (exact) {
    const names = await page.locator("#results .result bdi:first-child").allTextContents();
    if (!names.includes(text)) missed.push(text);
  }
  const sizes = await Promise.all(bodies.map(async (body) => gzipSync(await body).length));
  weights.push(sizes.reduce((a, b) => a + b, 0));
  await context.close();
}
await browser.close();

weights.sort((a, b) => a - b);
const at = (share) => Math.round(weights[Math.min(weights.length - 1, Math.floor(weights.length * share))] / 1000);
console.log(`${count} queries: median ${at(0.5)} KB, p95 ${at(0.95)} KB, most ${at(1)} KB as gzip; exact names not found: ${missed.length}`);
for (const name of missed.slice(0, 10)) console.log("  " + name);
process.exit(at(0.95) > 250 || missed.length > 0 ? 1 : 0);
