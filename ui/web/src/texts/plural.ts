const rules = new Intl.PluralRules('en'); // the language of the texts

/** "1 run", "2 runs": n is count as the reader's format writes it. */
export const plural = (n: string, count: number, one: string, many: string) => `${n} ${rules.select(count) === 'one' ? one : many}`;
