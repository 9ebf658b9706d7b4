// Writes src/api/schema.ts, the types of what the server sends and takes, from its description.
// With --check it writes nothing and fails if the file is not what it would write.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const file = new URL('../src/api/schema.ts', import.meta.url);
const head = '// Generated from internal/openapi/openapi.yaml by `npm run types`. Do not edit.\n\n';

const nodes = await openapiTS(new URL('../../../internal/openapi/openapi.yaml', import.meta.url), {
  defaultNonNullable: false, // what has a default need not be sent
  rootTypes: true,
  rootTypesKeepCasing: true,
  rootTypesNoSchemaPrefix: true,
  silent: true,
});
// The panel needs the shapes; which paths there are stands in client.ts.
const unused = new Set(['paths', 'webhooks', 'operations', '$defs']);
const wanted = head + astToString(nodes.filter((n) => !unused.has(n.name?.text)));

if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
    console.error('src/api/schema.ts is not what internal/openapi/openapi.yaml says: run `npm run types` and commit the file.');
    process.exit(1);
  }
} else {
  await writeFile(file, wanted);
}
