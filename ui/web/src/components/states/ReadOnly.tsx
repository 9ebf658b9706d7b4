import { Message } from '@bigcommerce/big-design';
import type { ReactNode } from 'react';
import { text } from '../../text';
import { type AccessKind, useAccess } from '../app';

/** Controls that a user without the right does not see. */
export function Permitted({ kind = 'write', children }: { kind?: AccessKind; children: ReactNode }) {
  return useAccess(kind).granted ? children : null;
}

/** Tells a viewer why there are no controls, and whom to ask. */
export function ReadOnly() {
  const t = text.shell.viewer;
  return useAccess('write').granted ? null : <Message header={t.header} marginBottom="medium" messages={[{ text: t.message }]} type="info" />;
}
