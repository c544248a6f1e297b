// SPDX-License-Identifier: Apache-2.0
// Packs the files of a built page, and writes the table of src/api/page_assets.h.
// usage: node embed.mjs DIST FOLDER
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { constants, gzipSync } from 'node:zlib';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const [dist, folder] = process.argv.slice(2);
const packed = join(folder, 'packed');
rmSync(packed, { recursive: true, force: true });
mkdirSync(packed, { recursive: true });

// What the page is made of is under licences that want to be named.
const { packages } = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8'));
let licences = 'The page of NetProbe is made with these packages.\n';
for (const [path, about] of Object.entries(packages)) {
  if (about.dev || about.optional || about.devOptional) continue;
  const name = readdirSync(path).find((file) => /^licen[cs]e/i.test(file));
  licences += `\n==== ${path.replace(/^node_modules\//, '')} ${about.version} (${about.license})\n\n`;
  if (name) licences += readFileSync(join(path, name), 'utf8');
}
writeFileSync(join(dist, 'licences.txt'), licences);

let blobs = '';
let rows = '';
filesBelow(dist)
  .sort()
  .forEach((file, index) => {
    const type = types[extname(file)];
    if (!type) throw new Error(`embed: ${file} has no content type; add it to embed.mjs`);
    const content = readFileSync(file);
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22);
    const blob = join(packed, `${index}.gz`);
    writeFileSync(blob, gzipSync(content, { level: constants.Z_BEST_COMPRESSION, memLevel: 9 }));
    const path = '/' + relative(dist, file).replaceAll('\\', '/');
    blobs += `static const unsigned char blob${index}[] = {\n#embed "${blob}"\n};\n`;
    rows += `    {${JSON.stringify(path === '/index.html' ? '/' : path)}, ${JSON.stringify(type)}, `;
    rows += `${JSON.stringify(`"${hash}"`)}, blob${index}, sizeof(blob${index})},\n`;
  });
writeFileSync(
  join(folder, 'page_assets.c'),
  `// Written by web/embed.mjs.\n#include "api/page_assets.h"\n\n${blobs}
const struct netprobe_page_asset netprobe_page_assets[] = {\n${rows}    {0, 0, 0, 0, 0}};\n`,
);
