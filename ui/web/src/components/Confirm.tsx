import { Text } from '@bigcommerce/big-design';
import { Dialog } from './Dialog';
import { text } from '../text';

interface Props {
  open: boolean;
  header: string;
  message: string;
  confirm: string;
  keep?: string;
  destructive?: boolean;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ open, header, message, confirm, keep = text.cancel, destructive = false, busy = false, onConfirm, onClose }: Props) {
  return (
    <Dialog
      actions={[
        { text: keep, variant: 'subtle', onClick: onClose },
        { text: confirm, actionType: destructive ? 'destructive' : 'normal', isLoading: busy, onClick: onConfirm },
      ]}
      closeOnClickOutside={false}
      closeOnEscKey
      header={header}
      isOpen={open}
      onClose={onClose}
      variant="dialog"
    >
      <Text>{message}</Text>
    </Dialog>
  );
}
