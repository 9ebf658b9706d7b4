import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Inspection } from '../../api/types';
import { useApp } from '../../components/app';
import { type SourceDraft, cleanFormat, hasSource, sourceKey, sourceOf } from './draft';

/** What the server said about a source, and for which it said it. */
interface Answer {
  key: string;
  inspection: Inspection;
}

export interface SourceCheck {
  /** What is in the source as it is now; undefined while nobody has looked. */
  inspection: Inspection | undefined;
  isPending: boolean;
  error: unknown;
  /** Looks now, whether or not somebody has looked before. */
  look: (draft: SourceDraft) => void;
  /** The same source under another key: its secret was saved. */
  keep: (from: SourceDraft, to: SourceDraft) => void;
}

interface Options {
  /** Of a sync that exists: its saved secret is used. */
  flowId?: string;
  kind: string;
  draft: SourceDraft;
  /** Looks by itself as soon as the source can be read and nobody has. */
  auto: boolean;
  onAnswer: (inspection: Inspection, draft: SourceDraft) => void;
}

/** Looks at a source for its columns and first rows. */
export function useInspection({ flowId, kind, draft, auto, onAnswer }: Options): SourceCheck {
  const { client } = useApp();
  const [answer, setAnswer] = useState<Answer>();
  const [asked, setAsked] = useState('');
  const turn = useRef(0);
  const keyOf = (d: SourceDraft) => `${kind} ${sourceKey(d)}`;
  const inspect = useMutation({
    mutationFn: async (d: SourceDraft) => {
      const mine = ++turn.current;
      const inspection = await client.inspect({ ...(flowId ? { flow_id: flowId } : { kind }), source: sourceOf(d), format: cleanFormat(d.format) });
      return { mine, inspection };
    },
    onSuccess: ({ mine, inspection }, d) => {
      if (mine !== turn.current) return; // an older answer
      setAnswer({ key: keyOf(d), inspection });
      onAnswer(inspection, d);
    },
  });
  const { mutate } = inspect;
  const look = (d: SourceDraft) => {
    setAsked(keyOf(d));
    mutate(d);
  };
  const key = keyOf(draft);
  const wanted = auto && hasSource(draft) && answer?.key !== key && asked !== key;
  const latest = useRef(look);
  useEffect(() => {
    latest.current = look;
  });
  useEffect(() => {
    if (wanted) latest.current(draft);
  }, [wanted, draft]);
  return {
    inspection: answer?.key === key ? answer.inspection : undefined,
    isPending: inspect.isPending,
    error: asked === key ? inspect.error : null,
    look,
    keep: (from, to) => {
      setAnswer((a) => (a?.key === keyOf(from) ? { ...a, key: keyOf(to) } : a));
      setAsked((a) => (a === keyOf(from) ? keyOf(to) : a));
    },
  };
}
