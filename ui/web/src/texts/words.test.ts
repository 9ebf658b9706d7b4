import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * One word a thing, and none that only we know. What merchants read instead: sync, preview, matching,
 * formula, permission, request allowance, start.
 */
const forbidden = /\b(feeds?|flows?|expressions?|in flight|steps|windows?|429|NDJSON|scopes?|store hash(es)?|triggers?|dry[ -]runs?|mappings?)\b/i;

/** Names of file formats are no jargon where they are names: alone, or with an example. */
const formats = /^(NDJSON|JSON Lines|NDJSON \(JSON Lines\)|JSON Lines \(NDJSON\)|CSV)$/;

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'));

/** Every piece of text in a module: strings and what stands between the values of a template. */
function pieces(file: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isPropertyAssignment(node)) {
      visit(node.initializer); // its name is ours
      return;
    }
    if (ts.isElementAccessExpression(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return found;
}

const wrongIn = (file: string, source: string) => pieces(file, source).filter((text) => forbidden.test(text) && !formats.test(text.trim()));

describe('the words of the panel', () => {
  it.each(files)('%s has none that only we know', (file) => {
    expect(wrongIn(file, readFileSync(join(folder, file), 'utf8'))).toEqual([]);
  });

  it('are looked for in every piece of text', () => {
    const source = "export const t = { flow: 'Sync', a: `Your ${x} feed`, b: (n: 'flow') => 'Two ' + 'Scopes', c: { d: ['NDJSON', 'an NDJSON file'] } };";
    expect(wrongIn('t.ts', source)).toEqual([' feed', 'Scopes', 'an NDJSON file']);
  });
});
