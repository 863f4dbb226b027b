import { defineConfig } from 'vitest/config';

export default defineConfig({
  // graphql comes as two modules; Apollo's packages take the CommonJS one, and a schema must not mix them.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.storegraph/**'],
    globalSetup: ['packages/testing/src/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
