import type { Kind } from '../api/types';

/** What the records of a kind are called. */
export type Words = Pick<Kind, 'singular' | 'plural'>;

/** "price lists" at the beginning of a sentence. */
export function capital(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** "products, stock and prices". */
export function listed(names: string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
