import { Box, Button, Checkbox, Form, FormGroup, Grid, Text } from '@bigcommerce/big-design';
import { useEffect } from 'react';
import { useApp } from '../../components/app';
import { Bar } from '../../components/Bar';
import { Dropzone } from '../../components/Dropzone';
import { FailedState } from '../../components/states/FailedState';
import { sourceText } from '../../texts/source';
import { CommitInput } from './CommitInput';
import { Details } from './Details';
import { type SourceDraft, isAddress, secretLeft } from './draft';
import { useUpload } from './useUpload';

interface Props {
  draft: SourceDraft;
  change: (part: Partial<SourceDraft>) => void;
  /** The address that was saved last: a stored secret belongs to its host. */
  savedURL: string;
  /** Takes a file that is dropped anywhere on the page. */
  anywhere?: boolean;
  /** Records to try it with. */
  sample?: File;
}

/** The files that are offered first in the computer's own window; any other can be dropped. */
const accepted = '.csv,.tsv,.tab,.txt,.xlsx,.xlsm,.xml,.rss,.atom,.json,.ndjson,.jsonl,.zip,.gz';

/** Where a sync's data comes from: a file that is dropped or chosen, or an address. */
export function SourceForm({ draft, change, savedURL, anywhere = false, sample }: Props) {
  const { format } = useApp();
  const t = sourceText;
  const upload = useUpload((u) => change({ kind: 'upload', snapshotId: u.snapshot_id, filename: u.filename, size: u.size, format: {} }));
  useDropAnywhere(anywhere, upload.send);
  const left = secretLeft(draft, savedURL);
  const stored = left ? t.secretLeft : t.secretStored;
  return (
    <Form fullWidth onSubmit={(e) => e.preventDefault()}>
      <Grid gridColumns={{ mobile: 'minmax(0, 1fr)', tablet: 'minmax(0, 1fr) minmax(0, 1fr)' }} gridGap="1.5rem">
        <div>
          <Dropzone
            accept={accepted}
            choose={t.fileChoose}
            disabled={upload.isPending}
            drop={anywhere ? t.fileDropAnywhere : t.fileDrop}
            help={draft.kind === 'upload' && draft.snapshotId ? t.fileCurrent(draft.filename, format.bytes(draft.size)) : t.fileHelp}
            label={t.upload}
            onFile={upload.send}
          />
          {upload.isPending ? (
            <Box aria-live="polite" marginTop="small">
              <Text marginBottom="xSmall">{t.uploading(upload.name, format.percent(upload.fraction))}</Text>
              <Bar done={upload.fraction} label={t.uploadLabel} />
            </Box>
          ) : null}
          {upload.error ? <FailedState error={upload.error} /> : null}
          {sample && draft.kind === '' ? (
            <Button disabled={upload.isPending} mobileWidth="auto" onClick={() => upload.send(sample)} type="button" variant="subtle">
              {t.trySample}
            </Button>
          ) : null}
        </div>
        <div>
          <FormGroup>
            <CommitInput
              autoComplete="off"
              description={draft.url.includes('•••') ? t.maskedHelp : t.urlHelp}
              error={draft.kind === 'url' && draft.url.trim() !== '' && !isAddress(draft.url) ? t.urlInvalid : undefined}
              inputMode="url"
              label={t.url}
              maxLength={2000}
              onCommit={(url) => change(url.trim() === '' ? { url: '', kind: draft.snapshotId ? 'upload' : '' } : { url, kind: 'url', format: {} })}
              placeholder={t.urlPlaceholder}
              spellCheck={false}
              value={draft.kind === 'url' ? draft.url : ''}
            />
          </FormGroup>
          {draft.kind === 'url' ? (
            <Details open={draft.hasSecret || draft.authorization !== ''}>
              <summary>{t.signIn}</summary>
              <FormGroup>
                <CommitInput
                  autoComplete="off"
                  description={draft.hasSecret ? `${stored} ${t.secretHelp}` : t.secretHelp}
                  disabled={draft.clearSecret}
                  label={t.secret}
                  onCommit={(authorization) => change({ authorization })}
                  placeholder={draft.hasSecret && !left ? '••••••••' : undefined}
                  spellCheck={false}
                  type="password"
                  value={draft.authorization}
                />
              </FormGroup>
              {draft.hasSecret ? (
                <FormGroup>
                  <Checkbox checked={draft.clearSecret} label={t.secretClear} onChange={(e) => change({ clearSecret: e.target.checked, authorization: '' })} />
                </FormGroup>
              ) : null}
            </Details>
          ) : null}
        </div>
      </Grid>
    </Form>
  );
}

/** Takes files that are dropped beside the field, which the browser would open in place of the panel. */
function useDropAnywhere(on: boolean, onFile: (file: File) => void) {
  useEffect(() => {
    if (!on) return undefined;
    const over = (e: DragEvent) => e.preventDefault();
    const drop = (e: DragEvent) => {
      if (e.defaultPrevented) return; // the field took it
      e.preventDefault();
      const file = e.dataTransfer?.files[0];
      if (file) onFile(file);
    };
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, [on, onFile]);
}
