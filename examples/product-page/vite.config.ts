import { defineConfig } from 'vite';

const shop = 'http://localhost:4000';

/** The page and the shop at one address, as a proxy would put them. */
export default defineConfig({
  server: { proxy: { '/graphql': { target: shop, ws: true }, '/media': shop } },
});
