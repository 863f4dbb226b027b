import type { SubgraphPlace } from '../graph/supergraph.ts';
import { failure } from './failure.ts';
import type { Transport } from './transport.ts';

/** Ways to subgraphs by their names, which lead elsewhere when another supergraph says so. */
export type Ways = {
  /** A way to each place; throws a sentence where there is no address. It leads nowhere until the places are taken. */
  readonly to: (places: readonly SubgraphPlace[]) => readonly Transport[];
  /** Leads the ways to these places. What went away is closed when the operations under way have ended. */
  readonly take: (places: readonly SubgraphPlace[]) => void;
  readonly close: () => Promise<void>;
};

/** As long as an operation may take; a subscription that is then still open is told to open again. */
const leaveMs = 30_000;

type Led = {
  readonly place: SubgraphPlace;
  readonly transport: Transport;
  leaving: NodeJS.Timeout | undefined;
};

/** Throws a sentence that names a place without an address. */
export const checkAddresses = (places: readonly SubgraphPlace[]): void => {
  const lost = places.find(({ url }) => !/^https?:/.test(url) || !URL.canParse(url));
  if (lost) throw new Error(`The subgraph ${lost.name} has no address.`);
};

/** Ways that are made as supergraphs need them. */
export const createWays = (make: (place: SubgraphPlace) => Transport): Ways => {
  const byName = new Map<string, Led>();
  const all = new Set<Led>();

  const close = async (led: Led): Promise<void> => {
    const { place, transport, leaving } = led;
    clearTimeout(leaving);
    all.delete(led);
    if (byName.get(place.name) === led) byName.delete(place.name);
    await transport.close();
  };

  /** Asked by its name each time, so that operations of an older plan find a subgraph that has moved. */
  const wayTo = (name: string): Transport => ({
    name,
    fetch: async (...asked) =>
      byName.get(name)?.transport.fetch(...asked) ?? failure(asked[0], 'SUBGRAPH_UNREACHABLE'),
    subscribe: async (...asked) =>
      byName.get(name)?.transport.subscribe(...asked) ?? failure(asked[0], 'SUBGRAPH_UNREACHABLE'),
    isReady: async () => byName.get(name)?.transport.isReady(),
    close: async () => undefined,
  });

  return {
    to: (places) => {
      checkAddresses(places);
      return places.map(({ name }) => wayTo(name));
    },
    take: (places) => {
      for (const place of places) {
        if (byName.get(place.name)?.place.url === place.url) continue;
        const led: Led = { place, transport: make(place), leaving: undefined };
        byName.set(place.name, led);
        all.add(led);
      }
      const staying = new Set(places.map(({ name }) => byName.get(name)));
      for (const led of all) {
        if (staying.has(led)) {
          clearTimeout(led.leaving);
          led.leaving = undefined;
        } else led.leaving ??= setTimeout(() => void close(led), leaveMs).unref();
      }
    },
    close: async () => {
      await Promise.all([...all].map(close));
    },
  };
};

/** Ways that somebody else has made, who closes them. */
export const givenWays = (transports: readonly Transport[]): Ways => ({
  to: () => transports,
  take: () => undefined,
  close: async () => undefined,
});
