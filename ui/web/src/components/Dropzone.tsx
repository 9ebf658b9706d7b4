import { Text } from '@bigcommerce/big-design';
import { InsertDriveFileIcon } from '@bigcommerce/big-design-icons';
import { type DragEvent, useId, useState } from 'react';
import styled from 'styled-components';
import { Hidden } from './Hidden';

// BigDesign's FileUploader keeps the chosen file in a list and does not fit narrow panels; a feed has
// one file, which is uploaded at once.

const Zone = styled.label<{ $over: boolean; $disabled: boolean }>`
  align-items: center;
  background-color: ${({ theme, $over }) => ($over ? theme.colors.primary10 : theme.colors.white)};
  border: 1px dashed ${({ theme, $disabled }) => ($disabled ? theme.colors.secondary30 : theme.colors.primary40)};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  cursor: ${({ $disabled }) => ($disabled ? 'not-allowed' : 'pointer')};
  display: flex;
  flex-direction: column;
  gap: ${({ theme }) => theme.spacing.xxSmall};
  padding: ${({ theme }) => theme.spacing.large};
  text-align: center;

  &:focus-within {
    outline: 4px solid ${({ theme }) => theme.colors.primary20};
  }

  b {
    color: ${({ theme, $disabled }) => ($disabled ? theme.colors.secondary50 : theme.colors.primary)};
    font-weight: ${({ theme }) => theme.typography.fontWeight.regular};
  }
`;

const Row = styled.div`
  position: relative;
`;

interface Props {
  label: string;
  choose: string;
  drop: string;
  help: string;
  accept: string;
  disabled: boolean;
  error?: string;
  onFile: (file: File) => void;
}

/** Takes one file, by the file chooser or by drag and drop. */
export function Dropzone({ label, choose, drop, help, accept, disabled, error, onFile }: Props) {
  const id = useId();
  const [over, setOver] = useState(false);
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file && !disabled) onFile(file);
  };
  const drag = (inside: boolean) => (e: DragEvent) => {
    e.preventDefault(); // or the browser opens the file in place of the panel
    setOver(inside && !disabled);
    if (e.type === 'drop') take(e.dataTransfer.files);
  };
  return (
    <Row>
      <Text bold marginBottom="xxSmall">
        {label}
      </Text>
      <Zone $disabled={disabled} $over={over} htmlFor={id} onDragLeave={drag(false)} onDragOver={drag(true)} onDrop={drag(false)}>
        <InsertDriveFileIcon aria-hidden color="secondary50" />
        <Text as="span" marginBottom="none">
          <b>{choose}</b> {drop}
        </Text>
        <Text as="small" color="secondary60" id={`${id}-help`} marginBottom="none">
          {help}
        </Text>
        <Hidden>
          <input
            accept={accept}
            aria-describedby={`${id}-help`}
            aria-invalid={error ? true : undefined}
            aria-label={`${label}: ${choose}`}
            disabled={disabled}
            id={id}
            onChange={(e) => {
              take(e.target.files);
              e.target.value = ''; // the same file may be chosen again after it was fixed
            }}
            type="file"
          />
        </Hidden>
      </Zone>
      {error ? (
        <Text as="small" color="danger50" marginTop="xxSmall" role="alert">
          {error}
        </Text>
      ) : null}
    </Row>
  );
}
