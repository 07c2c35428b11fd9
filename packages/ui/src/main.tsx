import './zod-config.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/fills.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/queries.ts';
import { applyTheme, storedTheme } from './lib/theme.ts';
import { createAppRouter } from './router.tsx';

const root = document.getElementById('root');
if (root) {
  applyTheme(storedTheme());
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={createQueryClient()}>
        <RouterProvider router={createAppRouter()} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
