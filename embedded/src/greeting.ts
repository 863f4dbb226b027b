import { randomUUID } from 'node:crypto';
import type { Shop } from './shop.ts';

const sample = '{ products(first: 3) { nodes { name variants { id sku stock { status available } } } } }';

/** How to say the same to the shell that started us, where it was told of another folder. */
export type Invocation = { readonly folder: string; readonly isDefaultFolder: boolean };

/** A line for a shell that sends a GraphQL operation. */
export const curlLine = (url: string, query: string, ...headers: readonly string[]): string => {
  const all = ['content-type: application/json', ...headers];
  const options = all.map((header) => (header.includes('$') ? `-H "${header}"` : `-H '${header}'`));
  return `curl -s ${url}/graphql ${options.join(' ')} -d '${JSON.stringify({ query })}'`;
};

const holdTwo = (variantId: string): string =>
  `mutation { stockReserve(input: { idempotencyKey: "${randomUUID()}", lines: [{ variantId: "${variantId}", quantity: 2 }] }) { __typename ... on StockReserved { reservation { id status expiresAt } } ... on UserError { message } } }`;

type Answer = {
  data?: {
    products: { totalCount: number; nodes: { variants: { id: string; stock: { available: number } }[] }[] };
  };
};

/** What is in the shop, asked as anybody would ask it. */
const look = async (url: string) => {
  const query = '{ products(first: 12) { totalCount nodes { variants { id stock { available } } } } }';
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data } = (await response.json()) as Answer; // it is our own graph that answers
  const variants = data?.products.nodes.flatMap((node) => node.variants) ?? [];
  return {
    products: data?.products.totalCount ?? 0,
    inStock: variants.find(({ stock }) => stock.available >= 2),
  };
};

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What is printed when the shop is open: where it is, what is in it, and lines to paste. */
export const greeting = async (
  { url }: Shop,
  { folder, isDefaultFolder }: Invocation,
  seconds: number,
): Promise<string> => {
  const { products, inStock } = await look(url);
  const home = isDefaultFolder ? '' : `STOREGRAPH_HOME=${quoted(folder)} `;
  const hold = inStock && [
    '',
    'Hold two pieces of something, as a warehouse may, and watch the number fall on the page:',
    `  TOKEN=$(${home}npm run -s token -- --role warehouse)`,
    `  ${curlLine(url, holdTwo(inStock.id), 'authorization: Bearer $TOKEN')}`,
  ];
  return [
    `Storegraph is open: ${url}  (ready in ${seconds.toFixed(1)} s)`,
    `${products.toLocaleString('en')} products are on sale. The graph is at ${url}/graphql, by HTTP and WebSocket.`,
    '',
    `Ask it, here or at ${url}/graphiql:`,
    `  ${curlLine(url, sample)}`,
    ...(hold ?? []),
    '',
    `Ctrl-C stops it. It keeps everything in ${folder}; \`npm start -- --fresh\` begins anew.`,
  ].join('\n');
};
