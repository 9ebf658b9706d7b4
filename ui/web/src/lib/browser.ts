/** Offers a blob as a file. Works under the panel's CSP; a frame that is sandboxed needs allow-downloads. */
export function downloadBlob(blob: Blob, filename: string) {
  const url = URL.createObjectURL(blob);
  const a = document.createElement('a');
  a.href = url;
  a.download = filename;
  a.rel = 'noopener';
  document.body.append(a);
  a.click();
  a.remove();
  // The browser has taken the blob when the click returns, but Safari reads it a little later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Copies text; false when the browser refuses. A frame often lacks permission for the clipboard API,
 * so it falls back to the selected input.
 */
export async function copyText(value: string, input: HTMLInputElement | HTMLTextAreaElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    if (!input) return false;
    input.focus();
    input.select();
    // Deprecated and still the only way in a frame without clipboard-write.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    return document.execCommand('copy');
  }
}

/** A name that every file system takes. */
export function safeFilename(name: string): string {
  return name.normalize('NFC').replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 80) || 'sluice';
}

/** Opens the list of apps in the store's control panel: there an app is opened, updated and installed again. */
export function openApps(storeHash: string) {
  window.open(`https://store-${encodeURIComponent(storeHash)}.mybigcommerce.com/manage/marketplace/apps/my-apps`, '_blank', 'noopener,noreferrer');
}
