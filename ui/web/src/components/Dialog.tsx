import { Modal, type ModalProps } from '@bigcommerce/big-design';
import { useCallback, useEffect } from 'react';

/** What had the focus before a dialog, or the first of several that follow each other, opened. */
let opener: HTMLElement | null = null;

const afterTheTrap = 50; // ms: BigDesign's focus trap gives the focus back in a moment of its own

/**
 * BigDesign's Modal, with its name on the element that is the dialog: BigDesign puts it on one inside,
 * where no screen reader looks for it. When it closes the focus is where it was, also if the dialog took
 * the place of another one.
 */
export function Dialog({ children, ...props }: ModalProps & { header: string }) {
  const { header, isOpen } = props;
  const name = useCallback(
    (el: HTMLSpanElement | null) => {
      el?.closest('[role=dialog]')?.setAttribute('aria-label', header);
    },
    [header],
  );
  useEffect(() => {
    if (!isOpen) return undefined;
    const before = document.activeElement;
    if (before instanceof HTMLElement && before !== document.body && !before.closest('[role=dialog]')) opener = before;
    return () => void setTimeout(giveBack, afterTheTrap);
  }, [isOpen]);
  return (
    <Modal {...props}>
      <span hidden ref={name} />
      {children}
    </Modal>
  );
}

/** Gives the focus to what opened the dialogs that are closed now, or to the page if that cannot have it. */
function giveBack() {
  if (document.activeElement !== document.body || document.querySelector('[role=dialog]')) return;
  opener?.focus();
  if (document.activeElement === document.body) document.getElementById('main')?.focus();
}
