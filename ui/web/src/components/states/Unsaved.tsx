import { createContext, type ReactNode, useCallback, useContext, useEffect, useId, useState } from 'react';
import { useBlocker, useLocation } from 'react-router';
import { text } from '../../text';
import { Confirm } from '../Confirm';

const t = text.shell.unsaved;

const below = (path: string, within: string) => path === within || path.startsWith(`${within}/`);

/** Work that is not saved, by who said so, and below which address it is kept. */
class Work {
  readonly #kept = new Map<string, string>();

  keep = (id: string, within: string) => void this.#kept.set(id, within);
  drop = (id: string) => void this.#kept.delete(id);
  lostAt = (path: string) => [...this.#kept.values()].some((within) => !below(path, within));
  any = () => this.#kept.size > 0;
}

const UnsavedContext = createContext<Work | undefined>(undefined);

/** Asks before the user leaves work behind that is not saved. The router has room for one such guard: this. */
export function UnsavedGuard({ children }: { children: ReactNode }) {
  const [work] = useState(() => new Work());
  const blocker = useBlocker(({ nextLocation }) => work.lostAt(nextLocation.pathname));
  useEffect(() => {
    const onUnload = (e: BeforeUnloadEvent) => {
      if (work.any()) e.preventDefault();
    };
    window.addEventListener('beforeunload', onUnload);
    return () => window.removeEventListener('beforeunload', onUnload);
  }, [work]);
  return (
    <UnsavedContext value={work}>
      {children}
      <Confirm
        confirm={t.leave}
        destructive
        header={t.header}
        keep={t.stay}
        message={t.message}
        onClose={() => blocker.reset?.()}
        onConfirm={() => blocker.proceed?.()}
        open={blocker.state === 'blocked'}
      />
    </UnsavedContext>
  );
}

/**
 * While dirty, leaving the page asks first. Addresses below within keep the work (the tabs of a page that
 * share a draft); without it only the page's own address does. Call what it returns when the work is
 * saved and the same click goes elsewhere.
 */
export function useUnsaved(dirty: boolean, within?: string): () => void {
  const work = useContext(UnsavedContext);
  if (!work) throw new Error('useUnsaved outside of UnsavedGuard');
  const id = useId();
  const { pathname } = useLocation();
  const place = within ?? pathname;
  useEffect(() => {
    if (!dirty) return undefined;
    work.keep(id, place);
    return () => work.drop(id);
  }, [dirty, id, place, work]);
  return useCallback(() => work.drop(id), [id, work]);
}
