import { useQuery } from '@tanstack/react-query';
import { flowQueries } from '../api/queries/flows';
import type { Words } from '../lib/words';
import { useApp } from './app';

const anyRecord: Words = { singular: 'record', plural: 'records' };

/** The words of a kind; those of any record while the kinds are not known, and of a kind that is gone. */
export function useWords(kind: string): Words {
  const { client } = useApp();
  const kinds = useQuery(flowQueries.kinds(client));
  return kinds.data?.find((k) => k.name === kind) ?? anyRecord;
}
