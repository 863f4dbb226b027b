/** What the processes of the fan-out bench say to each other, and the texts that must be the same in both ways. */
export type ToServer =
  | { readonly do: 'publish'; readonly event: number; readonly variants: number }
  | { readonly do: 'measure' };

export type FromServer =
  | { readonly is: 'listening'; readonly port: number }
  | { readonly is: 'published'; readonly atNs: string }
  | { readonly is: 'usage'; readonly cpuMicros: number; readonly memoryBytes: number };

/** Sent when every socket has its first state, and each time that all have one event more. */
export type FromClients = { readonly is: 'complete'; readonly lastAtNs: string };

export const operation =
  'subscription ($ids: [ID!]!, $after: String) { stockChanged(variantIds: $ids, after: $after) { cursor variant { id } stock { status available } } }';

export const variantIdOf = (variant: number): string =>
  `00000000-0000-4000-8000-${String(variant).padStart(12, '0')}`;

export const subscribeText = (variantId: string): string =>
  JSON.stringify({
    id: '1',
    type: 'subscribe',
    payload: { query: operation, variables: { ids: [variantId] } },
  });

export const bareText = (variantId: string, cursor: number): string =>
  `{"id":"1","type":"next","payload":{"data":{"stockChanged":{"cursor":"${cursor}","variant":{"id":"${variantId}"},"stock":{"status":"IN_STOCK","available":42}}}}}`;
