import '@bigcommerce/app-sdk-js/dist/bundle.js';

declare global {
  interface Window {
    Bigcommerce?: { init: (options: { onLogout?: () => void }) => void };
  }
}

/**
 * Tells the control panel that its user is not idle while they work here, and hears of a logout. Only
 * inside a frame: the SDK has nobody to talk to otherwise. It speaks postMessage alone, no network.
 */
export function startControlPanel(onLogout: () => void) {
  window.Bigcommerce?.init({ onLogout });
}
