import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'test-results', 'src/api/schema.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { globals: globals.browser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      // Counts and prices go into sentences all over the panel.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // React event handlers start promises whose failure is shown by React Query.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Nothing may be kept in the browser: third-party frames have no storage, and tokens do not belong there.
      'no-restricted-globals': ['error', 'localStorage', 'sessionStorage', 'indexedDB'],
      'no-restricted-properties': ['error', { object: 'document', property: 'cookie' }, { property: 'localStorage' }, { property: 'sessionStorage' }],
    },
  },
  // The one thing that may be lost, and is no secret: the address of a page, for a reload.
  { files: ['src/lib/lastAddress.ts', 'src/App.test.tsx'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['dev/**/*.mjs', 'e2e/**/*.mjs', '*.js'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
);
