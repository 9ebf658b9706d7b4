import { type KindText, type Names, textOf } from './kind';
import { productsText } from './products';

export type { KindText } from './kind';

const own = new Map<string, KindText>([['products', productsText]]);

/** The words of a kind of flow: the panel's own where it has some, else made of what the server calls its records. */
export function kindText(kind: string, names: Names = { singular: 'record', plural: 'records' }): KindText {
  return own.get(kind) ?? textOf(names);
}
