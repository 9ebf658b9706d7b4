import { Box, FormGroup, ProgressBar, Text } from '@bigcommerce/big-design';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useApp } from '../../components/app';
import { Dropzone } from '../../components/Dropzone';
import { FailedState } from '../../components/states/FailedState';
import { flowText } from '../../texts/flow';
import type { Draft } from './draft';

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
  showErrors: boolean;
}

/** Uploads a file as soon as it is chosen, and shows how far that is. */
export function UploadField({ draft, change, disabled, showErrors }: Props) {
  const { client, format } = useApp();
  const t = flowText.source;
  const [fraction, setFraction] = useState(0);
  const [name, setName] = useState('');
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const upload = useMutation({
    mutationFn: (file: File) => {
      abort.current?.abort();
      abort.current = new AbortController();
      setFraction(0);
      setName(file.name);
      return client.upload(file, setFraction, abort.current.signal);
    },
    onSuccess: (u) => change({ snapshotId: u.snapshot_id, filename: u.filename, size: u.size }),
  });

  const aborted = upload.error instanceof DOMException;
  const missing = showErrors && draft.snapshotId === '' && !upload.isPending;
  return (
    <>
      <FormGroup>
        <Dropzone
          accept=".csv,.tsv,.txt,.json,.ndjson,.jsonl,text/csv,text/plain,application/x-ndjson"
          choose={t.fileChoose}
          disabled={disabled || upload.isPending}
          drop={t.fileDrop}
          error={missing ? t.fileRequired : undefined}
          help={draft.snapshotId ? t.fileCurrent(draft.filename, format.bytes(draft.size)) : t.fileHelp}
          label={t.fileLabel}
          onFile={(file) => upload.mutate(file)}
        />
      </FormGroup>
      <Box aria-live="polite" marginBottom="medium">
        {upload.isPending ? (
          <>
            <Text marginBottom="xSmall">{t.uploading(name, format.percent(fraction))}</Text>
            <ProgressBar percent={Math.floor(fraction * 100)} />
          </>
        ) : null}
        {upload.isSuccess ? <Text color="secondary60">{t.uploaded(name)}</Text> : null}
      </Box>
      {upload.error && !aborted ? <FailedState error={upload.error} /> : null}
    </>
  );
}
