import { Form, FormGroup, Input } from '@bigcommerce/big-design';
import { useState, type ReactNode } from 'react';
import { Dialog } from './Dialog';
import { text } from '../text';
import { FailedState } from './states/FailedState';

interface Props {
  header: string;
  confirm: string;
  label: string;
  help: string;
  required: string;
  initial?: string;
  busy: boolean;
  error: unknown;
  children?: ReactNode;
  onClose: () => void;
  /** Called with the name, trimmed and not empty. */
  onSubmit: (name: string) => void;
}

/** A modal that makes a thing with a name; children are the other fields of its form. */
export function NameModal({ header, confirm, label, help, required, initial = '', busy, error, children, onClose, onSubmit }: Props) {
  const [typed, setTyped] = useState<string>();
  const [touched, setTouched] = useState(false);
  const name = typed ?? initial; // which may change with the other fields
  const trimmed = name.trim();
  const submit = () => {
    setTouched(true);
    if (trimmed !== '') onSubmit(trimmed);
  };
  return (
    <Dialog
      actions={[
        { text: text.cancel, variant: 'subtle', onClick: onClose },
        { text: confirm, isLoading: busy, onClick: submit },
      ]}
      closeOnClickOutside={false}
      header={header}
      isOpen
      onClose={onClose}
    >
      {error ? <FailedState error={error} /> : null}
      <Form
        fullWidth
        onSubmit={(e) => {
          e.preventDefault();
          submit();
        }}
      >
        <FormGroup>
          <Input
            description={help}
            error={touched && trimmed === '' ? required : undefined}
            label={label}
            maxLength={100}
            onChange={(e) => setTyped(e.target.value)}
            onKeyDown={(e) => {
              // Browsers send a form on Enter by themselves only if it has one field or a button of its own.
              if (e.key !== 'Enter' || e.nativeEvent.isComposing) return;
              e.preventDefault();
              if (!busy) submit();
            }}
            required
            value={name}
          />
        </FormGroup>
        {children}
      </Form>
    </Dialog>
  );
}
