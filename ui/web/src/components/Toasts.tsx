import { AlertsManager, type createAlertsManager } from '@bigcommerce/big-design';
import { useEffect, useRef, useState } from 'react';
import { text } from '../text';

/** The short messages in the corner. BigDesign gives the button that closes one no name. */
export function Toasts({ manager }: { manager: ReturnType<typeof createAlertsManager> }) {
  const box = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<object | null>(null);
  useEffect(() => manager.subscribe(setShown), [manager]);
  useEffect(() => box.current?.querySelector('button')?.setAttribute('aria-label', text.close), [shown]);
  return (
    <div ref={box}>
      <AlertsManager manager={manager} />
    </div>
  );
}
