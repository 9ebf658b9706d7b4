import { Modal, type ModalProps } from '@bigcommerce/big-design';
import { useCallback } from 'react';

/**
 * BigDesign's Modal, with its name on the element that is the dialog: BigDesign puts it on one inside,
 * where no screen reader looks for it.
 */
export function Dialog({ children, ...props }: ModalProps & { header: string }) {
  const { header } = props;
  const name = useCallback((el: HTMLSpanElement | null) => el?.closest('[role=dialog]')?.setAttribute('aria-label', header), [header]);
  return (
    <Modal {...props}>
      <span hidden ref={name} />
      {children}
    </Modal>
  );
}
