import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * The server answers with `default-src 'self'`, so nothing may be inlined: no data URIs, no inline
 * scripts, no inline styles. In development the API comes from a server on its usual port.
 */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    target: 'es2024',
    cssTarget: ['chrome125', 'firefox125', 'safari18'],
  },
  server: { proxy: { '/api': 'http://127.0.0.1:16686' } },
});
