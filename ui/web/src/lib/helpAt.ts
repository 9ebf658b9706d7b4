interface Named {
  name: string;
}

const mostHints = 3;

/** The functions that matter where the cursor is in a formula: those that its word begins, else the one whose brackets it is in. */
export function helpAt<F extends Named>(formula: string, caret: number, functions: F[]): F[] {
  const { word, calls } = read(formula.slice(0, caret));
  if (word !== '') {
    const begun = functions.filter((f) => f.name.toLowerCase().startsWith(word.toLowerCase()));
    if (begun.length > 0) return begun.slice(0, mostHints);
  }
  const around = functions.find((f) => f.name === calls.findLast((name) => functions.some((g) => g.name === name)));
  return around ? [around] : [];
}

/** The word that ends a text, outside of quotation marks, and what is called by the brackets that are open, from the outermost. */
function read(text: string) {
  const calls: string[] = [];
  let word = '';
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? '';
    if (quote !== '') {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
      continue;
    }
    if (/\w/.test(c)) {
      word += c;
      continue;
    }
    if (c === '"' || c === "'") quote = c;
    else if (c === '(' || c === '[') calls.push(c === '(' ? word : '');
    else if (c === ')' || c === ']') calls.pop();
    word = '';
  }
  return { word, calls };
}
