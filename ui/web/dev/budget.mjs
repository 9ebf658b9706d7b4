// Measures the JavaScript that Home needs, and fails when it is more than the libraries' own share and
// 40 KB: `npm run budget`. The libraries' share is measured, by building an entry that imports of
// BigDesign, React, the router and the query cache what Home's own modules import of them, and nothing else.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const allowance = 40 * 1000; // of our own code and the small rest
const libraries = /^(@bigcommerce\/big-design(-icons|-theme)?|react|react-dom(\/client)?|react-router|@tanstack\/react-query|styled-components)$/;

const kb = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
const gzipped = (chunks) => chunks.reduce((sum, c) => sum + gzipSync(c.code, { level: 9 }).length, 0);

/** The chunks that entry loads before anything is clicked. */
function closure(output, entry) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name)) return;
    found.add(name);
    for (const next of output.find((c) => c.fileName === name).imports) visit(next);
  };
  visit(entry.fileName);
  return output.filter((c) => found.has(c.fileName));
}

async function chunksOf(input, plugins = []) {
  const { output } = await build({ root, logLevel: 'error', plugins, build: { write: false, rollupOptions: input ? { input } : {} } });
  const chunks = output.filter((c) => c.type === 'chunk');
  return { all: chunks, first: closure(chunks, chunks.find((c) => c.isEntry)) };
}

/** What our modules import of the libraries, by library. */
function imported(modules) {
  const names = new Map();
  for (const file of modules) {
    const source = readFileSync(file, 'utf8');
    for (const [, clause, from] of source.matchAll(/^import ([^;]*?) from '([^']+)';$/gm)) {
      if (!libraries.test(from) || clause.startsWith('type ')) continue;
      const of = names.get(from) ?? new Set();
      const inBraces = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
      for (const name of inBraces.split(',').map((n) => n.trim())) if (name && !name.startsWith('type ')) of.add(name.split(' as ')[0]);
      if (/^\w/.test(clause)) of.add('default');
      names.set(from, of);
    }
  }
  return names;
}

const app = await chunksOf();
const modules = app.first.flatMap((c) => Object.keys(c.modules)).filter((id) => id.startsWith(join(root, 'src')) && !id.includes('?'));
const wanted = [...imported(modules)];
const virtual = '\0floor';
const floor = await chunksOf('floor', [
  {
    name: 'floor',
    resolveId: (id) => (id === 'floor' ? virtual : undefined),
    load: (id) =>
      id === virtual
        ? wanted.map(([from, names], i) => `${[...names].map((n, j) => `import { ${n} as x${i}_${j} } from '${from}';`).join('\n')}\nglobalThis.floor${i} = [${[...names].map((_, j) => `x${i}_${j}`).join()}];`).join('\n')
        : undefined,
  },
]);

const home = gzipped(app.first);
const least = gzipped(floor.first);
const later = app.all.filter((c) => !app.first.includes(c));
console.log(`Home's JavaScript: ${kb(home)} gzipped in ${app.first.length} files`);
console.log(`Its libraries:     ${kb(least)} (BigDesign, React, router, query), and ${kb(allowance)} may be added: ${kb(least + allowance)}`);
console.log(`Loaded later:      ${kb(gzipped(later))} in ${later.length} files`);
const wrong = ['uplot', 'pages/flow', 'pages/settings/shoppers'].filter((part) => app.first.some((c) => Object.keys(c.modules).some((m) => m.includes(`/${part}/`))));
if (wrong.length > 0) {
  console.error(`Home loads what belongs to other pages: ${wrong.join(', ')}`);
  process.exitCode = 1;
}
if (home > least + allowance) {
  console.error(`Home's JavaScript is ${kb(home - least - allowance)} over its budget.`);
  process.exitCode = 1;
}
